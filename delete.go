package downloadview

import "context"

// A Deleter is a Storage that files can be removed from.
type Deleter interface {
	Storage

	// Delete removes the file under key. Handles that are open keep their
	// bytes, or fail; they never get others. What is missing is
	// [fs.ErrNotExist], and so is a folder, which is never removed; a key that
	// the storage can't have is [fs.ErrInvalid], what is forbidden
	// [fs.ErrPermission]. Where several delete one file at once, more than one
	// may succeed. Several goroutines may delete.
	Delete(ctx context.Context, key string) error
}

// Delete removes the file under key from s, as [Deleter] says. Where s is no
// Deleter the error is [errors.ErrUnsupported].
func Delete(ctx context.Context, s Storage, key string) error {
	if d, ok := s.(Deleter); ok {
		return d.Delete(ctx, key)
	}
	return cannot(s, "delete")
}
