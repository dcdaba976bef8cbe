package downloadview

import "errors"

// ErrChanged says that the version of a file that was asked for is there no
// more: another has replaced it.
var ErrChanged = errors.New("file has been replaced")

// A Pinner is a File whose store can be told which version is meant, so that no
// byte of another one is sent.
type Pinner interface {
	File

	// Pin returns the file in the version with the entity tag etag, quotes
	// included. It does no I/O. Opening another version is [ErrChanged]; it is
	// so at the latest when the handle's Stat tells another tag, which whoever
	// opens it compares.
	Pin(etag string) File
}

// Pin returns f in the version with the entity tag etag, by the first Pinner
// found by following Unwrap, or f itself where there is none.
func Pin(f File, etag string) File {
	if p, ok := Find[Pinner](f); ok {
		return p.Pin(etag)
	}
	return f
}
