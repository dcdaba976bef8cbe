package downloadview

import (
	"context"
	"io"
)

// A Saver is a Storage that files can be put into.
type Saver interface {
	Storage

	// Save stores all that r gives under key, in place of the file that is
	// there. The file changes in one step: who opens it meanwhile gets the old
	// one, and after a failure it is still there, or still nothing; never a
	// part. Of several that save under one key at once, the last one to end
	// stays, whole. Several goroutines may save.
	//
	// The error is that of r where r failed, and that of ctx where ctx ended
	// first, which is noticed between two reads. A key that the storage can't
	// have is [fs.ErrInvalid], one where a folder is, or below a file,
	// [fs.ErrExist] if the storage has folders; what is forbidden is
	// [fs.ErrPermission], and trouble further up [ErrUpstream]. Of trouble
	// further up one can't know whether it came before the change or after.
	Save(ctx context.Context, key string, r io.Reader) error
}

// Save stores what r gives under key in s, as [Saver] says. Where s is no Saver
// the error is [errors.ErrUnsupported], and r is not read.
func Save(ctx context.Context, s Storage, key string, r io.Reader) error {
	if w, ok := s.(Saver); ok {
		return w.Save(ctx, key, r)
	}
	return cannot(s, "save")
}
