package downloadview

import (
	"errors"
	"log/slog"
	"net/http"
)

// Options are what a handler has beside its view. nil and the zero value are
// good defaults.
type Options struct {
	// Logger gets a line at [slog.LevelError] for every answer that is the
	// server's fault (500 and up) or was cut short by it, and one at
	// [slog.LevelDebug] for other errors. A line names the method, the path
	// without its query, and the error. nil is [slog.Default].
	Logger *slog.Logger

	// Error writes the answer to a request that failed, in place of the status
	// text. The header that goes with the error is already in w, not written.
	// [WriteError] writes the usual answer.
	Error func(w http.ResponseWriter, r *http.Request, status int, err error)

	// NotModified may change the header of a 304, which is complete in w but not
	// written. It writes nothing: such an answer has no body.
	NotModified func(w http.ResponseWriter, r *http.Request)

	// Observer is told what became of each request; nil: nobody is.
	Observer Observer
}

// NewHandler returns the handler that carries v's responses out. It answers
// GET and HEAD, and anything else with 405. nil options mean those of
// [UseOptions], else defaults. A nil View panics.
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
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
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

// Send answers r with resp, from within any handler and for whatever method
// the application routed to it; a HEAD gets no body. Middleware and options
// come from [Use] and [UseOptions] above.
func Send(w http.ResponseWriter, r *http.Request, resp Response) {
	s := scopeOf(r.Context())
	var x exchange
	x.begin(w, r, s.options)
	if len(s.middleware) == 0 {
		x.resp = resp
		x.carryOut()
		return
	}
	x.answer(s.around(ViewFunc(func(*http.Request) (Response, error) { return resp, nil })))
}

// SendFile is [Send] of f with defaults for the rest.
func SendFile(w http.ResponseWriter, r *http.Request, f File) {
	Send(w, r, Response{File: f})
}
