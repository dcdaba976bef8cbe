package gocloud

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/bucket"
	"github.com/downloadview/downloadview/internal/localfile"
)

// entries returns the files and folders directly below prefix, in the order of
// keys. prefix is "" or ends in a slash. A link is listed as the file or folder
// that it leads to, and left out if it leads out of the folder.
func (f *folder) entries(ctx context.Context, prefix string) ([]bucket.Entry, error) {
	root, err := f.open()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	}
	defer root.Close()
	// A name in the folder may begin with a part of prefix, because the slash
	// of "a../" is escaped.
	const key = "x"
	dir, begin := filepath.Split(escapeKey(prefix + key))
	dir, begin = filepath.Clean(dir), strings.TrimSuffix(begin, key)
	names, err := namesIn(ctx, root, dir)
	if err != nil {
		return nil, err
	}
	var found []bucket.Entry
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		rest, ok := strings.CutPrefix(name, begin)
		if !ok {
			continue
		}
		e, ok, err := entry(ctx, root, filepath.Join(dir, name), prefix+unescapeKey(rest))
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if below, _, more := strings.Cut(strings.TrimSuffix(e.Key[len(prefix):], "/"), "/"); more {
			e = bucket.Entry{Key: prefix + below + "/", IsDir: true}
		}
		found = append(found, e)
	}
	slices.SortFunc(found, func(a, b bucket.Entry) int { return cmp.Compare(a.Key, b.Key) })
	return slices.CompactFunc(found, func(a, b bucket.Entry) bool { return a.Key == b.Key }), nil
}

// entry returns the entry of path. The result is false if the driver wouldn't
// store key at path, or if path is neither a file nor a folder with files.
func entry(ctx context.Context, root *localfile.Root, path, key string) (bucket.Entry, bool, error) {
	fi, err := root.Lstat(path)
	isLink := err == nil && fi.Mode().Type() == fs.ModeSymlink
	if isLink {
		fi, err = root.Stat(path)
	}
	switch {
	case err != nil && root.IsAbsent(err):
		return bucket.Entry{}, false, nil
	case err != nil:
		return bucket.Entry{}, false, err
	case fi.IsDir():
		if escapeKey(key+"/x") != filepath.Join(path, "x") {
			return bucket.Entry{}, false, nil
		}
		has := isLink
		if !has {
			has, err = hasKeys(ctx, root, path)
		}
		return bucket.Entry{Key: key + "/", IsDir: true}, has, err
	}
	a := downloadview.Attributes{Size: fi.Size(), ModTime: fi.ModTime()}
	isKey := fi.Mode().IsRegular() && escapeKey(key) == path && checkLocalKey(key) == nil
	return bucket.Entry{Key: key, Attributes: a}, isKey, nil
}

// hasKeys reports whether there is a file in the folder dir or below it. It
// follows no links to folders, so it can't run into a loop.
func hasKeys(ctx context.Context, root *localfile.Root, dir string) (bool, error) {
	has, folders, err := hasFile(ctx, root, dir)
	if has || err != nil {
		return has, err
	}
	for _, path := range folders {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		if has, err := hasKeys(ctx, root, path); has || err != nil {
			return has, err
		}
	}
	return false, nil
}

// atOnce is how many names are read at once. In most folders one of the first is
// that of a file.
const atOnce = 100

// hasFile reports whether there is a file in the folder dir; if not, it returns the
// folders in it.
func hasFile(ctx context.Context, root *localfile.Root, dir string) (has bool, folders []string, err error) {
	h, err := openFolder(ctx, root, dir)
	if h == nil {
		return false, nil, err
	}
	defer h.Close()
	for {
		names, err := h.Readdirnames(atOnce)
		for _, name := range names {
			path := filepath.Join(dir, name)
			fi, err := root.Lstat(path)
			if err == nil && fi.Mode().Type() == fs.ModeSymlink {
				fi, err = root.Stat(path)
				if err == nil && fi.IsDir() {
					continue
				}
			}
			switch {
			case err != nil: // it is gone, leads out, or can't be accessed
			case fi.IsDir():
				folders = append(folders, path)
			case fi.Mode().IsRegular() && checkLocalKey(name) == nil:
				return true, nil, nil
			}
		}
		switch {
		case err == io.EOF:
			return false, folders, nil
		case err != nil:
			return false, nil, err
		case ctx.Err() != nil:
			return false, nil, ctx.Err()
		}
	}
}

// namesIn returns the names in the folder dir, or none if there is no such
// folder.
func namesIn(ctx context.Context, root *localfile.Root, dir string) ([]string, error) {
	h, err := openFolder(ctx, root, dir)
	if h == nil {
		return nil, err
	}
	defer h.Close()
	return h.Readdirnames(-1)
}

// openFolder opens the folder dir. It returns nil and no error if there is no such
// folder.
func openFolder(ctx context.Context, root *localfile.Root, dir string) (*os.File, error) {
	h, err := root.Open(ctx, dir)
	if err == nil {
		var fi fs.FileInfo
		if fi, err = h.Stat(); err == nil && fi.IsDir() {
			return h, nil
		}
		h.Close()
	}
	if err != nil && !root.IsAbsent(err) {
		return nil, err
	}
	return nil, nil
}
