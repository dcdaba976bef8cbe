package disk

import (
	"context"
	"io/fs"
	"os"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/localfile"
)

// file is a key of a Storage. It has neither Stat nor OpenRange: the open
// handle is the truth about a local file, and it seeks.
type file struct {
	storage *Storage
	key     string
	name    string // key as the system spells it
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

// open opens name below the folder that is used now, which it returns.
func (s *Storage) open(ctx context.Context, name string) (*os.File, *rooted, error) {
	for {
		at := s.at()
		h, err := at.root.Open(ctx, name)
		if !s.replaced(at, err) {
			return h, at, err
		}
	}
}

// regular returns h and what it says of itself if it is a regular file, else
// closes it.
func regular(name string, h *os.File) (fs.File, fs.FileInfo, error) {
	fi, err := localfile.Look(h)
	if err != nil {
		h.Close()
		return nil, nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return h, fi, nil
}

var (
	_ downloadview.File    = (*file)(nil)
	_ downloadview.Sourcer = (*file)(nil)
)
