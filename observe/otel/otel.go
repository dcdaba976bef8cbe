// Package otel makes spans and metrics of downloads with OpenTelemetry.
//
//	t, err := otel.New(nil)
//	…
//	o := &downloadview.Options{Tracer: t, Observer: t.Observe}
//	client := &http.Client{Transport: t.Transport("reports", http.DefaultTransport)}
//
// Each request is a span "download", below the span of the request's context if
// there is one, such as that of otelhttp. Below it are spans for its stages:
// "respond", "look", "open", "send" and "hand over" (see [downloadview.Stage]). With
// [Telemetry.Transport], each request to a store is a span below the stage that it is
// made in; so a retry in the middle of a body is below "send". A retry has the
// attribute http.request.resend_count.
//
// Metrics:
//
//   - downloadview.downloads.open: requests that are being answered
//   - downloadview.answers {mode, rule, status}: requests that were answered; status is a
//     number, or "canceled" if the client left before the answer began
//   - downloadview.body {mode, rule}: bytes of bodies that this process has written. For
//     files that a proxy sends they are 0: the proxy knows them
//   - downloadview.aborts {party}: downloads that were cut short, and by which side
//   - downloadview.store.requests {storage, operation, status}: requests to stores;
//     status is a number, "error" (no answer), "cut" (the body broke off) or "canceled"
//     (the client was gone)
//   - downloadview.store.duration {storage, operation}: seconds until the store answered
//   - downloadview.leases {result}: see [Telemetry.Lease]
//   - downloadview.ledger.parts {result}: see [Telemetry.Ledger]
//   - downloadview.spool.events, downloadview.spool.content {event}: see [Telemetry.Spool]
//   - downloadview.readahead.memory.usage, downloadview.readahead.memory.limit: see
//     [Telemetry.ReadAhead]
//
// The attributes of metrics have few values: no key, path, bucket or address is among
// them, and an unknown value becomes "other". The names of rules and storages are as
// they were configured. Spans have paths and addresses of stores, but never a query,
// which may have a signature.
//
// The duration of requests is not measured here: otelhttp does that. Its
// http.server.response.body.size is 0 for files that the kernel sends;
// downloadview.body has their bytes.
package otel

import (
	"sync"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/downloadview/downloadview"
)

const scope = "github.com/downloadview/downloadview/observe/otel"

// Options are the options of [New]. nil and the zero value are good defaults.
type Options struct {
	// TracerProvider makes the spans; nil is the global one of OpenTelemetry.
	TracerProvider trace.TracerProvider

	// MeterProvider makes the metrics; nil is the global one of OpenTelemetry.
	MeterProvider metric.MeterProvider

	// ErrorText returns the text of an error for spans. nil is the error's own text,
	// up to 300 bytes, without the queries and the users of URLs.
	ErrorText func(error) string
}

// A Telemetry makes spans and metrics. It is a [downloadview.Tracer]. There is nothing to
// close: whoever made the providers shuts them down. Several goroutines may use it.
type Telemetry struct {
	tracer    trace.Tracer
	errorText func(error) string
	known     sync.Map // of *answerOptions by answer
	instruments
}

// New returns a Telemetry. One is enough for a program. An error means that the
// MeterProvider refuses an instrument.
func New(o *Options) (*Telemetry, error) {
	if o == nil {
		o = &Options{}
	}
	tracers, meters, text := o.TracerProvider, o.MeterProvider, o.ErrorText
	if tracers == nil {
		tracers = otel.GetTracerProvider()
	}
	if meters == nil {
		meters = otel.GetMeterProvider()
	}
	if text == nil {
		text = errorText
	}
	t := &Telemetry{tracer: tracers.Tracer(scope), errorText: text}
	return t, t.make(meters.Meter(scope))
}

var _ downloadview.Tracer = (*Telemetry)(nil)
