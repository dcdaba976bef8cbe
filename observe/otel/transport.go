package otel

import (
	"context"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// Transport returns a transport that makes requests to a store by base, and makes a span
// and a count of each: give it to the client of a storage. storage is the name for this
// store in metrics, such as that of its configuration. nil is [http.DefaultTransport].
//
// A span has the name of the operation, such as "store read". It ends with the body. If
// the client is instrumented already, there are no two spans of the kind client for a
// request: below such a span, its attributes are added to that one; above it, it is an
// internal one. It propagates nothing to the store.
func (t *Telemetry) Transport(storage string, base http.RoundTripper) http.RoundTripper {
	if base == nil {
		base = http.DefaultTransport
	}
	return &transport{t, storage, base}
}

type transport struct {
	t       *Telemetry
	storage string
	base    http.RoundTripper
}

// A request is one request to a store.
type request struct {
	t         *Telemetry
	ctx       context.Context
	storage   string
	operation string
	span      trace.Span
	own       bool      // the span is ours to end
	download  *download // nil: the request is not for a download
	what      failure   // what it is if it fails
	noted     bool      // it has failed
}

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	q := t.begin(r)
	begun := time.Now()
	resp, err := t.base.RoundTrip(r.WithContext(q.ctx))
	t.t.duration.Record(context.WithoutCancel(q.ctx), time.Since(begun).Seconds(),
		metric.WithAttributes(attribute.String("storage", t.storage), attribute.String("operation", q.operation)))
	if err != nil {
		q.broken("error", 0, err)
		return resp, err
	}
	resp.Request = r
	q.answered(r, resp)
	return resp, nil
}

// CloseIdleConnections closes the idle connections of the transport below.
func (t *transport) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

func (t *transport) begin(r *http.Request) *request {
	ctx := r.Context()
	q := &request{t: t.t, storage: t.storage, operation: operationOf(r), what: failureOf(r)}
	if p := placeIn(ctx); p != nil {
		q.download = p.download
		ctx = p.in(ctx)
	}
	if above := trace.SpanFromContext(ctx); isClient(above) {
		q.ctx, q.span = ctx, above
	} else {
		q.ctx, q.span = t.t.tracer.Start(ctx, "store "+q.operation)
		q.own = true
		q.span.SetAttributes(
			attribute.String("http.request.method", methodText(r.Method)),
			attribute.String("server.address", r.URL.Host),
			attribute.String("url.path", r.URL.EscapedPath()),
		)
	}
	q.span.SetAttributes(
		attribute.String("downloadview.storage", t.storage),
		attribute.String("downloadview.operation", q.operation),
	)
	if f := rangeField(r.Header); f != "" {
		q.span.SetAttributes(attribute.String("downloadview.range", f))
	}
	if q.download != nil {
		if q.what.tried = q.download.retries(q.what); q.what.tried > 0 {
			q.span.SetAttributes(attribute.Int("http.request.resend_count", q.what.tried))
		}
	}
	return q
}

// isClient reports whether s is a recording span of the kind client.
func isClient(s trace.Span) bool {
	k, ok := s.(interface{ SpanKind() trace.SpanKind })
	return ok && s.IsRecording() && k.SpanKind() == trace.SpanKindClient
}

// answered records the header of an answer. The request is over with its body.
func (q *request) answered(r *http.Request, resp *http.Response) {
	if q.own {
		q.span.SetAttributes(attribute.Int("http.response.status_code", resp.StatusCode))
	}
	status := statusText(resp.StatusCode)
	if isFailure(resp.StatusCode) {
		q.failed(0)
		if q.own {
			q.span.SetStatus(codes.Error, "the store answered "+status)
		}
	}
	if resp.Body == nil || resp.Body == http.NoBody || r.Method == http.MethodHead {
		q.over(status)
		return
	}
	q.what.cover(resp)
	resp.Body = &body{ReadCloser: resp.Body, request: q, status: status}
}

// isFailure reports whether a store that answers with status may answer otherwise later.
func isFailure(status int) bool {
	return status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout
}

// broken records that the request failed, after so many bytes of the body.
func (q *request) broken(status string, read int64, err error) {
	if q.download != nil && q.download.ctx.Err() != nil {
		q.over(canceled)
		return
	}
	q.failed(read)
	if q.own && q.span.IsRecording() {
		text := q.t.errorText(err)
		q.t.event(q.span, text)
		q.span.SetStatus(codes.Error, text)
	}
	q.over(status)
}

func (q *request) failed(read int64) {
	q.noted = true
	if q.download != nil {
		q.what.read = read
		q.download.failed(q.what)
	}
}

func (q *request) over(status string) {
	q.t.requests.Add(context.WithoutCancel(q.ctx), 1, metric.WithAttributes(
		attribute.String("storage", q.storage), attribute.String("operation", q.operation), attribute.String("status", status)))
	if q.own {
		q.span.End()
	}
}
