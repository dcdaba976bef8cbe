// Package readahead fetches the next parts of a file from its store while the
// client still gets the one before them, over several connections at once.
//
// It is for stores that are far away or slow for each connection. It works
// above any File that can be opened in the middle ([downloadview.RangeFile]) and
// tells its size and a strong entity tag: all parts must carry the same one, so
// that two versions are never spliced. The first part streams straight through,
// so that its first byte comes as soon as without.
//
// A small file is one request. A larger one costs one for each part. Without a
// tag or a size, and where the store ignores ranges or the file is empty, it is
// opened again as a whole: two requests.
//
// A part that fails ends the download at its offset. With package resume inside,
// as in
//
//	readahead.New(resume.New(s, nil), nil)
//
// each part goes on by itself.
package readahead

import (
	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/wrapper"
)

// Options say how far ahead to read. nil and the zero value are good defaults.
type Options struct {
	// Parts is how many parts are fetched ahead of the one that the client gets;
	// 0 is 4. A download has so many buffers of PartSize at most, and one
	// connection more than that.
	Parts int

	// PartSize is the size of a part, in bytes; 0 is 8 MiB. The last one is
	// shorter.
	PartSize int64

	// MinSize is how much the first request asks for, in bytes; 0 is PartSize.
	// A file, or a range, that is not larger is that one request.
	MinSize int64

	// Budget is the memory that all downloads share, also those of other
	// storages with the same Budget. nil is one of Parts buffers of PartSize for
	// the storage alone.
	Budget *Budget
}

// New returns s with files that are as those of [File], which share one Budget.
// What s offers beside files, such as List or Save, passes as it is. nil options
// are the defaults.
func New(s downloadview.Storage, o *Options) downloadview.Storage {
	return &storage{wrapper.Storage{Inner: s}, o.settings()}
}

// File returns f with handles that read ahead, if f is a
// [downloadview.RangeFile]; else it returns f itself. nil options are the
// defaults.
//
// The file offers what f offers: Stat, Source, Pin and a signed URL. It can't be
// unwrapped, and its handles are not those of f. Nothing is fetched ahead before
// the first Read, nor for a range of the last bytes.
//
// Reading and closing a handle must not happen at the same time. Close, like the
// end of the context, ends all that is being fetched, and waits for it: opening f
// and reading its handles must end when their context does.
func File(f downloadview.File, o *Options) downloadview.File { return wrap(f, o.settings()) }

// settings are Options with their defaults filled in.
type settings struct {
	parts             int
	partSize, minSize int64
	budget            *Budget
}

func (o *Options) settings() *settings {
	if o == nil {
		o = &Options{}
	}
	s := &settings{parts: o.Parts, partSize: o.PartSize, minSize: o.MinSize, budget: o.Budget}
	if s.parts <= 0 {
		s.parts = 4
	}
	if s.partSize <= 0 {
		s.partSize = 8 << 20
	}
	if s.minSize <= 0 {
		s.minSize = s.partSize
	}
	if s.budget == nil {
		s.budget = NewBudget(int64(s.parts) * s.partSize)
	}
	return s
}

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
