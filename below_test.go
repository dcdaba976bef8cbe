package downloadview

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/iotest"
	"time"
)

// A claimingWriter has every optional method, also those that the writer inside lacks, as
// wrappers of gin and echo do.
type claimingWriter struct{ http.ResponseWriter }

func (w claimingWriter) Flush() { w.ResponseWriter.(http.Flusher).Flush() }

func (w claimingWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return w.ResponseWriter.(http.Hijacker).Hijack()
}

func (w claimingWriter) CloseNotify() <-chan bool {
	return w.ResponseWriter.(closeNotifier).CloseNotify()
}

// A plainWriter has nothing but the methods of http.ResponseWriter.
type plainWriter struct{ inner http.ResponseWriter }

func (w plainWriter) Header() http.Header         { return w.inner.Header() }
func (w plainWriter) WriteHeader(status int)      { w.inner.WriteHeader(status) }
func (w plainWriter) Write(p []byte) (int, error) { return w.inner.Write(p) }

type gateFunc func(*http.Request, Delivery) (func(Outcome), error)

func (f gateFunc) Enter(r *http.Request, d Delivery) (func(Outcome), error) { return f(r, d) }

// A method that a wrapper only claims to have counts as missing: its panic ends neither the
// download nor the report about its end.
func TestMethodsThatWritersClaim(t *testing.T) {
	t.Run("Flush", func(t *testing.T) {
		f := FromFunc("a", func(_ context.Context, w io.Writer) error {
			io.WriteString(w, "01234")
			w.(http.Flusher).Flush()
			_, err := io.WriteString(w, "56789")
			return err
		}, nil)
		w := httptest.NewRecorder()
		NewHandler(fileView(f), &Options{Logger: discard}).ServeHTTP(claimingWriter{plainWriter{w}}, httptest.NewRequest("GET", "/", nil))
		if w.Body.String() != "0123456789" {
			t.Errorf("%q, want all", w.Body)
		}
	})
	t.Run("CloseNotify", func(t *testing.T) {
		ctx, leave := context.WithCancel(t.Context())
		var left, seen []Outcome
		resp := Response{File: FromFunc("a", func(ctx context.Context, w io.Writer) error {
			io.WriteString(w, "01234")
			leave()
			return ctx.Err()
		}, nil)}
		resp = resp.WithGate(gateFunc(func(*http.Request, Delivery) (func(Outcome), error) {
			return func(o Outcome) { left = append(left, o) }, nil
		}))
		o := &Options{Logger: discard, Observer: func(_ *http.Request, o Outcome) { seen = append(seen, o) }}
		func() {
			defer func() { recover() }()
			NewHandler(fileResponse(resp), o).ServeHTTP(claimingWriter{plainWriter{httptest.NewRecorder()}}, httptest.NewRequest("GET", "/", nil).WithContext(ctx))
		}()
		if len(left) != 1 || len(seen) != 1 || seen[0].AbortedBy != AbortedByClient {
			t.Errorf("the gate got %v, the observer %v; want the end of the client", left, seen)
		}
	})
	t.Run("Hijack", func(t *testing.T) {
		f := FromOpener("a", func(context.Context) (io.Reader, error) { return iotest.ErrReader(errors.New("broken")), nil }, nil)
		h := NewHandler(fileView(f), &Options{Logger: discard})
		s := httptest.NewServer(http.TimeoutHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() { recover() }()
			h.ServeHTTP(claimingWriter{w}, r)
		}), time.Minute, ""))
		defer s.Close()
		if got := ask(t, s.URL, "GET"); got.err == nil {
			t.Errorf("%d, %d bytes; want an error", got.status, len(got.body))
		}
	})
}
