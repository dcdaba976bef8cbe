package buckettest

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"testing"

	"github.com/downloadview/downloadview"
)

// ShortBody checks that a body which breaks off is an error, and that the store
// isn't asked for the rest.
func (f *Fake) ShortBody(t *testing.T) {
	asked := 0
	file := f.file(t, func(w http.ResponseWriter, r *http.Request) {
		if asked++; asked > 3 { // enough requests to fail the test
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		f.Stamp(w.Header())
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Length", "10")
		if byteRange := f.rangeOf(r); byteRange != "" {
			w.Header().Set("Content-Range", "bytes 0-9/10")
			if byteRange == "bytes=5-14" {
				w.Header().Set("Content-Range", "bytes 5-14/20")
			}
			w.WriteHeader(http.StatusPartialContent)
		}
		io.WriteString(w, "0123")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	for name, open := range map[string]func() (fs.File, error){
		"whole":  func() (fs.File, error) { return file.Open(t.Context()) },
		"range":  func() (fs.File, error) { return openRange(t.Context(), file, 5, 10) },
		"suffix": func() (fs.File, error) { return openRange(t.Context(), file, -100, 0) },
	} {
		if name == "suffix" && f.NoSuffix {
			continue
		}
		asked = 0
		h, err := open()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := io.ReadAll(h)
		if string(got) != "0123" || !errors.Is(err, io.ErrUnexpectedEOF) || !errors.Is(err, downloadview.ErrUpstream) {
			t.Errorf("%s: %q, %v, want 0123, io.ErrUnexpectedEOF and ErrUpstream", name, got, err)
		}
		if asked != 1 {
			t.Errorf("%s: asked %d times, want once", name, asked)
		}
		if err := h.Close(); err != nil {
			t.Errorf("%s: Close: %v", name, err)
		}
	}
}

// BreaksOff checks that a client can tell that its download is incomplete if
// the store breaks off.
func (f *Fake) BreaksOff(t *testing.T) {
	s := f.Open(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000000")
		w.Write(make([]byte, 500_000))
		panic(http.ErrAbortHandler)
	})
	resp, body, err := Get(t, "GET", Serve(t, s)+"/a")
	if resp.StatusCode != http.StatusOK || err == nil {
		t.Errorf("status %d, %d bytes, %v, want 200 and an error", resp.StatusCode, len(body), err)
	}
}
