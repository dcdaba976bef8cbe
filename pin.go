package downloadview

import "errors"

// ErrChanged says that the requested version of a file no longer exists,
// because another version has replaced it.
var ErrChanged = errors.New("file has been replaced")

// A Pinner is a File whose store accepts the version that is meant, so that no
// byte of another version is sent.
//
// A File whose metadata is expensive to compute, because it is made of other files,
// may have a method Looked(etag string) (File, bool). It does no I/O. It returns the
// file as it was when its metadata was computed for the last time, if its entity tag
// was etag, and whether that is still known. If an answer needs the metadata and then
// a handle, the handle is that of this file. Looked is never called through Unwrap.
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

// lookedAt returns f as it was when its metadata had the entity tag etag, if f still
// knows, else f.
func lookedAt(f File, etag string) File {
	if etag == "" {
		return f
	}
	if l, ok := f.(interface {
		Looked(etag string) (File, bool)
	}); ok {
		if known, ok := l.Looked(etag); ok {
			return known
		}
	}
	return f
}
