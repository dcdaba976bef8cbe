package otel

import (
	"context"
	"errors"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"

	"github.com/downloadview/downloadview"
)

// Observe counts an outcome, and describes it in the span "download" of the request. It
// is a [downloadview.Observer]. Without the Telemetry as Tracer there is no such span.
func (t *Telemetry) Observe(r *http.Request, o downloadview.Outcome) {
	ctx := context.WithoutCancel(r.Context())
	how := t.optionsFor(answer{o.Mode.String(), o.Rule, answerText(&o)})
	t.answers.Add(ctx, 1, how.answers...)
	t.body.Add(ctx, o.Bytes, how.body...)
	if o.AbortedBy != downloadview.NotAborted {
		t.aborts.Add(ctx, 1, metric.WithAttributes(attribute.String("party", o.AbortedBy.String())))
	}
	if p := placeIn(ctx); p != nil && p.span.IsRecording() {
		t.describe(p, r, &o)
	}
}

// answerText returns the status of an answer as the value of an attribute. If the client
// left before there was one, what would have been sent is no failure of the server.
func answerText(o *downloadview.Outcome) string {
	if o.AbortedBy == downloadview.AbortedByClient && o.Status >= http.StatusInternalServerError && errors.Is(o.Err, context.Canceled) {
		return canceled
	}
	return statusText(o.Status)
}

func (t *Telemetry) describe(p *place, r *http.Request, o *downloadview.Outcome) {
	p.span.SetAttributes(
		attribute.String("http.request.method", methodText(r.Method)),
		attribute.String("url.path", r.URL.Path),
		attribute.Int("http.response.status_code", o.Status),
		attribute.String("downloadview.mode", o.Mode.String()),
		attribute.Int64("downloadview.body.size", o.Bytes),
	)
	for _, a := range []attribute.KeyValue{
		attribute.String("downloadview.rule", o.Rule),
		attribute.String("downloadview.obstacle", string(o.Obstacle)),
		attribute.String("downloadview.aborted_by", o.AbortedBy.String()),
	} {
		if a.Value.AsString() != "" {
			p.span.SetAttributes(a)
		}
	}
	switch {
	case o.AbortedBy == downloadview.AbortedByOrigin, o.AbortedBy == downloadview.AbortedByServer,
		o.AbortedBy == downloadview.NotAborted && o.Status >= http.StatusInternalServerError:
		text := http.StatusText(o.Status)
		if o.Err != nil {
			text = t.errorText(o.Err)
		}
		p.span.SetStatus(codes.Error, text)
	}
}

// An answer is what the attributes of an answer are made of.
type answer struct{ mode, rule, status string }

// answerOptions have the attributes for an answer. Making them costs more than counting.
type answerOptions struct{ answers, body []metric.AddOption }

// optionsFor returns the options for a. There are as many as the metrics have series.
func (t *Telemetry) optionsFor(a answer) *answerOptions {
	if known, ok := t.known.Load(a); ok {
		return known.(*answerOptions)
	}
	all := []attribute.KeyValue{
		attribute.String("mode", a.mode),
		attribute.String("rule", a.rule),
		attribute.String("status", a.status),
	}
	o := &answerOptions{
		answers: []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(all...))},
		body:    []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(all[0], all[1]))},
	}
	t.known.Store(a, o)
	return o
}
