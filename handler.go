package downloadview

import (
	"errors"
	"log/slog"
	"net/http"
)

// Options are the settings of a handler beside its view. nil and the zero value
// are good defaults.
type Options struct {
	// Logger gets a line at [slog.LevelError] for every answer that is the server's
	// fault (500 and up) and for every download that the server cut short, and a
	// line at [slog.LevelDebug] for other errors. What ends because the client was too
	// slow, or the server is stopping, has [slog.LevelInfo]; a client that leaves has no
	// line. A line has the method, the path without its query, the status and the error.
	// nil is [slog.Default].
	Logger *slog.Logger

	// Error writes the answer to a request that failed, in place of the status
	// text. The header that belongs to the error is already in w and not written
	// yet. [WriteError] writes the usual answer.
	Error func(w http.ResponseWriter, r *http.Request, status int, err error)

	// NotModified may change the header of a 304, which is complete in w and not
	// written yet. It must not write, because a 304 has no body.
	NotModified func(w http.ResponseWriter, r *http.Request)

	// Observer is called with the outcome of each request. nil calls nothing.
	Observer Observer

	// Tracer learns when the stages of each request begin and end. nil costs
	// nothing.
	Tracer Tracer
}

// NewHandler returns a handler that answers with the responses of v. It answers
// GET and HEAD, and any other method with 405. nil options mean those of
// [UseOptions], else the defaults. A nil View panics.
func NewHandler(v View, o *Options) http.Handler {
	if v == nil {
		panic("downloadview: NewHandler of a nil View")
	}
	return &handler{v, o}
}

type handler struct {
	view    View
	options *Options
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s := scopeOf(r.Context())
	if h.options != nil {
		s.options = h.options
	}
	var x exchange
	x.begin(w, r, s.options)
	x.returns = true
	if x.over != nil {
		defer x.traced(errPanicked)
	}
	if !isGetOrHead(r.Method) {
		x.refuse(errMethod)
		return
	}
	x.answer(s.around(h.view))
}

var errMethod = &StatusError{
	Status: http.StatusMethodNotAllowed,
	Err:    errors.New("only GET and HEAD are allowed"),
	Header: http.Header{"Allow": {"GET, HEAD"}},
}

// Send answers r with resp. Call it in any handler, for whatever method the
// application has routed there; a HEAD gets no body. The middleware and the
// options of an outer [Use] and [UseOptions] apply.
func Send(w http.ResponseWriter, r *http.Request, resp Response) {
	s := scopeOf(r.Context())
	var x exchange
	x.begin(w, r, s.options)
	if x.over != nil {
		defer x.traced(errPanicked)
	}
	if len(s.middleware) == 0 {
		x.resp = resp
		x.carryOut()
		return
	}
	x.answer(s.around(ViewFunc(func(*http.Request) (Response, error) { return resp, nil })))
}

// SendFile is [Send] of f with the defaults for everything else.
func SendFile(w http.ResponseWriter, r *http.Request, f File) {
	Send(w, r, Response{File: f})
}
