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
	closed chan bool
}

func (w *streamWriter) CloseNotify() <-chan bool { return w.closed }

func (w *streamWriter) Write([]byte) (int, error) {
	w.end()
	return 0, errors.New("H3_REQUEST_CANCELLED")
}

func (w *streamWriter) HTTPStream() *streamOfHTTP3 { return &w.stream }

type streamErrorCode uint64

type streamOfHTTP3 struct{ reading, writing streamErrorCode }

func (s *streamOfHTTP3) CancelRead(c streamErrorCode)  { s.reading = c }
func (s *streamOfHTTP3) CancelWrite(c streamErrorCode) { s.writing = c }

// A client that leaves a stream is seen by the failed write first. Over HTTP/3 the context of
// the request ends a moment later, and the stream is cancelled on both sides. Over HTTP/2
// CloseNotify tells, also if middleware has given the request a context that doesn't end.
func TestClientLeavesAStream(t *testing.T) {
	for name, tt := range map[string]struct {
		proto    int
		after    time.Duration
		detached bool
		by       AbortedBy
	}{
		"at once":                    {3, 0, false, AbortedByClient},
		"a moment later":             {3, closeNotice / 2, false, AbortedByClient},
		"never":                      {3, time.Hour, false, AbortedByServer},
		"HTTP/2, detached":           {2, closeNotice / 2, true, AbortedByClient},
		"HTTP/2, detached, never":    {2, time.Hour, true, AbortedByServer},
		"HTTP/2, not detached":       {2, 0, false, AbortedByClient},
		"HTTP/2, a failing writer":   {2, time.Hour, false, AbortedByServer},
		"HTTP/3, detached":           {3, closeNotice / 2, true, AbortedByClient},
		"HTTP/1.1, a failing writer": {1, time.Hour, false, AbortedByServer},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				w := &streamWriter{ResponseRecorder: httptest.NewRecorder(), closed: make(chan bool, 1)}
				w.end = func() {
					time.AfterFunc(tt.after, func() {
						cancel()
						w.closed <- true
					})
				}
				if tt.detached {
					ctx = context.WithoutCancel(ctx)
				}
				r := httptest.NewRequest("GET", "/", nil).WithContext(ctx)
				r.ProtoMajor = tt.proto
				cancelled := streamOfHTTP3{0x102, 0x102}
				if tt.proto < 3 {
					cancelled = streamOfHTTP3{}
				}
				var seen Outcome
				h := NewHandler(fileView(newObject("0123456789")), &Options{Logger: discard, Observer: func(_ *http.Request, o Outcome) { seen = o }})
				func() {
					defer func() { recover() }()
					h.ServeHTTP(w, r)
				}()
				if seen.AbortedBy != tt.by || w.stream != cancelled {
					t.Errorf("aborted by %v, stream %x; want by %v", seen.AbortedBy, w.stream, tt.by)
				}
				cancel()
			})
		})
	}
}
