package resume_test

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/resume"
)

// BenchmarkCopy compares a copy over loopback with and without this package.
func BenchmarkCopy(b *testing.B) {
	for _, size := range []int64{1 << 20, 1 << 30} {
		block := make([]byte, 256<<10)
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
			for range size / int64(len(block)) {
				w.Write(block)
			}
		}))
		plain := &served{srv, size}
		for name, f := range map[string]downloadview.File{"plain": plain, "resume": resume.File(plain, nil)} {
			b.Run(fmt.Sprintf("%dMiB/%s", size>>20, name), func(b *testing.B) {
				b.SetBytes(size)
				b.ReportAllocs()
				buf := make([]byte, 64<<10)
				for b.Loop() {
					h, err := f.Open(b.Context())
					if err != nil {
						b.Fatal(err)
					}
					n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{h}, buf)
					if n != size || err != nil {
						b.Fatal(n, err)
					}
					h.Close()
				}
			})
		}
		srv.Close()
	}
}

// served is a file at a URL.
type served struct {
	*httptest.Server
	size int64
}

func (f *served) Name() string { return "file" }

func (f *served) OpenRange(context.Context, int64, int64) (fs.File, error) {
	return nil, downloadview.ErrRange
}

func (f *served) Open(ctx context.Context) (fs.File, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.URL, nil)
	if err != nil {
		return nil, err
	}
	resp, err := f.Client().Do(req)
	if err != nil {
		return nil, err
	}
	return answer{resp.Body, downloadview.Attributes{Size: f.size, ETag: `"v1"`}.FileInfo("file")}, nil
}

type answer struct {
	io.ReadCloser
	info fs.FileInfo
}

func (a answer) Stat() (fs.FileInfo, error) { return a.info, nil }
