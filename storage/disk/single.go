package disk

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/localfile"
)

// File describes the local file at path, which must be absolute. The path is
// trusted: symbolic links are followed wherever they lead, so no part of it may
// come from a request. File does no I/O. The name of the file is the last
// element of path.
//
// Opening anything but a regular file is [fs.ErrNotExist], as with
// [Storage.File].
func File(path string) (downloadview.File, error) {
	if !filepath.IsAbs(path) {
		return nil, fmt.Errorf("disk: path %q is relative; want an absolute one", path)
	}
	if strings.ContainsRune(path, 0) {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrInvalid}
	}
	return single(path), nil
}

type single string

func (f single) Name() string { return filepath.Base(string(f)) }

func (f single) Open(ctx context.Context) (fs.File, error) {
	h, _, err := f.OpenStat(ctx)
	return h, err
}

func (f single) OpenStat(ctx context.Context) (fs.File, fs.FileInfo, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	h, err := localfile.OpenPath(ctx, string(f))
	if err != nil {
		return nil, nil, openError(string(f), err)
	}
	return regular(string(f), h)
}

func (f single) Source() (downloadview.Source, bool) {
	return downloadview.Source{Scheme: "file", Path: sourcePath(string(f))}, true
}

// sourcePath returns an absolute path in the form of a source: "/C:/x" for
// `C:\x`.
func sourcePath(abs string) string {
	p := filepath.ToSlash(abs)
	if !strings.HasPrefix(p, "/") {
		p = "/" + p
	}
	return p
}

var (
	_ downloadview.File    = single("")
	_ downloadview.Sourcer = single("")
)
