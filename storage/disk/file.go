package disk

import (
	"context"
	"io/fs"
	"os"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/localfile"
)

// file is a file of a Storage. It implements neither Stat nor OpenRange: for a
// local file, the open handle has current metadata, and it can seek.
type file struct {
	storage *Storage
	key     string
	name    string // key in the system's form
}

func (f *file) Name() string { return f.key }

func (f *file) Open(ctx context.Context) (fs.File, error) {
	h, _, err := f.OpenStat(ctx)
	return h, err
}

func (f *file) OpenStat(ctx context.Context) (fs.File, fs.FileInfo, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	h, at, err := f.storage.open(ctx, f.name)
	if err != nil {
		return nil, nil, at.openError(f.key, err)
	}
	return regular(f.key, h)
}

func (f *file) Source() (downloadview.Source, bool) {
	if !f.storage.current.Load().leads {
		return downloadview.Source{}, false
	}
	return downloadview.Source{Scheme: "file", Path: f.storage.base + f.key}, true
}

// open opens name below the current folder, and returns both.
func (s *Storage) open(ctx context.Context, name string) (*os.File, *rooted, error) {
	for {
		at := s.at()
		h, err := at.root.Open(ctx, name)
		if !s.replaced(at, err) {
			return h, at, err
		}
	}
}

// regular returns h and its FileInfo if it is a regular file, as
// [localfile.Sized] says. Otherwise it closes h.
func regular(name string, h *os.File) (fs.File, fs.FileInfo, error) {
	fi, err := localfile.Look(h)
	if err == nil {
		var file fs.File
		if file, fi, err = localfile.Sized(name, h, fi); err == nil {
			return file, fi, nil
		}
	}
	h.Close()
	return nil, nil, &fs.PathError{Op: "open", Path: name, Err: err}
}

var (
	_ downloadview.File    = (*file)(nil)
	_ downloadview.Sourcer = (*file)(nil)
)
