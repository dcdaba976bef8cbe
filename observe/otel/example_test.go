package otel_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/middleware"
	"github.com/downloadview/downloadview/middleware/memlease"
	"github.com/downloadview/downloadview/observe/otel"
	"github.com/downloadview/downloadview/spool"
)

// Every request is counted, and is a span. A real program gives the providers an exporter.
func ExampleNew() {
	spans := tracetest.NewSpanRecorder()
	t, err := otel.New(&otel.Options{
		TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)),
		MeterProvider:  metric.NewMeterProvider(),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: downloadview.FromString("hello.txt", "Hello, world!", nil)}, nil
	})
	h := downloadview.NewHandler(view, &downloadview.Options{Tracer: t, Observer: t.Observe})
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/hello.txt", nil))
	for _, span := range spans.Ended() {
		fmt.Println(span.Name())
	}
	// Output:
	// respond
	// open
	// send
	// download
}

// A request to a store is a span below the stage that it is made in.
func ExampleTelemetry_Transport() {
	spans := tracetest.NewSpanRecorder()
	t, err := otel.New(&otel.Options{TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))})
	if err != nil {
		fmt.Println(err)
		return
	}
	store := httptest.NewServer(http.NotFoundHandler())
	defer store.Close()
	client := &http.Client{Transport: t.Transport("reports", http.DefaultTransport)}
	defer client.CloseIdleConnections()
	ctx, end := t.Start(context.Background(), downloadview.Answering) // as the handler does
	r, err := http.NewRequestWithContext(ctx, "GET", store.URL+"/a.pdf?sig=xyz", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	resp, err := client.Do(r)
	if err == nil {
		resp.Body.Close()
	}
	end(err)
	for _, span := range spans.Ended() {
		fmt.Println(span.Name())
	}
	// Output:
	// store read
	// download
}

// Other packages have an Observer that the metrics are counted by.
func ExampleTelemetry_Lease() {
	t, err := otel.New(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	leases := middleware.NewLeases(memlease.New(nil), &middleware.LeasesOptions{
		Observer: func(s middleware.LeaseState, err error) { t.Lease(s.String(), err) },
	})
	reports := &spool.Options{
		Observer: func(e spool.Event) { t.Spool(string(e.Kind), e.Bytes) },
	}
	fmt.Println(leases != nil, reports != nil)
	// Output: true true
}
