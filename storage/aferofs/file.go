package aferofs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/afero"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/absent"
	"github.com/downloadview/downloadview/internal/localfile"
	"github.com/downloadview/downloadview/internal/wrapper"
)

type file struct {
	storage *Storage
	key     string
	name    string // in the Fs
}

func (f *file) Name() string { return f.key }

func (f *file) Open(ctx context.Context) (fs.File, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if f.storage.turns != nil {
		done, err := f.storage.turns.take(ctx, f.name)
		if err != nil {
			return nil, err
		}
		defer done()
	}
	// Opening a pipe waits for a writer, and with some Fs the handle doesn't
	// show that it is a pipe.
	fi, err := f.storage.stat(f.key, f.name)
	if err != nil {
		return nil, err
	}
	if err := regular(f.key, fi); err != nil {
		return nil, err
	}
	h, err := f.storage.open(ctx, f.key, f.name)
	if err != nil {
		return nil, err
	}
	if fi, err = wrapper.Stat(h); err == nil {
		err = regular(f.key, fi)
	}
	if own, ok := h.(*os.File); ok && err == nil {
		var sized fs.File
		if sized, _, err = localfile.Sized(f.key, own, fi); err == nil {
			return sized, nil
		}
	}
	if err != nil {
		h.Close()
		return nil, err
	}
	return f.handle(ctx, h, fi.Size())
}

func (f *file) Source() (downloadview.Source, bool) {
	src := f.storage.options.Source
	if src.Scheme == "" {
		return downloadview.Source{}, false
	}
	src.Path += f.key
	return src, true
}

func regular(key string, fi fs.FileInfo) error {
	if fi.Mode().IsRegular() {
		return nil
	}
	return &fs.PathError{
		Op: "open", Path: key,
		Err: fmt.Errorf("%w: not a regular file (mode %v)", fs.ErrNotExist, fi.Mode()),
	}
}

// open opens name and removes the wrapper of BasePathFs, which would prevent
// sendfile(2) from an *os.File.
func (s *Storage) open(ctx context.Context, key, name string) (afero.File, error) {
	h, err := s.openFile(ctx, name)
	if err != nil {
		return nil, absent.OpenError(key, name, err)
	}
	for {
		based, ok := h.(*afero.BasePathFile)
		if !ok || based == nil {
			break
		}
		h = based.File
	}
	if h == nil {
		return nil, &fs.PathError{Op: "open", Path: key, Err: errNothing}
	}
	return h, nil
}

// openFile opens name. Only a bare OsFs is known to pass flags on, so that a
// pipe opens without waiting, and to do nothing else in Open. With any other
// Fs, opening a file under a write lease waits in the system.
func (s *Storage) openFile(ctx context.Context, name string) (afero.File, error) {
	if system, ok := s.fs.(*afero.OsFs); ok {
		return localfile.Await(ctx, func() (afero.File, error) { return system.OpenFile(name, localfile.Flag, 0) })
	}
	return s.fs.Open(name)
}

func (s *Storage) stat(key, name string) (fs.FileInfo, error) {
	fi, err := s.fs.Stat(name)
	if err != nil {
		return nil, absent.OpenError(key, name, err)
	}
	if fi == nil {
		return nil, &fs.PathError{Op: "stat", Path: key, Err: errNothing}
	}
	return fi, nil
}

var errNothing = errors.New("the Fs returned neither a result nor an error")

var (
	_ downloadview.File    = (*file)(nil)
	_ downloadview.Sourcer = (*file)(nil)
)
