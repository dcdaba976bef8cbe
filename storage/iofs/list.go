package iofs

import (
	"archive/zip"
	"context"
	"io/fs"
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/absent"
	"github.com/downloadview/downloadview/internal/listing"
)

// List yields the entries of folder: regular files, folders, and links to
// either, with the metadata of their targets. Each entry is looked up just
// before it is yielded, and left out if it no longer exists or its name isn't
// valid. folder is "" or a valid key; otherwise the error is [fs.ErrInvalid].
// If it doesn't exist or isn't a folder, the error is [fs.ErrNotExist].
func (s *Storage) List(ctx context.Context, folder string) iter.Seq2[fs.FileInfo, error] {
	entries := func() ([]fs.DirEntry, error) { return s.entries(ctx, folder) }
	return listing.List(entries, func(e fs.DirEntry) (fs.FileInfo, error) {
		name := entryName(e)
		if err := listing.CheckName(name); err != nil {
			return nil, err
		}
		return s.info(ctx, path.Join(folder, name), e)
	})
}

// entries returns the FS's entries of folder, sorted.
func (s *Storage) entries(ctx context.Context, folder string) ([]fs.DirEntry, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	name := "."
	if folder != "" {
		if err := check(folder); err != nil {
			return nil, err
		}
		name = folder
	}
	entries, err := s.read(folder, name)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(entryName(a), entryName(b)) })
	return entries, nil
}

// read reads the folder that the FS calls name.
func (s *Storage) read(folder, name string) ([]fs.DirEntry, error) {
	if s.archive != nil {
		entries, ok := s.archive.in(name)
		if !ok {
			return nil, &fs.PathError{Op: "open", Path: folder, Err: fs.ErrNotExist}
		}
		return slices.Clone(entries), nil // which is sorted
	}
	fi, err := fs.Stat(s.fsys, name)
	if err != nil {
		return nil, absent.OpenError(folder, name, err)
	}
	if !fi.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: folder, Err: fs.ErrNotExist}
	}
	entries, err := fs.ReadDir(s.fsys, name)
	if err != nil {
		return nil, absent.OpenError(folder, name, err)
	}
	return entries, nil
}

// info returns the metadata of an entry, if List may yield it.
func (s *Storage) info(ctx context.Context, key string, e fs.DirEntry) (fs.FileInfo, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := check(key); err != nil {
		return nil, err
	}
	var fi fs.FileInfo
	var err error
	if e.Type() == fs.ModeSymlink {
		fi, err = fs.Stat(s.fsys, key)
	} else {
		fi, err = e.Info()
	}
	if err != nil {
		return nil, absent.OpenError(key, key, err)
	}
	if fi.IsDir() {
		return fi, nil
	}
	if err := regular(key, fi); err != nil {
		return nil, err
	}
	if header, ok := fi.Sys().(*zip.FileHeader); ok {
		return attributes(header).FileInfo(key), nil
	}
	return fi, nil
}

// entryName returns the last element of an entry's key. For a member `a\b`,
// package zip uses the path "a/b", but calls its entry `a\b`.
func entryName(e fs.DirEntry) string {
	if fi, ok := e.(fs.FileInfo); ok {
		if header, ok := fi.Sys().(*zip.FileHeader); ok {
			return path.Base(strings.ReplaceAll(header.Name, `\`, "/"))
		}
	}
	return e.Name()
}

var _ downloadview.Lister = (*Storage)(nil)
