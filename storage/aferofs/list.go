package aferofs

import (
	"context"
	"io/fs"
	"iter"
	"path"
	"slices"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/listing"
)

// List yields the entries of folder: regular files, folders, and links to
// either, with the metadata of their targets. Each entry is looked up just
// before it is yielded, and left out if it no longer exists. folder is "" or a
// valid key; otherwise the error is [fs.ErrInvalid]. If it doesn't exist or
// isn't a folder, the error is [fs.ErrNotExist].
func (s *Storage) List(ctx context.Context, folder string) iter.Seq2[fs.FileInfo, error] {
	names := func() ([]string, error) { return s.names(ctx, folder) }
	return listing.List(names, func(name string) (fs.FileInfo, error) {
		if err := listing.CheckName(name); err != nil {
			return nil, err
		}
		return s.entry(ctx, path.Join(folder, name))
	})
}

// names returns the names in folder, sorted.
func (s *Storage) names(ctx context.Context, folder string) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	name := s.options.Dir
	if folder != "" {
		var err error
		if name, err = s.name(folder); err != nil {
			return nil, err
		}
	} else if name == "" {
		name = "."
	}
	fi, err := s.stat(folder, name)
	if err != nil {
		return nil, err
	}
	if !fi.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: folder, Err: fs.ErrNotExist}
	}
	h, err := s.open(ctx, folder, name)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	names, err := h.Readdirnames(-1)
	slices.Sort(names)
	return names, err
}

// entry returns the metadata of an entry, if List may yield it.
func (s *Storage) entry(ctx context.Context, key string) (fs.FileInfo, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	name, err := s.name(key)
	if err != nil {
		return nil, err
	}
	fi, err := s.stat(key, name)
	if err != nil || fi.IsDir() {
		return fi, err
	}
	return fi, regular(key, fi)
}

var _ downloadview.Lister = (*Storage)(nil)
