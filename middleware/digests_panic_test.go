package middleware

import (
	"context"
	"crypto/sha256"
	"io/fs"
	"net/http/httptest"
	"testing"

	"github.com/downloadview/downloadview"
)

// A panickingLog panics when it is asked.
type panickingLog struct{ DigestLog }

func (panickingLog) Digest(context.Context, FileVersion) (sum [sha256.Size]byte, ok bool, err error) {
	panic("of the log")
}

// A guarded file counts its open handles. Its parts are its whole.
type guarded struct {
	downloadview.File
	open *int
}

func (guarded) Identity() (string, bool) { return "mem://a", true }

func (f guarded) Open(ctx context.Context) (fs.File, error) {
	h, err := f.File.Open(ctx)
	*f.open++
	return guardedHandle{h, f.open}, err
}

func (f guarded) OpenRange(ctx context.Context, _, _ int64) (fs.File, error) { return f.Open(ctx) }

type guardedHandle struct {
	fs.File
	open *int
}

func (h guardedHandle) Close() error {
	*h.open--
	return h.File.Close()
}

// If the application's log of digests panics, the file is closed.
func TestDigestLogPanics(t *testing.T) {
	digests := NewDigests(panickingLog{}, nil)
	defer digests.Close()
	for _, fields := range [][]string{{}, {"Range", "bytes=0-1"}} {
		open := 0
		f := guarded{downloadview.FromString("a", "0123456789", &downloadview.Attributes{ETag: `"1"`}), &open}
		func() {
			defer func() {
				if p := recover(); p != "of the log" {
					t.Errorf("%q: panic %v, want that of the log", fields, p)
				}
			}()
			h := downloadview.NewHandler(digests.View(testView(downloadview.Response{File: f})), nil)
			r := httptest.NewRequest("GET", "/", nil)
			r.Header.Set("Want-Repr-Digest", "sha-256=1")
			if len(fields) > 0 {
				r.Header.Set(fields[0], fields[1])
			}
			h.ServeHTTP(httptest.NewRecorder(), r)
		}()
		if open != 0 {
			t.Errorf("%q: %d handles are open", fields, open)
		}
	}
}
