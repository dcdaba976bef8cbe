package downloadview_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
)

// selfWriting is a file whose handles write themselves, also those of a range.
type selfWriting struct {
	downloadview.File
	content string
	more    string // that a handle writes beyond its range
	err     error  // before the first byte
}

func (f selfWriting) OpenRange(ctx context.Context, offset, length int64) (fs.File, error) {
	h, err := f.Open(ctx)
	end := int64(len(f.content))
	if offset < 0 {
		offset, length = end+offset, -1
	}
	if length >= 0 {
		end = min(end, offset+length)
	}
	return selfWritingHandle{h, f.content[offset:end] + f.more, f.err}, err
}

type selfWritingHandle struct {
	fs.File
	part string
	err  error
}

func (selfWritingHandle) Read([]byte) (int, error) { panic("Read") }

func (h selfWritingHandle) WriteTo(w io.Writer) (int64, error) {
	if h.err != nil {
		return 0, h.err
	}
	n, err := io.WriteString(w, h.part)
	return int64(n), err
}

// A handle of a range that writes itself sends exactly the range. An error before its
// first byte has a status.
func TestRangeThatWritesItself(t *testing.T) {
	content := strings.Repeat("0123456789", 1000)
	for _, tt := range []struct {
		name, field string
		more        string
		err         error
		status      int
		body        string
		part        string // Content-Range
	}{
		{"middle", "bytes=5-4999", "", nil, 206, content[5:5000], "bytes 5-4999/10000"},
		{"small", "bytes=5-9", "", nil, 206, content[5:10], "bytes 5-9/10000"},
		{"end", "bytes=-4000", "", nil, 206, content[6000:], "bytes 6000-9999/10000"},
		{"more than the range", "bytes=5-4999", "xyz", nil, 206, content[5:5000], "bytes 5-4999/10000"},
		{"fails", "bytes=5-4999", "", errors.New("no"), 500, "Internal Server Error\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := selfWriting{downloadview.FromString("x", content, &downloadview.Attributes{ETag: `"1"`}), content, tt.more, tt.err}
			s := httptest.NewServer(downloadview.NewHandler(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
				return downloadview.Response{File: f}, nil
			}), &downloadview.Options{Logger: slog.New(slog.DiscardHandler)}))
			defer s.Close()
			r, err := http.NewRequestWithContext(t.Context(), "GET", s.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Range", tt.field)
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			b, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != tt.status || string(b) != tt.body || resp.Header.Get("Content-Range") != tt.part {
				t.Errorf("%d, %d bytes, %v, %q; want %d, %d bytes, %q", resp.StatusCode, len(b), err, resp.Header.Get("Content-Range"), tt.status, len(tt.body), tt.part)
			}
		})
	}
}
