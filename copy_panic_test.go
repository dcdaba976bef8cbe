package downloadview

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A panicking writer is a wrapper whose Write panics.
type panickingWriter struct{ http.ResponseWriter }

func (panickingWriter) Write([]byte) (int, error) { panic("of the wrapper") }

// A panickingReaderFrom panics in ReadFrom, too.
type panickingReaderFrom struct{ panickingWriter }

func (panickingReaderFrom) ReadFrom(io.Reader) (int64, error) { panic("of the wrapper") }

func digitsOf(_ context.Context, w io.Writer) error {
	_, err := io.WriteString(w, "0123456789")
	return err
}

// recovering returns a producer that takes no notice of panics.
func recovering(produce func(context.Context, io.Writer) error) func(context.Context, io.Writer) error {
	return func(ctx context.Context, w io.Writer) (err error) {
		defer func() { recover() }()
		return produce(ctx, w)
	}
}

// If a wrapper of the ResponseWriter panics, the server has cut the download short, and
// not the store.
func TestPanicOfAWriterIsTheServers(t *testing.T) {
	const digits = "0123456789"
	long := strings.Repeat(digits, 10_000)
	for name, f := range map[string]File{
		"small": newLocalFile(t, "a.txt", digits), "large": newLocalFile(t, "b.txt", long),
		"by its own WriteTo": FromString("c", digits, nil), "object": newObject(long),
		"by a producer": FromFunc("d", digitsOf, nil), "by one that recovers": FromFunc("e", recovering(digitsOf), nil),
	} {
		for kind, wrap := range map[string]func(http.ResponseWriter) http.ResponseWriter{
			"two ranges": func(w http.ResponseWriter) http.ResponseWriter { return panickingWriter{w} },
			"Write":      func(w http.ResponseWriter) http.ResponseWriter { return panickingWriter{w} },
			"ReadFrom":   func(w http.ResponseWriter) http.ResponseWriter { return panickingReaderFrom{panickingWriter{w}} },
		} {
			t.Run(name+", "+kind, func(t *testing.T) {
				var seen Outcome
				o := &Options{Logger: discard, Observer: func(_ *http.Request, o Outcome) { seen = o }}
				h := UseOptions(o)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { Send(wrap(w), r, Response{File: f}) }))
				defer func() {
					if p := recover(); p != http.ErrAbortHandler {
						t.Errorf("panic %v, want the answer broken off", p)
					}
					if seen.AbortedBy != AbortedByServer || seen.Err == nil || !strings.Contains(seen.Err.Error(), "panic: of ") {
						t.Errorf("aborted by %v, %v; want by the server, because of the wrapper", seen.AbortedBy, seen.Err)
					}
				}()
				r := httptest.NewRequest("GET", "/", nil)
				if kind == "two ranges" {
					r.Header.Set("Range", "bytes=0-0,2-2")
				}
				h.ServeHTTP(httptest.NewRecorder(), r)
			})
		}
	}
}
