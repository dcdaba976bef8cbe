package downloadview

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"
)

// A fixedFile has handles whose Seek fails.
type fixedFile struct {
	File
	err error
}

func (f fixedFile) Open(ctx context.Context) (fs.File, error) {
	h, err := f.File.Open(ctx)
	return fixedHandle{h, f.err}, err
}

type fixedHandle struct {
	fs.File
	err error
}

func (h fixedHandle) Seek(int64, int) (int64, error) {
	return 0, &fs.PathError{Op: "seek", Path: "a", Err: h.err}
}

// If the handle of a file can't seek after all, the file is sent whole. The error of Seek
// says nothing about the file: with that of afero.FromIOFS, each range was 403.
func TestHandlesThatCantSeek(t *testing.T) {
	content := strings.Repeat("0123456789", 1000)
	files := map[string]File{"local": newLocalFile(t, "a", content), "object": FromString("a", content, &Attributes{ETag: `"1"`})}
	for name, f := range files {
		for _, e := range []error{syscall.EPERM, syscall.ESPIPE, fs.ErrInvalid, errors.ErrUnsupported} {
			s := serve(t, NewHandler(fileView(fixedFile{f, e}), &Options{Logger: discard}))
			for _, field := range []string{"bytes=2-3", "bytes=-1", "bytes=2-3,6-7"} {
				got := ask(t, s.URL, "GET", "Range", field)
				if got.status != 200 || got.body != content || got.header.Get("Accept-Ranges") != "none" || got.err != nil {
					t.Errorf("%s, %v, %s: %d, %d bytes, %v; want the whole", name, e, field, got.status, len(got.body), got.err)
				}
			}
			if _, err := OpenRange(t.Context(), fixedFile{f, e}, 2, 3); !errors.Is(err, errors.ErrUnsupported) || StatusCode(err) != 500 {
				t.Errorf("%s, %v: OpenRange = %v, want that it is not supported", name, e, err)
			}
		}
		s := serve(t, NewHandler(fileView(fixedFile{f, fmt.Errorf("%w: away", ErrUpstream)}), &Options{Logger: discard}))
		if got := ask(t, s.URL, "GET", "Range", "bytes=2-3"); got.status != 502 {
			t.Errorf("%s: the store fails in Seek: %d, want 502", name, got.status)
		}
	}
}
