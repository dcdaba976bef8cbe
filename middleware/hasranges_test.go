package middleware

import (
	"context"
	"io"
	"io/fs"
	"net/http"
	"testing"

	"github.com/downloadview/downloadview"
)

// A rangeless file says that it has no ranges, although its handle can seek.
type rangeless struct{ downloadview.File }

func (f rangeless) Identity() (string, bool) { return "mem://" + f.Name(), true }

func (f rangeless) Open(ctx context.Context) (fs.File, error) {
	h, err := f.File.Open(ctx)
	return rangelessHandle{h}, err
}

type rangelessHandle struct{ fs.File }

func (h rangelessHandle) Seek(offset int64, whence int) (int64, error) {
	return h.File.(io.Seeker).Seek(offset, whence)
}

func (h rangelessHandle) Stat() (fs.FileInfo, error) {
	fi, err := h.File.Stat()
	return rangelessInfo{fi, downloadview.AttributesOf(fi)}, err
}

type rangelessInfo struct {
	fs.FileInfo
	attributes downloadview.Attributes
}

func (i rangelessInfo) Attributes() downloadview.Attributes { return i.attributes }
func (rangelessInfo) HasRanges() bool                       { return false }

// A file without ranges has none behind middleware that describes it anew.
func TestFilesWithoutRanges(t *testing.T) {
	plain := rangeless{downloadview.FromString("a.txt", "0123456789", &downloadview.Attributes{ETag: `"1"`})}
	packed := rangeless{downloadview.FromString("a.txt.gz", "012345", &downloadview.Attributes{ETag: `"2"`})}
	digests := NewDigests(nil, nil)
	defer digests.Close()
	if _, err := digests.Compute(t.Context(), plain); err != nil {
		t.Fatal(err)
	}
	variants := NewVariants(nil, &VariantsOptions{
		Codings: []string{"gzip"},
		Sibling: func(*http.Request, string, string) (downloadview.File, error) { return packed, nil },
	})
	for name, tt := range map[string]struct {
		mw    downloadview.Middleware
		field string // of the answer
		body  string
	}{
		"digests":  {digests.View, "Repr-Digest", "0123456789"},
		"variants": {variants.View, "Content-Encoding", "012345"},
	} {
		h := downloadview.NewHandler(tt.mw(testView(downloadview.Response{File: plain})), nil)
		fields := []string{"Range", "bytes=1-2", "Want-Repr-Digest", "sha-256=1", "Accept-Encoding", "gzip"}
		w := get(h, "GET", "/a.txt", fields...)
		if w.Code != 200 || w.Body.String() != tt.body || w.Header().Get(tt.field) == "" {
			t.Errorf("%s: %d %q %v, want the whole file", name, w.Code, w.Body, w.Header())
		}
		if w = get(h, "HEAD", "/a.txt", fields[2:]...); w.Code != 200 || w.Header().Get("Accept-Ranges") != "" {
			t.Errorf("%s, HEAD: %d %v, want no Accept-Ranges", name, w.Code, w.Header())
		}
	}
}
