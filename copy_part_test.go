package downloadview_test

import (
	"context"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
)

// Content that is a part of a system's file is sent by the kernel, after bytes that
// were written before it, and never more of it than was promised.
func TestPartOfAFileByTheKernel(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	content := strings.Repeat("0123456789", 10_000)
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		part   int64
		err    bool
		kernel int64
	}{
		{"as promised", 90_000, false, 90_000},
		{"too much", 90_001, false, 0},
		{"the file is too short", 100_001, true, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			promised := int64(90_004)
			if tt.err {
				promised = 100_005
			}
			f := partOfFile{downloadview.FromFunc("x", nil, &downloadview.Attributes{Size: promised}), name, tt.part}
			handler := downloadview.NewHandler(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
				return downloadview.Response{File: f}, nil
			}), &downloadview.Options{Logger: slog.New(slog.DiscardHandler)})
			counts := make(chan int64, 1)
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				c := &kernelCounter{ResponseWriter: w}
				defer func() { counts <- c.n }()
				handler.ServeHTTP(c, r)
			}))
			defer s.Close()
			resp, err := http.Get(s.URL)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			b, err := io.ReadAll(resp.Body)
			if (err != nil) != tt.err || !tt.err && string(b) != ("head" + content)[:promised] {
				t.Errorf("%d bytes, %v", len(b), err)
			}
			if n := <-counts; !tt.err && n != tt.kernel {
				t.Errorf("the kernel sent %d bytes, want %d", n, tt.kernel)
			}
		})
	}
}

// partOfFile is a file whose handle writes itself.
type partOfFile struct {
	downloadview.File
	path string
	n    int64
}

func (f partOfFile) Open(ctx context.Context) (fs.File, error) {
	inner, err := f.File.Open(ctx)
	return partHandle{inner, f}, err
}

type partHandle struct {
	fs.File
	of partOfFile
}

func (h partHandle) WriteTo(w io.Writer) (int64, error) {
	src, err := os.Open(h.of.path)
	if err != nil {
		return 0, err
	}
	defer src.Close()
	if _, err := io.WriteString(w, "head"); err != nil {
		return 0, err
	}
	n, err := w.(io.ReaderFrom).ReadFrom(&io.LimitedReader{R: src, N: h.of.n})
	if err == nil && n < h.of.n {
		err = io.ErrUnexpectedEOF
	}
	return 4 + n, err
}

// kernelCounter counts the bytes of system files that it is asked to read by itself.
type kernelCounter struct {
	http.ResponseWriter
	n int64
}

func (c *kernelCounter) ReadFrom(r io.Reader) (int64, error) {
	n, err := c.ResponseWriter.(io.ReaderFrom).ReadFrom(r)
	if part, ok := r.(*io.LimitedReader); ok {
		if _, ok := part.R.(*os.File); ok {
			c.n += n
		}
	}
	return n, err
}
