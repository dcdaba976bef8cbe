package ledger

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/downloadview/downloadview"
)

// Field is the header field by which the application tells a proxy the ID of the
// download that it hands over. The proxy logs it and doesn't send it to clients.
const Field = "X-Download-Id"

// A Ledger makes entries from the requests of an application. Set both: the handler of
// [Ledger.Handler] around the handlers of files, and [Ledger.Observe] as their Observer.
// Several goroutines may use it.
//
// A download is all requests of one subject for one file, as long as there is no longer
// pause between them than Options.Window. So a file that somebody downloads twice within
// that time is one download whose Bytes are more than its Size. Another subject, or
// another file, is another download; another version of the file is another entry of
// the same download.
//
// A request that is refused, or whose file doesn't exist, is no download. HEAD and 304 are
// requests of a download, without bytes.
type Ledger struct {
	store Store
	o     Options
}

// Options are the options of [New]. The zero value is fine.
type Options struct {
	// Subject returns who makes a request: for example a user, the ID of a link, or
	// middleware.Clients.Key behind a proxy. r is what the Observer got, so that values
	// in its context are known. nil, and "", mean the host of r.RemoteAddr; behind a
	// proxy, that is the proxy.
	Subject func(r *http.Request) string

	// Window is the longest pause between two requests of one download; 0 is an hour.
	// The pause begins when an answer ends; after a hand-over, when the proxy's line is
	// read.
	Window time.Duration

	// Timeout is how long the store may take; 0 is 2 seconds.
	Timeout time.Duration

	// Logger gets a line for each request that is missing in the ledger; nil is
	// [slog.Default].
	Logger *slog.Logger
}

// New returns a Ledger whose entries are in store. nil options are the zero value. It
// panics if store is nil or an option is negative.
func New(store Store, o *Options) *Ledger {
	if store == nil {
		panic("ledger: New: store is nil")
	}
	l := &Ledger{store: store}
	if o != nil {
		l.o = *o
	}
	if l.o.Window == 0 {
		l.o.Window = time.Hour
	}
	if l.o.Timeout == 0 {
		l.o.Timeout = 2 * time.Second
	}
	if l.o.Window < 0 || l.o.Timeout < 0 {
		panic(fmt.Sprintf("ledger: New: Window is %v and Timeout is %v; want 0 or more", l.o.Window, l.o.Timeout))
	}
	return l
}

// A note is what the ledger remembers of a request that it sees.
type note struct {
	began    time.Time
	header   http.Header
	file     downloadview.File // nil: no view has decided yet
	observed bool
}

// noteKey is the key of a note in the context: each Ledger has its own.
type noteKey struct{ l *Ledger }

// Handler returns a handler that lets [Ledger.Observe] see the answers of next. It
// doesn't wrap the ResponseWriter, so that files leave by sendfile(2) as before. Handlers
// between it and those of files must use the same header, and answer in the same
// goroutine: put [http.TimeoutHandler] outside. If an answer with a file comes from a handler that doesn't call Observe, the log says so.
func (l *Ledger) Handler(next http.Handler) http.Handler {
	inner := downloadview.Use(l.view)(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := &note{began: time.Now(), header: w.Header()}
		inner.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), noteKey{l}, n)))
		downloadview.AfterAnswer(r, func() { l.complain(r, n) })
	})
}

// complain logs that an answer with a file was not observed.
func (l *Ledger) complain(r *http.Request, n *note) {
	if n.file != nil && !n.observed {
		l.logger().LogAttrs(context.WithoutCancel(r.Context()), slog.LevelError, "download missing in the ledger: the handler's options have no Observer of the ledger",
			slog.String("method", r.Method), slog.String("file", n.file.Name()))
	}
}

func (l *Ledger) view(v downloadview.View) downloadview.View {
	return downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		resp, err := v.Respond(r)
		if n, ok := r.Context().Value(noteKey{l}).(*note); ok && err == nil {
			n.file = resp.File
		}
		return resp, err
	})
}

// Observe is the [downloadview.Observer] that fills the ledger. If the request is handed
// over to a proxy, it adds [Field] to the answer's header. It does nothing for a request
// that didn't come through [Ledger.Handler]. If the store fails, the download goes on
// and is missing in the ledger, and the log says so.
func (l *Ledger) Observe(r *http.Request, o downloadview.Outcome) {
	n, ok := r.Context().Value(noteKey{l}).(*note)
	if !ok {
		return
	}
	n.observed = true
	if n.file == nil || !isDownload(o) {
		return
	}
	if err := l.add(r, n, o); err != nil {
		l.logger().LogAttrs(context.WithoutCancel(r.Context()), slog.LevelError, "download missing in the ledger",
			slog.String("method", r.Method), slog.String("file", n.file.Name()), slog.Any("error", err))
	}
}

func (l *Ledger) add(r *http.Request, n *note, o downloadview.Outcome) error {
	// A client that has gone away has ended the request's context.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), l.o.Timeout)
	defer cancel()
	p := Part{
		Download: Download{Subject: l.subject(r), Name: n.file.Name()},
		Began:    n.began,
		Time:     n.began.Add(o.Duration),
		Kind:     Streamed,
	}
	if src, ok := downloadview.SourceOf(n.file); ok {
		p.Source = src.String()
	}
	p.Download = p.Download.shortened()
	p.What = p.Download.What()
	switch o.Mode {
	case downloadview.Offloaded:
		p.Kind = HandedOver
	case downloadview.Redirected:
		p.Kind = Redirected
	}
	a := answer{
		method: r.Method, status: o.Status, bytes: o.Bytes, tag: n.header.Get("Etag"),
		contentRange: n.header.Get("Content-Range"), contentLength: n.header.Get("Content-Length"), ended: o.AbortedBy.String(),
	}
	if p.Kind != Streamed {
		a.method = http.MethodHead // bytes of the file are not in this answer
	}
	a.fill(&p)
	if p.Kind != Streamed {
		p.Size = -1
	}
	var err error
	if p.ID, err = l.store.Open(ctx, p.What, n.began, l.o.Window); err != nil {
		return err
	}
	if p.Kind == HandedOver {
		n.header.Set(Field, p.ID)
	}
	return l.store.Add(ctx, p)
}

// isDownload reports whether a request with the outcome belongs to a download. One that
// was refused, or that found no file, doesn't.
func isDownload(o downloadview.Outcome) bool {
	switch o.Status {
	case http.StatusPreconditionFailed, http.StatusRequestedRangeNotSatisfiable:
		return true
	}
	return o.Status < http.StatusBadRequest
}

func (l *Ledger) subject(r *http.Request) string {
	if l.o.Subject != nil {
		if s := l.o.Subject(r); s != "" {
			return s
		}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

func (l *Ledger) logger() *slog.Logger {
	if l.o.Logger != nil {
		return l.o.Logger
	}
	return slog.Default()
}
