package downloadview

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A notModifiedWriter makes a 304 of each answer, as middleware does that finds out that the
// client has it.
type notModifiedWriter struct{ http.ResponseWriter }

func (w notModifiedWriter) WriteHeader(int) { w.ResponseWriter.WriteHeader(http.StatusNotModified) }

func (w notModifiedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

type notModifiedReaderFrom struct{ notModifiedWriter }

func (w notModifiedReaderFrom) ReadFrom(r io.Reader) (int64, error) {
	return w.ResponseWriter.(io.ReaderFrom).ReadFrom(r)
}

// An answer whose status a wrapper has changed to one without a body is complete. It was cut,
// and an error in the log.
func TestWrapperThatWantsNoBody(t *testing.T) {
	content := strings.Repeat("0123456789", 10_000)
	for name, f := range map[string]File{
		"local": newLocalFile(t, "a.txt", content), "small": newLocalFile(t, "b.txt", content[:100]),
		"object": newObject(content), "by itself": FromString("c.txt", content, nil),
	} {
		for _, wrap := range []func(http.ResponseWriter) http.ResponseWriter{
			func(w http.ResponseWriter) http.ResponseWriter { return notModifiedWriter{w} },
			func(w http.ResponseWriter) http.ResponseWriter { return notModifiedReaderFrom{notModifiedWriter{w}} },
		} {
			for _, field := range []string{"", "bytes=5-4000", "bytes=1-2,5-6"} {
				var logged bytes.Buffer
				seen := make(chan Outcome, 1)
				h := NewHandler(fileView(f), &Options{Logger: loggerTo(&logged), Observer: func(_ *http.Request, o Outcome) { seen <- o }})
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				s := &http.Server{ConnContext: ConnContext, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					h.ServeHTTP(wrap(w), r)
				})}
				go s.Serve(EndStalled(l, time.Minute))
				got := ask(t, "http://"+l.Addr().String(), "GET", "Range", field)
				if o := <-seen; got.status != 304 || got.err != nil || o.AbortedBy != NotAborted || o.Err != nil || logged.Len() > 0 {
					t.Errorf("%s, %q: %d, %v; %v, %v, logged %q", name, field, got.status, got.err, o.AbortedBy, o.Err, &logged)
				}
				s.Close()
			}
		}
	}
}
