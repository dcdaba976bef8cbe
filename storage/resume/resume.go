// Package resume makes the downloads of a storage outlive its connections: one
// that dies, stalls or ends short in the middle of a file is opened again at the
// offset, in the same version, and the client sees one uninterrupted body.
//
// It works above any File that can be opened in the middle
// ([downloadview.RangeFile]) and tells a strong entity tag: what is opened again
// must carry the same one, so that two versions are never spliced. Files that
// can't be opened in the middle, such as those on local disk, are left as they
// are.
//
// Where a download can't go on the read fails, and the handler breaks the answer
// off. Opening is tried again too; a store that says nothing in time is
// [os.ErrDeadlineExceeded], which is answered 504.
//
// Retries of a client below, such as those of an SDK, multiply with the ones
// here; one attempt a request is enough there. How long connecting may take is
// for the client to say as well.
package resume

import (
	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/wrapper"
)

// New returns s with files that are as those of [File]. What s offers beside
// files, such as List or Save, passes as it is, without further tries. nil
// options are the defaults.
func New(s downloadview.Storage, o *Options) downloadview.Storage {
	return &storage{wrapper.Storage{Inner: s}, o.settings()}
}

// File returns f with handles that resume, if f is a [downloadview.RangeFile];
// else it returns f itself. nil options are the defaults.
//
// The file offers what f offers: Stat, Source, Pin and a signed URL. It can't be
// unwrapped, and its handles are not those of f. One that can seek still can.
//
// Open, OpenRange and Stat of f must end when their context does. So must a Read
// of its handles; one that still doesn't return is ended by closing the handle
// from another goroutine, a second later.
func File(f downloadview.File, o *Options) downloadview.File { return wrap(f, o.settings()) }

func wrap(f downloadview.File, s *settings) downloadview.File {
	if wrapper.IsNothing(f) {
		return f // which the handler reports
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
