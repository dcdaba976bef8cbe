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

// A Storage holds files in memory, to replace the storage of an application in a
// test. Its files support ranges and have an entity tag computed from their content,
// but no modification time and no stored media type. Several goroutines may use a
// Storage as long as nothing changes the map.
type Storage struct {
	// Files holds the content by key. With a nil map every file is missing.
	Files map[string]string

	// Source makes rules cover the files: the source of a file is this one, with
	// a slash and the key added to its Path. For a rule with the Source
	// "/srv/media" it is
	//
	//	downloadview.Source{Scheme: "file", Path: "/srv/media"}
	//
	// If Scheme is empty, the files have no source.
	Source downloadview.Source
}

// File returns the file with this key. If [fs.ValidPath] rejects the key, or it is
// ".", the error is an [fs.PathError] with [fs.ErrInvalid]. If Files doesn't have
// the key, opening the file fails with [fs.ErrNotExist].
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
