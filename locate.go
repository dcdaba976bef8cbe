package downloadview

import "context"

// A URLer is a Storage whose files have public URLs.
type URLer interface {
	Storage

	// URL returns the public URL of the file under key, escaped and unsigned:
	// whoever has it needs no permission of this application. It may be
	// relative to a host, as "/media/a%20b". It is made from what the storage
	// was configured with, and whether there is a file, and whether it may be
	// had there, is not looked at. A storage without such a configuration, and
	// a key that no URL leads to, is [errors.ErrUnsupported]; a key that the
	// storage can't have is [fs.ErrInvalid].
	URL(ctx context.Context, key string) (string, error)
}

// URL returns the public URL of the file under key in s, as [URLer] says. Where
// s is no URLer the error is [errors.ErrUnsupported].
func URL(ctx context.Context, s Storage, key string) (string, error) {
	if u, ok := s.(URLer); ok {
		return u.URL(ctx, key)
	}
	return "", cannot(s, "tell a public URL")
}

// A Pather is a Storage whose files are local ones.
type Pather interface {
	Storage

	// Path returns the absolute path of the file under key, as the system
	// spells it. It does no I/O: whether there is a file is not looked at. A
	// storage that doesn't know where its files are is
	// [errors.ErrUnsupported]; a key that the storage can't have is
	// [fs.ErrInvalid].
	//
	// Who opens a path follows symbolic links wherever they lead, which the
	// storage may not.
	Path(key string) (string, error)
}

// Path returns the local path of the file under key in s, as [Pather] says.
// Where s is no Pather the error is [errors.ErrUnsupported].
func Path(s Storage, key string) (string, error) {
	if p, ok := s.(Pather); ok {
		return p.Path(key)
	}
	return "", cannot(s, "tell a path")
}
