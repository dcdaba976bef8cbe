// Package resume makes the downloads of a storage survive broken connections.
// If a connection dies, stalls or ends early in the middle of a file, the file
// is opened again at that offset, in the same version, and the client receives
// one uninterrupted body.
//
// It works with any File that supports ranges ([downloadview.RangeFile]) and
// has a strong entity tag. The file must have the same tag when it is opened
// again, so that versions are never mixed. Files without ranges, such as those
// on local disk, are returned unchanged.
//
// If a download can't continue, Read fails and the handler aborts the answer.
// Opening is tried again, too. If the store doesn't respond in time, the error
// is [os.ErrDeadlineExceeded], which is answered with 504.
//
// Tries multiply with the retries of the client below, such as those of an SDK:
// configure that client to try a request only once. The client also limits how
// long connecting may take.
package resume

import (
	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/wrapper"
)

// New returns s with files as [File] makes them. Everything else that s offers,
// such as List or Save, is passed through, and is not tried again. nil options
// are the defaults.
func New(s downloadview.Storage, o *Options) downloadview.Storage {
	return &storage{wrapper.Storage{Inner: s}, o.settings()}
}

// File returns f with handles that resume, if f is a [downloadview.RangeFile];
// otherwise it returns f itself. nil options are the defaults.
//
// The file offers what f offers: Stat, Source, Pin and signed URLs. It has no
// Unwrap, and its handles are not those of f. If a handle of f can seek, so can
// that of the file.
//
// Open, OpenRange and Stat of f must return when their context ends, and so
// must Read of its handles. If such a Read doesn't return within another
// second, the handle is closed from another goroutine to end it.
func File(f downloadview.File, o *Options) downloadview.File { return wrap(f, o.settings()) }

func wrap(f downloadview.File, s *settings) downloadview.File {
	if wrapper.IsNothing(f) {
		return f // the handler reports it
	}
	if _, ok := downloadview.Find[downloadview.RangeFile](f); !ok {
		return f
	}
	wrapped := &file{wrapper.File{Inner: f}, s}
	if inner, ok := downloadview.Find[downloadview.StatFile](f); ok {
		return &statFile{wrapped, inner}
	}
	return wrapped
}

type storage struct {
	wrapper.Storage
	settings *settings
}

func (s *storage) File(key string) (downloadview.File, error) {
	f, err := s.Inner.File(key)
	if err != nil {
		return nil, err
	}
	return wrap(f, s.settings), nil
}

var (
	_ downloadview.Lister  = (*storage)(nil)
	_ downloadview.Exister = (*storage)(nil)
	_ downloadview.Saver   = (*storage)(nil)
	_ downloadview.Deleter = (*storage)(nil)
	_ downloadview.Timed   = (*storage)(nil)
	_ downloadview.URLer   = (*storage)(nil)
	_ downloadview.Pather  = (*storage)(nil)
)
