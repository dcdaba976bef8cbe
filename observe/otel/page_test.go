package otel_test

import (
	"net/http"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/observe/otel"
)

// The code of docs/observe.md.
func pageTelemetry() (*downloadview.Options, *http.Client, error) {
	t, err := otel.New(nil) // of github.com/downloadview/downloadview/observe/otel
	if err != nil {
		return nil, nil, err
	}
	o := &downloadview.Options{Tracer: t, Observer: t.Observe}
	client := &http.Client{Transport: t.Transport("reports", http.DefaultTransport)} // for the client of the store
	return o, client, nil
}

var _ = pageTelemetry
