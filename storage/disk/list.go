package disk

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
// either that stay inside the root. A link is listed with the metadata of its
// target. Each entry is looked up just before it is yielded, and left out if it
// no longer exists. folder is "" or a valid key; otherwise the error is
// [fs.ErrInvalid]. If it doesn't exist or isn't a folder, the error is
// [fs.ErrNotExist].
func (s *Storage) List(ctx context.Context, folder string) iter.Seq2[fs.FileInfo, error] {
	names := func() ([]string, error) { return s.names(ctx, folder) }
	return listing.List(names, func(name string) (fs.FileInfo, error) {
		return s.entry(ctx, path.Join(folder, name))
	})
}

// names returns the names in folder, sorted.
func (s *Storage) names(ctx context.Context, folder string) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	local := "."
	if folder != "" {
		var err error
		if local, err = localKey(folder); err != nil {
			return nil, err
		}
	}
	h, at, err := s.open(ctx, local)
	if err != nil {
		return nil, at.openError(folder, err)
	}
	defer h.Close()
	fi, err := h.Stat()
	if err != nil {
		return nil, err
	}
	if !fi.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: folder, Err: kindError(fi.Mode())}
	}
	names, err := h.Readdirnames(-1)
	slices.Sort(names)
	return names, err
}

// entry returns the metadata of an entry, if List may yield it.
func (s *Storage) entry(ctx context.Context, key string) (fs.FileInfo, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	local, err := localKey(key)
	if err != nil {
		return nil, err
	}
	fi, at, err := s.stat(local)
	if err != nil {
		return nil, at.openError(key, err)
	}
	if !fi.Mode().IsRegular() && !fi.IsDir() {
		return nil, kindError(fi.Mode())
	}
	return fi, nil
}

// stat looks name up below the current folder, and returns both.
func (s *Storage) stat(name string) (fs.FileInfo, *rooted, error) {
	for {
		at := s.at()
		fi, err := at.root.Stat(name)
		if !s.replaced(at, err) {
			return fi, at, err
		}
	}
}

var _ downloadview.Lister = (*Storage)(nil)
