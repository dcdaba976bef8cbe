package otel

import (
	"context"
	"errors"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// instruments are what the metrics are counted with.
type instruments struct {
	open     metric.Int64UpDownCounter
	answers  metric.Int64Counter
	body     metric.Int64Counter
	aborts   metric.Int64Counter
	requests metric.Int64Counter
	duration metric.Float64Histogram
	leases   metric.Int64Counter
	parts    metric.Int64Counter
	events   metric.Int64Counter
	content  metric.Int64Counter

	mu      sync.Mutex
	budgets []func() (used, total int64)
}

// make makes the instruments.
func (i *instruments) make(m metric.Meter) error {
	var errs []error
	counter := func(name, unit, text string) metric.Int64Counter {
		c, err := m.Int64Counter("downloadview."+name, metric.WithUnit(unit), metric.WithDescription(text))
		errs = append(errs, err)
		return c
	}
	i.answers = counter("answers", "{answer}", "Requests that were answered.")
	i.body = counter("body", "By", "Bytes of bodies that this process has written.")
	i.aborts = counter("aborts", "{download}", "Downloads that were cut short, by the side that did it.")
	i.requests = counter("store.requests", "{request}", "Requests to stores, retries included.")
	i.leases = counter("leases", "{lease}", "Answers of the store that counts the downloads of links.")
	i.parts = counter("ledger.parts", "{request}", "Requests of downloads that the ledger's store has taken, or that are missing there.")
	i.events = counter("spool.events", "{event}", "What happened in the spool.")
	i.content = counter("spool.content", "By", "Bytes of the content to which the events of the spool happened.")
	var err error
	i.open, err = m.Int64UpDownCounter("downloadview.downloads.open", metric.WithUnit("{download}"),
		metric.WithDescription("Requests that are being answered."))
	errs = append(errs, err)
	i.duration, err = m.Float64Histogram("downloadview.store.duration", metric.WithUnit("s"),
		metric.WithDescription("Time until a store sent the header of its answer."),
		metric.WithExplicitBucketBoundaries(.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30))
	errs = append(errs, err, i.observeMemory(m))
	return errors.Join(errs...)
}

func (i *instruments) observeMemory(m metric.Meter) error {
	usage, err := m.Int64ObservableUpDownCounter("downloadview.readahead.memory.usage", metric.WithUnit("By"),
		metric.WithDescription("Memory that downloads use to read ahead."))
	if err != nil {
		return err
	}
	limit, err := m.Int64ObservableUpDownCounter("downloadview.readahead.memory.limit", metric.WithUnit("By"),
		metric.WithDescription("The most memory that downloads may use to read ahead."))
	if err != nil {
		return err
	}
	_, err = m.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		used, total, ok := i.memory()
		if ok {
			o.ObserveInt64(usage, used)
			o.ObserveInt64(limit, total)
		}
		return nil
	}, usage, limit)
	return err
}

// memory returns the sums of all budgets; ok is false if there are none.
func (i *instruments) memory() (used, total int64, ok bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, budget := range i.budgets {
		u, t := budget()
		used, total = used+u, total+t
	}
	return used, total, len(i.budgets) > 0
}

// ReadAhead adds a memory for reading ahead to the metrics, such as the method Memory of
// a Budget of package storage/readahead. The metrics are the sums of all.
func (t *Telemetry) ReadAhead(memory func() (used, total int64)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.budgets = append(t.budgets, memory)
}

// Lease counts an answer of the store that counts the downloads of links. Call it from
// LeasesOptions.Observer of package middleware, with the text of the state. The result
// is "new", "same" or "used up", "error" if err is not nil, or else "other".
func (t *Telemetry) Lease(state string, err error) {
	switch {
	case err != nil:
		state = "error"
	case state != "new" && state != "same" && state != "used up":
		state = other
	}
	t.leases.Add(context.Background(), 1, metric.WithAttributes(attribute.String("result", state)))
}

// Ledger returns a function that counts the requests of downloads in a ledger: the Observer
// of a Queue of package ledger. The result is "stored" if err is nil, else "dropped". Both
// counts are there from now on.
func (t *Telemetry) Ledger() func(err error) {
	stored := metric.WithAttributes(attribute.String("result", "stored"))
	dropped := metric.WithAttributes(attribute.String("result", "dropped"))
	t.parts.Add(context.Background(), 0, stored)
	t.parts.Add(context.Background(), 0, dropped)
	return func(err error) {
		if err != nil {
			t.parts.Add(context.Background(), 1, dropped)
			return
		}
		t.parts.Add(context.Background(), 1, stored)
	}
}

// Spool counts an event of a spool, and the bytes of the content. Call it from the
// Observer of package spool, with the text of the Kind and the Bytes. An event that the
// package doesn't know is "other".
func (t *Telemetry) Spool(event string, bytes int64) {
	switch event {
	case "hit", "joined", "began", "kept", "restored", "not kept", "failed", "evicted", "expired":
	default:
		event = other
	}
	what := metric.WithAttributes(attribute.String("event", event))
	t.events.Add(context.Background(), 1, what)
	t.content.Add(context.Background(), max(bytes, 0), what)
}
