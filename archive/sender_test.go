package archive_test

import (
	"bytes"
	"context"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/archive"
)

// watching counts the bytes that the server reads from system files by itself, which
// is when package net calls sendfile.
type watching struct {
	http.ResponseWriter
	files int64
}

func (w *watching) ReadFrom(r io.Reader) (int64, error) {
	n, err := w.ResponseWriter.(io.ReaderFrom).ReadFrom(r)
	if part, ok := r.(*io.LimitedReader); ok {
		if _, ok := part.R.(*os.File); ok {
			w.files += n
		}
	}
	return n, err
}

// The kernel sends the content of local files that is in the archive as it is, also
// between members of other kinds.
func TestKernelSends(t *testing.T) {
	a, b := noise(300_000), noise(100_000)
	_, entries := onDisk(t, map[string][]byte{"a": a})
	_, more := onDisk(t, map[string][]byte{"b": b})
	entries = append(entries, archive.Entry{File: file("m", noise(70_000))}, archive.Entry{Name: "f/"}, more[0], entries[0])
	entries[4].Name = "again" // framed
	sumA, sumB := crc32.ChecksumIEEE(a), crc32.ChecksumIEEE(b)
	entries[0].CRC32, entries[3].CRC32 = &sumA, &sumB
	for name, progress := range map[string]bool{"plain": false, "with progress": true} {
		t.Run(name, func(t *testing.T) {
			var last archive.Progress
			o := &archive.Options{}
			if progress {
				o.Progress = func(_ context.Context, p archive.Progress) { last = p }
			}
			zip := archive.Zip("a.zip", archive.Of(entries...), o)
			view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
				return downloadview.Response{File: zip}, nil
			})
			handler := downloadview.NewHandler(view, nil)
			sent := make(chan int64, 1)
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				watched := &watching{ResponseWriter: w}
				handler.ServeHTTP(watched, r)
				sent <- watched.files
			}))
			defer s.Close()
			got := ask(t, "GET", s.URL)
			if got.err != nil || !bytes.Equal(got.body, read(t, archive.Zip("a.zip", archive.Of(entries...), nil))) {
				t.Errorf("%d other bytes, %v", len(got.body), got.err)
			}
			if n := <-sent; n != int64(len(a)+len(b)) {
				t.Errorf("the kernel sent %d bytes, want %d", n, len(a)+len(b))
			}
			whole, atEnd := got.body, last
			for _, tt := range []struct {
				first, last int // of the range
				least       int64
			}{
				{0, len(whole) - 1, int64(len(a) + len(b))},
				{100_000, len(whole) - 1, int64(len(a) + len(b) - 100_000)},
				{10, 250_000, 250_000 - 100},
				{100_000, 250_000, 150_001}, // inside one member
			} {
				got := ask(t, "GET", s.URL, "Range", fmt.Sprintf("bytes=%d-%d", tt.first, tt.last))
				if got.StatusCode != 206 || got.err != nil || !bytes.Equal(got.body, whole[tt.first:tt.last+1]) {
					t.Errorf("%d-%d: %d, %d other bytes, %v", tt.first, tt.last, got.StatusCode, len(got.body), got.err)
				}
				if n := <-sent; n < tt.least || n > int64(tt.last-tt.first+1) {
					t.Errorf("%d-%d: the kernel sent %d bytes, want %d at least", tt.first, tt.last, n, tt.least)
				}
			}
			if progress && (atEnd.Offset != got.ContentLength || atEnd.Size != got.ContentLength || atEnd.Members != 5) {
				t.Errorf("at the end: %+v", atEnd)
			}
		})
	}
}

// A file that becomes shorter while the kernel sends it breaks the download off.
func TestKernelSendsLess(t *testing.T) {
	dir, entries := onDisk(t, map[string][]byte{"a": noise(300_000)})
	sum := uint32(1)
	entries[0].CRC32 = &sum
	f := archive.Zip("a.zip", archive.Of(entries...), nil)
	h, err := f.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	head := make([]byte, 10)
	if _, err := io.ReadFull(h, head); err != nil { // so the file is open
		t.Fatal(err)
	}
	if err := os.Truncate(dir+"/a", 100_000); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	n, err := h.(io.WriterTo).WriteTo(&b)
	if err == nil || n > 110_000 {
		t.Errorf("%d bytes, %v", n, err)
	}
}
