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

// List yields what is in folder: regular files, folders, and links that stay
// inside the root and lead to either, as what they lead to. Each is looked at
// when its turn comes, and left out where it is gone by then. folder is "" or
// a valid key, else the error is [fs.ErrInvalid]; one that is missing or no
// folder is [fs.ErrNotExist].
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

// entry looks at what List may yield.
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

// stat looks at name below the folder that is used now, which it returns.
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
