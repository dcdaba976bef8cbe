package iofs

import (
	"archive/zip"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/absent"
	"github.com/downloadview/downloadview/internal/localfile"
)

type file struct {
	storage *Storage
	key     string
}

func (f *file) Name() string { return f.key }

func (f *file) Open(ctx context.Context) (fs.File, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := f.look(); err != nil {
		return nil, err
	}
	h, err := f.storage.fsys.Open(f.key)
	if err != nil {
		return nil, absent.OpenError(f.key, f.key, err)
	}
	if h == nil {
		return nil, &fs.PathError{Op: "open", Path: f.key, Err: errNothing}
	}
	seen, err := f.handle(h)
	if err != nil {
		h.Close()
		return nil, err
	}
	return seen, nil
}

// look rejects a file that isn't regular without opening it, if possible:
// opening a pipe waits for a writer.
func (f *file) look() error {
	var fi fs.FileInfo
	var err error
	switch fsys := f.storage.fsys.(type) {
	case fs.StatFS:
		fi, err = fsys.Stat(f.key)
	case fs.ReadLinkFS:
		fi, err = follow(fsys, f.key)
	default:
		return nil
	}
	switch {
	case err != nil:
		return absent.OpenError(f.key, f.key, err)
	case fi == nil:
		return &fs.PathError{Op: "stat", Path: f.key, Err: errNothing}
	}
	return regular(f.key, fi)
}

// follow is Stat for a file system that has none, such as that of [fs.Sub]. If
// a link is absolute or leads outside, it returns the metadata of the link
// itself. An error is about key, wherever a link leads.
func follow(fsys fs.ReadLinkFS, key string) (fs.FileInfo, error) {
	asked := key
	fi, err := fsys.Lstat(key)
	for hops := 0; err == nil && fi != nil && fi.Mode().Type() == fs.ModeSymlink; hops++ {
		target, readErr := fsys.ReadLink(key)
		next := path.Join(path.Dir(key), target)
		if readErr != nil || path.IsAbs(target) || !fs.ValidPath(next) || hops == 40 {
			break
		}
		key = next
		fi, err = fsys.Lstat(key)
	}
	if of, ok := errors.AsType[*fs.PathError](err); ok && key != asked {
		err = &fs.PathError{Op: of.Op, Path: asked, Err: of.Err}
	}
	return fi, err
}

// handle returns h, which may be wrapped: as a member of an archive, or as a file of the
// system that doesn't tell its size.
func (f *file) handle(h fs.File) (fs.File, error) {
	fi, err := h.Stat()
	if err != nil {
		return nil, err
	}
	if fi == nil {
		return nil, &fs.PathError{Op: "stat", Path: f.key, Err: errNothing}
	}
	if err := regular(f.key, fi); err != nil {
		return nil, err
	}
	if header, ok := fi.Sys().(*zip.FileHeader); ok {
		return f.storage.member(f.key, h, header)
	}
	if own, ok := h.(*os.File); ok {
		sized, _, err := localfile.Sized(f.key, own, fi)
		return sized, err
	}
	if !canSeek(h) {
		return struct{ fs.File }{h}, nil
	}
	return h, nil
}

// canSeek reports whether Seek of h works, or whether it has none. Some wrappers have
// one that fails if the file inside has none.
func canSeek(h fs.File) bool {
	s, ok := h.(io.Seeker)
	if _, own := h.(*os.File); own || !ok {
		return true
	}
	_, err := s.Seek(0, io.SeekCurrent)
	return err == nil
}

func (f *file) Source() (downloadview.Source, bool) {
	src := f.storage.source
	if src.Scheme == "" {
		return downloadview.Source{}, false
	}
	src.Path += f.key
	return src, true
}

var (
	_ downloadview.File    = (*file)(nil)
	_ downloadview.Sourcer = (*file)(nil)
)
