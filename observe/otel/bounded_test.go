package otel_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/observe/otel"
)

func neverSampled(t *testing.T) *otel.Telemetry {
	tel, err := otel.New(&otel.Options{TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample()))})
	if err != nil {
		t.Fatal(err)
	}
	return tel
}

type answering int

func (s answering) RoundTrip(r *http.Request) (*http.Response, error) {
	if s == 0 {
		return nil, errors.New("refused")
	}
	return &http.Response{StatusCode: int(s), Header: http.Header{}, Body: io.NopCloser(strings.NewReader("x")), Request: r}, nil
}

// However many keys, methods, hosts, states and statuses there are, the number of series
// stays the same.
func TestSeriesAreBounded(t *testing.T) {
	s := newScene()
	h := s.handler(memory, nil)
	round := func(n int) {
		text := fmt.Sprint("x", n)
		for _, method := range []string{"GET", "HEAD", "POST", text, strings.ToUpper(text)} {
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, "/"+text+"?"+text, nil))
			for _, status := range []answering{0, 200, 503, answering(600 + n)} {
				r := httptest.NewRequest(method, "http://"+text+".test/"+text+"?"+text, nil)
				if resp, err := s.Transport("reports", status).RoundTrip(r); err == nil {
					resp.Body.Close()
				}
			}
		}
		s.Lease(text, nil)
		s.Lease("new", errors.New(text))
		s.Ledger()(errors.New(text))
		s.Ledger()(nil)
		s.Spool(text, int64(n))
		s.Observe(httptest.NewRequest("GET", "/"+text, nil), downloadview.Outcome{Status: 600 + n, Mode: downloadview.Mode(n), AbortedBy: downloadview.AbortedBy(n)})
	}
	for n := range 10 {
		round(n)
	}
	first := s.sums()
	for n := range 100 {
		round(10 + n)
	}
	all := s.sums()
	for name := range all {
		if _, ok := first[name]; !ok {
			t.Errorf("%s is new", name)
		}
	}
	if len(first) > 100 {
		t.Errorf("%d series from so few requests", len(first))
	}
	for name := range all {
		if strings.Contains(name, "x1") || strings.Contains(name, ".test") {
			t.Errorf("%s has a value that the client has chosen", name)
		}
	}
	for _, want := range []string{
		"leases{result=other}", "leases{result=error}", "spool.events{event=other}",
		"answers{mode=stream rule= status=other}", "store.requests{operation=other status=other storage=reports}",
	} {
		if all[want] == 0 {
			t.Errorf("no %s", want)
		}
	}
}

// No span has a query, whether the store answers or not.
func TestSpansHaveNoQuery(t *testing.T) {
	for _, status := range []answering{0, 200, 500} {
		s := newScene()
		view := downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
			q, err := http.NewRequestWithContext(r.Context(), "GET", "https://user:pass@store.test/a?X-Amz-Signature=secret", nil)
			if err != nil {
				return downloadview.Response{}, err
			}
			resp, err := (&http.Client{Transport: s.Transport("reports", status)}).Do(q)
			if err != nil {
				return downloadview.Response{}, err
			}
			resp.Body.Close()
			return downloadview.Response{}, &downloadview.StatusError{Status: 502, Err: fmt.Errorf("%s: %s", q.URL, resp.Status)}
		})
		h := downloadview.NewHandler(view, &downloadview.Options{Tracer: s, Observer: s.Observe, Logger: quiet})
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/a?dvs=secret", nil))
		seen := 0
		for _, span := range s.spans.Ended() {
			text := fmt.Sprint(span.Name(), span.Attributes(), span.Status(), span.Events())
			for _, secret := range []string{"secret", "Signature", "pass"} {
				if strings.Contains(text, secret) {
					t.Errorf("%d: a span has %q: %s", status, secret, text)
				}
			}
			if span.Name() == "store read" {
				seen++
			}
		}
		if seen != 1 {
			t.Errorf("%d spans of the store, want 1", seen)
		}
	}
}
