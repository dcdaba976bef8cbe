package downloadview

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

// A streamWriter is like the writer of quic-go, whose writes fail when the client leaves.
type streamWriter struct {
	*httptest.ResponseRecorder
	end    func()
	stream streamOfHTTP3
}

func (w *streamWriter) Write([]byte) (int, error) {
	w.end()
	return 0, errors.New("H3_REQUEST_CANCELLED")
}

func (w *streamWriter) HTTPStream() *streamOfHTTP3 { return &w.stream }

type streamErrorCode uint64

type streamOfHTTP3 struct{ reading, writing streamErrorCode }

func (s *streamOfHTTP3) CancelRead(c streamErrorCode)  { s.reading = c }
func (s *streamOfHTTP3) CancelWrite(c streamErrorCode) { s.writing = c }

// Over HTTP/3 a client that leaves is seen by the failed write first, and the context of the
// request ends a moment later. The stream is cancelled on both sides.
func TestClientLeavesOverHTTP3(t *testing.T) {
	for name, tt := range map[string]struct {
		after time.Duration
		by    AbortedBy
	}{"at once": {0, AbortedByClient}, "a moment later": {closeNotice / 2, AbortedByClient}, "never": {time.Hour, AbortedByServer}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				w := &streamWriter{httptest.NewRecorder(), func() { time.AfterFunc(tt.after, cancel) }, streamOfHTTP3{}}
				r := httptest.NewRequest("GET", "/", nil).WithContext(ctx)
				r.ProtoMajor = 3
				var seen Outcome
				h := NewHandler(fileView(newObject("0123456789")), &Options{Logger: discard, Observer: func(_ *http.Request, o Outcome) { seen = o }})
				func() {
					defer func() { recover() }()
					h.ServeHTTP(w, r)
				}()
				if seen.AbortedBy != tt.by || w.stream != (streamOfHTTP3{0x102, 0x102}) {
					t.Errorf("aborted by %v, stream %x; want by %v", seen.AbortedBy, w.stream, tt.by)
				}
				cancel()
			})
		})
	}
}
