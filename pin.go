package downloadview

import "errors"

// ErrChanged says that the requested version of a file no longer exists,
// because another version has replaced it.
var ErrChanged = errors.New("file has been replaced")

// A Pinner is a File whose store accepts the version that is meant, so that no
// byte of another version is sent.
type Pinner interface {
	File

	// Pin returns the file in the version with the entity tag etag, with its
	// quotes. It does no I/O. If the store has another version, opening the file is
	// [ErrChanged]. If the store can't refuse, Stat of the handle returns the other
	// tag, so the caller compares it.
	Pin(etag string) File
}

// Pin returns f in the version with the entity tag etag, by the first Pinner
// that it finds by following Unwrap, or f itself if there is none.
func Pin(f File, etag string) File {
	if p, ok := Find[Pinner](f); ok {
		return p.Pin(etag)
	}
	return f
}
