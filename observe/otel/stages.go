package otel

import (
	"context"
	"errors"
	"slices"
	"sync"
	"syscall"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/downloadview/downloadview"
)

// A download is the state of one request.
type download struct {
	ctx context.Context // of the request

	mu       sync.Mutex
	stages   []*place // that have begun and not ended; the first one is the answer
	failures failures // of requests to stores
}

// A place is the value of a stage's context.
type place struct {
	download *download
	span     trace.Span
}

type placeKey struct{}

// placeIn returns the place of ctx, or nil.
func placeIn(ctx context.Context) *place {
	p, _ := ctx.Value(placeKey{}).(*place)
	return p
}

// top returns the innermost stage, or nil.
func (d *download) top() trace.Span {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.stages) == 0 {
		return nil
	}
	return d.stages[len(d.stages)-1].span
}

// in returns ctx with the span of the innermost stage in place of that of an outer one,
// or of one that is over: a file that was opened goes on to use the context of its
// opening. Spans that the application has begun itself stay.
func (p *place) in(ctx context.Context) context.Context {
	if trace.SpanContextFromContext(ctx).SpanID() != p.span.SpanContext().SpanID() {
		return ctx
	}
	if top := p.download.top(); top != nil {
		return trace.ContextWithSpan(ctx, top)
	}
	return ctx
}

// Start begins the span of a stage, and counts open downloads. If the download is not
// sampled, its stages have no spans.
func (t *Telemetry) Start(ctx context.Context, s downloadview.Stage) (context.Context, func(error)) {
	var d *download
	if p := placeIn(ctx); p != nil && s != downloadview.Answering {
		if !p.span.IsRecording() { // of metrics alone, or not sampled
			return ctx, func(error) {}
		}
		d = p.download
		ctx = p.in(ctx)
	} else {
		d = &download{ctx: ctx}
	}
	name := s.String()
	if s == downloadview.Answering {
		name = "download"
		t.open.Add(ctx, 1)
	}
	ctx, span := t.tracer.Start(ctx, name)
	p := &place{d, span}
	d.mu.Lock()
	d.stages = append(d.stages, p)
	d.mu.Unlock()
	ctx = context.WithValue(ctx, placeKey{}, p)
	return ctx, func(err error) {
		t.fail(ctx, span, s, err)
		d.end(p)
		if s == downloadview.Answering {
			t.open.Add(context.WithoutCancel(ctx), -1)
		}
	}
}

// end ends the span of p, and those of the stages in it that a panic left open.
func (d *download) end(p *place) {
	d.mu.Lock()
	defer d.mu.Unlock()
	from := slices.Index(d.stages, p)
	if from < 0 {
		return
	}
	for _, s := range slices.Backward(d.stages[from:]) {
		s.span.End()
	}
	d.stages = d.stages[:from]
}

// fail records err in the span of a stage. The status of the whole download is that of
// the Outcome.
func (t *Telemetry) fail(ctx context.Context, span trace.Span, s downloadview.Stage, err error) {
	if err == nil || errors.Is(err, errors.ErrUnsupported) || !span.IsRecording() {
		return
	}
	text := t.errorText(err)
	t.event(span, text)
	byServer := downloadview.StatusCode(err) >= 500 && ctx.Err() == nil && !isOfClient(err)
	if s != downloadview.Answering && byServer {
		span.SetStatus(codes.Error, text)
	}
}

// event adds the text of an error to a span, as RecordError does.
func (t *Telemetry) event(span trace.Span, text string) {
	span.AddEvent("exception", trace.WithAttributes(attribute.String("exception.message", text)))
}

// isOfClient reports whether err means that the client has closed the connection.
func isOfClient(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)
}
