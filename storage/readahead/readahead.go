// Package readahead fetches the next parts of a file from its store while the
// client still receives the current one, over several connections at once.
//
// It is for stores that are far away or slow per connection. It works with any
// File that supports ranges ([downloadview.RangeFile]) and has a size and a
// strong entity tag. All parts must have the same tag, so that versions are
// never mixed. The first part is streamed directly, so its first byte arrives
// as early as without this package.
//
// A small file is one request. A larger one is one request for each part. A
// file without a tag or a size is opened again as a whole, which makes two
// requests; so are an empty file and a file of a store that ignores ranges.
//
// If a part fails, the download ends at that offset. To have each part resume
// by itself, put package resume inside:
//
//	readahead.New(resume.New(s, nil), nil)
package readahead

import (
	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/wrapper"
)

// Options say how far to read ahead. nil and the zero value are good defaults.
type Options struct {
	// Parts is how many parts are fetched ahead of the current one; 0 is 4. A
	// download uses at most this many buffers of PartSize, and one connection
	// more than that.
	Parts int

	// PartSize is the size of a part, in bytes; 0 is 8 MiB. The last part is
	// shorter.
	PartSize int64

	// MinSize is the size of the first request, in bytes; 0 is PartSize. A file
	// or range of up to this size is a single request.
	MinSize int64

	// Budget is the memory for all downloads, including those of other storages
	// with the same Budget. nil is a Budget of Parts buffers of PartSize for
	// this storage alone.
	Budget *Budget
}

// New returns s with files as [File] makes them, which share one Budget.
// Everything else that s offers, such as List or Save, is passed through. nil
// options are the defaults.
func New(s downloadview.Storage, o *Options) downloadview.Storage {
	return &storage{wrapper.Storage{Inner: s}, o.settings()}
}

// File returns f with handles that read ahead, if f is a
// [downloadview.RangeFile]; otherwise it returns f itself. nil options are the
// defaults.
//
// The file offers what f offers: Stat, Source, Pin and signed URLs. It has no
// Unwrap, and its handles are not those of f. Nothing is fetched ahead before
// the first Read, nor for a range of the last bytes.
//
// Don't call Read and Close of a handle at the same time. Close and the end of
// the context cancel all fetches. Close waits for them: Open of f and Read of
// its handles must return when their context ends.
func File(f downloadview.File, o *Options) downloadview.File { return wrap(f, o.settings()) }

// settings are Options with the defaults filled in.
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
