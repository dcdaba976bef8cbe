package middleware

import (
	"bufio"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
)

// A leaseWriter takes the lease of a request that a handler without a view answers: at
// the last moment before the header of a successful answer.
type leaseWriter struct {
	http.ResponseWriter
	r       *http.Request
	links   *Links
	claim   *claim
	before  http.Header // the header as it was before the handler
	stop    func()
	decided bool
	refused error
}

var errNoLease = errors.New("the link's downloads are used up or can't be counted, so another answer was sent")

// serveCounted lets next answer a request with a counted link.
func (l *Links) serveCounted(w http.ResponseWriter, r *http.Request, c *claim, next http.Handler) {
	lw := &leaseWriter{ResponseWriter: w, r: r, links: l, claim: c, before: w.Header().Clone(), stop: func() {}}
	defer func() {
		lw.stop()
		if lw.refused == nil {
			return
		}
		// A failed write makes some handlers abort, but the refusal is a whole answer.
		if p := recover(); p != nil && p != http.ErrAbortHandler {
			panic(p)
		}
	}()
	next.ServeHTTP(lw, r)
	_ = lw.decide(http.StatusOK) // nothing was written, but perhaps a field for a proxy was set
}

// decide takes the lease if an answer with this status needs one. If it is refused, the
// refusal is written, and the error returned.
func (w *leaseWriter) decide(status int) error {
	if w.decided {
		return w.refused
	}
	w.decided = true
	if w.claim.viewed.Load() || w.r.Method == http.MethodHead || status >= 400 || status == http.StatusNotModified {
		return nil
	}
	q, err := w.claim.take(w.r.Context(), "", 0)
	if err == nil {
		w.stop = w.claim.leases.renewing(q)
		return nil
	}
	h := w.Header()
	clear(h)
	maps.Copy(h, w.before)
	h.Set("Cache-Control", "no-store")
	w.refused = errNoLease
	w.links.refuse(w.ResponseWriter, withoutLink(w.r, w.r.URL.Path, ""), err)
	return w.refused
}

func (w *leaseWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *leaseWriter) WriteHeader(status int) {
	if status < 200 {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	if w.decide(status) == nil {
		w.ResponseWriter.WriteHeader(status)
	}
}

func (w *leaseWriter) Write(p []byte) (int, error) {
	if err := w.decide(http.StatusOK); err != nil {
		return 0, err
	}
	return w.ResponseWriter.Write(p)
}

// ReadFrom lets the writer below copy if it can.
func (w *leaseWriter) ReadFrom(r io.Reader) (int64, error) {
	if err := w.decide(http.StatusOK); err != nil {
		return 0, err
	}
	if rf, ok := w.ResponseWriter.(io.ReaderFrom); ok {
		return rf.ReadFrom(r)
	}
	return io.Copy(struct{ io.Writer }{w.ResponseWriter}, r)
}

func (w *leaseWriter) Flush() {
	if w.decide(http.StatusOK) == nil {
		_ = http.NewResponseController(w.ResponseWriter).Flush()
	}
}

// Hijack takes the lease first: nobody sees what is sent afterwards.
func (w *leaseWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if err := w.decide(http.StatusOK); err != nil {
		return nil, nil, err
	}
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

var (
	_ io.ReaderFrom = (*leaseWriter)(nil)
	_ http.Flusher  = (*leaseWriter)(nil)
	_ http.Hijacker = (*leaseWriter)(nil)
)
