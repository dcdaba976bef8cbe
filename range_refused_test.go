package downloadview

import (
	"context"
	"io/fs"
	"testing"
)

type whole struct{ File }

func (f whole) Open(ctx context.Context) (fs.File, error) {
	h, err := f.File.Open(ctx)
	return wholeHandle{h}, err
}

type wholeHandle struct{ fs.File }

func (h wholeHandle) Seek(int64, int) (int64, error) { panic("Seek") }

func (h wholeHandle) Stat() (fs.FileInfo, error) {
	fi, err := h.File.Stat()
	return wholeInfo{fi, AttributesOf(fi)}, err
}

type wholeInfo struct {
	fs.FileInfo
	attributes Attributes
}

func (i wholeInfo) Attributes() Attributes { return i.attributes }
func (wholeInfo) HasRanges() bool          { return false }

// A file that says that it has no ranges is sent whole, whatever its handle could do.
func TestHasNoRanges(t *testing.T) {
	f := whole{FromBytes("a", []byte("abcdef"), &Attributes{ETag: `"1"`})}
	s := serve(t, NewHandler(fileView(f), nil))
	if got := ask(t, s.URL, "HEAD", "Range", "bytes=1-2"); got.header.Get("Accept-Ranges") != "" {
		t.Errorf("HEAD: %v", got.header)
	}
	for _, fields := range [][]string{nil, {"Range", "bytes=1-2"}, {"Range", "bytes=1-2,4-5"}, {"Range", "bytes=9-"}} {
		got := ask(t, s.URL, "GET", fields...)
		var want string
		if fields != nil {
			want = "none"
		}
		if got.status != 200 || got.body != "abcdef" || got.header.Get("Accept-Ranges") != want {
			t.Errorf("%q: %d %q %v", fields, got.status, got.body, got.header)
		}
	}
}
