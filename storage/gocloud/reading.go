package gocloud

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"

	"gocloud.dev/blob/driver"
	"gocloud.dev/gcerrors"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/localfile"
)

// reading is a driver that reads the files of fileblob, but only regular files
// inside the folder. It implements only the methods that reading a whole object
// needs.
type reading struct {
	driver.Bucket
	folder *folder
}

func (d *reading) Close() error            { return nil }
func (d *reading) As(any) bool             { return false }
func (d *reading) ErrorAs(error, any) bool { return false }

func (d *reading) ErrorCode(err error) gcerrors.ErrorCode {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return gcerrors.NotFound
	case downloadview.StatusCode(err) == http.StatusServiceUnavailable: // another process has a lease on it
		return gcerrors.ResourceExhausted
	}
	return gcerrors.Unknown
}

func (d *reading) NewRangeReader(ctx context.Context, key string, offset, length int64, _ *driver.ReaderOptions) (driver.Reader, error) {
	if offset != 0 || length >= 0 {
		return nil, fmt.Errorf("a part of a local file: %w", errors.ErrUnsupported)
	}
	root, err := d.folder.open()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	name := escapeKey(key)
	h, err := root.OpenRegular(ctx, name)
	if err != nil {
		return nil, absentIn(root, err)
	}
	fi, err := h.Stat()
	var a fileAttributes
	if err == nil {
		a, err = attributesBeside(ctx, root, name)
	}
	if err != nil {
		h.Close()
		return nil, err
	}
	return &localReader{h, driver.ReaderAttributes{ContentType: a.ContentType, ModTime: fi.ModTime(), Size: fi.Size()}}, nil
}

type localReader struct {
	*os.File
	attributes driver.ReaderAttributes
}

func (r *localReader) Attributes() *driver.ReaderAttributes { return &r.attributes }

// As provides the file, as fileblob does.
func (r *localReader) As(i any) bool {
	p, ok := i.(*io.Reader)
	if ok {
		*p = r.File
	}
	return ok
}

// attributesSuffix is the end of the name under which fileblob stores the
// attributes of a file, beside the file.
const attributesSuffix = ".attrs"

// longestAttributes is the maximum number of bytes to read from such a file.
const longestAttributes = 1 << 20

// fileAttributes are the attributes that a reader passes on.
type fileAttributes struct {
	ContentType string `json:"user.content_type"`
}

// attributesBeside reads the attributes of the file called name. If the file
// with the attributes is outside the folder or not a regular file, it counts as
// missing.
func attributesBeside(ctx context.Context, root *localfile.Root, name string) (fileAttributes, error) {
	a := fileAttributes{ContentType: "application/octet-stream"}
	h, err := root.OpenRegular(ctx, name+attributesSuffix)
	if err != nil {
		if root.IsAbsent(err) {
			return a, nil
		}
		return a, fmt.Errorf("attributes of the file: %v", err) // it says nothing about the file itself
	}
	defer h.Close() // it was only read
	var found fileAttributes
	if err := json.NewDecoder(io.LimitReader(h, longestAttributes)).Decode(&found); err != nil {
		return a, fmt.Errorf("attributes of the file: %w", err)
	}
	return found, nil
}

var (
	_ driver.Bucket = (*reading)(nil)
	_ driver.Reader = (*localReader)(nil)
)
