package downloadtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"strings"

	"github.com/downloadview/downloadview"
)

// A Storage is one in memory, in place of the one that an application has. Its
// files have ranges, and an entity tag made of their content. Nothing else is
// known of them, a time neither. Several goroutines may use it while the map
// stays as it is.
type Storage struct {
	// Files holds the content by key.
	Files map[string]string

	// Source is where the files pretend to live, so that a rule covers them:
	// that of a file has a slash and the key behind it. For a rule of the
	// Source "/srv/media" it is
	//
	//	downloadview.Source{Scheme: "file", Path: "/srv/media"}
	//
	// With the Scheme empty files have no source.
	Source downloadview.Source
}

// File describes the file with this key. A key must be what [fs.ValidPath]
// takes, and not "."; anything else is an [fs.PathError] with [fs.ErrInvalid].
// A key that Files doesn't have is [fs.ErrNotExist] when the file is opened.
func (s Storage) File(key string) (downloadview.File, error) {
	if key == "." || !fs.ValidPath(key) {
		return nil, &fs.PathError{Op: "open", Path: key, Err: fs.ErrInvalid}
	}
	return &file{s, key}, nil
}

type file struct {
	storage Storage
	key     string
}

func (f *file) Name() string { return f.key }

func (f *file) Open(ctx context.Context) (fs.File, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	content, ok := f.storage.Files[f.key]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: f.key, Err: fs.ErrNotExist}
	}
	sum := sha256.Sum256([]byte(content))
	facts := downloadview.Attributes{Size: int64(len(content)), ETag: fmt.Sprintf(`"%x"`, sum[:8])}
	return &handle{bytes.NewReader([]byte(content)), facts.FileInfo(f.key)}, nil
}

func (f *file) Source() (downloadview.Source, bool) {
	src := f.storage.Source
	if src.Scheme == "" {
		return downloadview.Source{}, false
	}
	if src.Path != "" && !strings.HasSuffix(src.Path, "/") {
		src.Path += "/"
	}
	src.Path += f.key
	return src, true
}

var (
	_ downloadview.Storage = Storage{}
	_ downloadview.Sourcer = (*file)(nil)
)
