package command

import (
	"context"
	"net/http"
	"net/url"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/downloadview/downloadview"
)

// around returns next with otelhttp around it, which makes the span of the server and
// measures how long requests take. It sees neither the query of a request nor the token
// of a link in the path.
func (t *telemetry) around(next http.Handler) http.Handler {
	if t == nil {
		return next
	}
	inner := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		whole := *r
		whole.URL, _ = r.Context().Value(wholeURL{}).(*url.URL)
		next.ServeHTTP(w, &whole)
	})
	outer := otelhttp.NewHandler(inner, "downloadview",
		otelhttp.WithTracerProvider(t.traces), otelhttp.WithMeterProvider(t.meters), otelhttp.WithPropagators(propagation.TraceContext{}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		public := r.WithContext(context.WithValue(r.Context(), wholeURL{}, r.URL))
		public.URL = &url.URL{Path: withoutToken(r.URL.Path)}
		outer.ServeHTTP(w, public)
	})
}

// observe is a [downloadview.Observer]. It counts the outcome, and describes it in the span
// of the download.
func (t *telemetry) observe(r *http.Request, o downloadview.Outcome) {
	if path := withoutToken(r.URL.Path); path != r.URL.Path {
		public := *r
		public.URL = &url.URL{Path: path}
		r = &public
	}
	t.Observe(r, o)
}

// traceID returns the ID of the trace that r belongs to; "" if none is exported.
func (t *telemetry) traceID(r *http.Request) string {
	if !t.traced {
		return ""
	}
	if s := trace.SpanContextFromContext(r.Context()); s.IsValid() {
		return s.TraceID().String()
	}
	return ""
}

// wholeURL is the key of the context for the URL of the request.
type wholeURL struct{}
