package otel_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/trace"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/faultproxy"
	"github.com/downloadview/downloadview/internal/s3test"
	"github.com/downloadview/downloadview/storage/readahead"
	"github.com/downloadview/downloadview/storage/resume"
	"github.com/downloadview/downloadview/storage/s3bucket"
)

var quiet = slog.New(slog.DiscardHandler)

const (
	size = 300_000
	cut  = 100_000 // where bodies break off
)

// A store is a real S3 server behind a proxy that makes faults.
type store struct {
	server *s3test.Server
	proxy  *faultproxy.Proxy
}

func newStore(t *testing.T) *store {
	srv := s3test.Start(t)
	srv.Put(t, "reports/a.pdf", bytes.Repeat([]byte("0123456789"), size/10))
	return &store{srv, faultproxy.Start(t, strings.TrimPrefix(srv.Endpoint, "http://"))}
}

// storage returns the bucket, whose requests are made by wrap of a transport.
func (s *store) storage(t *testing.T, wrap func(http.RoundTripper) http.RoundTripper) downloadview.Storage {
	base := &http.Transport{}
	t.Cleanup(base.CloseIdleConnections)
	client := s.server.NewClient(t, func(o *s3.Options) {
		o.BaseEndpoint = &s.proxy.URL
		o.HTTPClient = &http.Client{Transport: wrap(base)}
		o.Retryer = aws.NopRetryer{}
	})
	return resume.New(s3bucket.New(client, s.server.Bucket, nil), &resume.Options{
		Backoff: func(int) time.Duration { return time.Millisecond },
	})
}

// A fault of the store is one tree, from which its reason and each retry can be read.
func TestStoreFault(t *testing.T) {
	st := newStore(t)
	docs, err := os.ReadFile("../../docs/observe.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name    string
		request func(*http.Request)
		set     func(p *faultproxy.Proxy)
		status  int
		want    string
		counts  string
	}{
		{"no fault", nil, func(*faultproxy.Proxy) {}, 200, `
download mode=stream status_code=200 size=300000
  respond
  open
    store read status_code=200 size=300000
  send
`, "store.requests{operation=read status=200 storage=reports} 1\n"},
		{"503, then cut off", nil, func(p *faultproxy.Proxy) {
			p.On(1, faultproxy.Gets, faultproxy.S3Error(503, "SlowDown", "Retry-After", "0"))
			p.On(2, faultproxy.Gets, faultproxy.Cut(cut, faultproxy.FIN))
		}, 200, `
download mode=stream status_code=200 size=300000
  respond
  open
    store read status_code=503 size=136 ERROR: the store answered 503
    store read status_code=200 resend_count=1 size=100000 ERROR: unexpected EOF
  send
    store read status_code=206 range=bytes=100000-299999 resend_count=2 size=200000
`, `store.requests{operation=read status=206 storage=reports} 1
store.requests{operation=read status=503 storage=reports} 1
store.requests{operation=read status=cut storage=reports} 1
`},
		{"cut off in the last bytes", func(r *http.Request) { r.Header.Set("Range", "bytes=-200000") }, func(p *faultproxy.Proxy) {
			p.On(1, faultproxy.Gets, faultproxy.Cut(cut, faultproxy.FIN))
		}, 206, `
download mode=stream status_code=206 size=200000
  respond
  open
    store read status_code=206 range=bytes=-200000 size=100000 ERROR: unexpected EOF
  send
    store read status_code=206 range=bytes=200000-299999 resend_count=1 size=100000
`, `store.requests{operation=read status=206 storage=reports} 1
store.requests{operation=read status=cut storage=reports} 1
`},
		{"500, ever", nil, func(p *faultproxy.Proxy) {
			p.On(0, nil, faultproxy.S3Error(500, "InternalError"))
		}, 502, `
download mode=stream status_code=502 size=12 ERROR: open reports/a.pdf: upstream failed: operation error S3: GetObject, https response error StatusCode: 500, RequestID: 1, HostID: , api error InternalError: at secret.internal
  respond
  open ERROR: open reports/a.pdf: upstream failed: operation error S3: GetObject, https response error StatusCode: 500, RequestID: 1, HostID: , api error InternalError: at secret.internal
    store read status_code=500 size=141 ERROR: the store answered 500
    store read status_code=500 resend_count=1 size=141 ERROR: the store answered 500
    store read status_code=500 resend_count=2 size=141 ERROR: the store answered 500
`, "store.requests{operation=read status=500 storage=reports} 3\n"},
		{"a store that is down", nil, func(p *faultproxy.Proxy) { p.Refuse() }, 502, `
download mode=stream status_code=502 size=12 ERROR: open reports/a.pdf: upstream failed: operation error S3: GetObject, https response error StatusCode: 0, RequestID: , HostID: , request send failed, Get "http://ADDR/files/reports/a.pdf": dial tcp ADDR: connect: connection refused
  respond
  open ERROR: open reports/a.pdf: upstream failed: operation error S3: GetObject, https response error StatusCode: 0, RequestID: , HostID: , request send failed, Get "http://ADDR/files/reports/a.pdf": dial tcp ADDR: connect: connection refused
    store read ERROR: dial tcp ADDR: connect: connection refused
    store read resend_count=1 ERROR: dial tcp ADDR: connect: connection refused
    store read resend_count=2 ERROR: dial tcp ADDR: connect: connection refused
`, "store.requests{operation=read status=error storage=reports} 3\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newScene()
			st.proxy.Reset()
			tt.set(st.proxy)
			h := s.handler(st.storage(t, func(base http.RoundTripper) http.RoundTripper { return s.Transport("reports", base) }), nil)
			r := httptest.NewRequest("GET", "/reports/a.pdf", nil)
			if tt.request != nil {
				tt.request(r)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != tt.status {
				t.Errorf("status %d, want %d", w.Code, tt.status)
			}
			got := address.ReplaceAllString(s.tree("downloadview.mode", "http.response.status_code", "downloadview.range", "http.request.resend_count", "downloadview.body.size"), "ADDR")
			t.Logf("\n%s", got)
			if "\n"+got != tt.want {
				t.Errorf("want the tree%s", tt.want)
			}
			if tt.name == "503, then cut off" && !strings.Contains(string(docs), tt.want) {
				t.Error("docs/observe.md has not this tree")
			}
			if got := s.text("store.requests"); got != tt.counts {
				t.Errorf("counted\n%swant\n%s", got, tt.counts)
			}
		})
	}
}

var address = regexp.MustCompile(`127\.0\.0\.1:\d+`)

// A request that ends because the client has gone is no fault of the store.
func TestClientGone(t *testing.T) {
	st := newStore(t)
	s := newScene()
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	st.proxy.On(1, nil, faultproxy.Before(leave), faultproxy.Mute())
	storage := st.storage(t, func(base http.RoundTripper) http.RoundTripper { return s.Transport("reports", base) })
	s.handler(storage, nil).ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/reports/a.pdf", nil))
	if got, want := s.tree("downloadview.aborted_by"), "download aborted_by=client\n  respond\n  open\n    store read\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if got, want := s.text("store.requests"), "store.requests{operation=read status=canceled storage=reports} 1\n"; got != want {
		t.Errorf("counted %s, want %s", got, want)
	}
}

// Parts that are fetched at once are not taken for retries, and a retry of a part is.
func TestPartsAtOnce(t *testing.T) {
	st := newStore(t)
	const part = 50_000
	for _, tt := range []struct {
		name    string
		set     func()
		retries int
	}{
		{"no fault", func() {}, 0},
		{"a part breaks off", func() {
			st.proxy.On(1, func(r *http.Request) bool { return r.Header.Get("Range") == "bytes=100000-149999" }, faultproxy.Cut(part/2, faultproxy.FIN))
		}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newScene()
			st.proxy.Reset()
			tt.set()
			storage := st.storage(t, func(base http.RoundTripper) http.RoundTripper { return s.Transport("reports", base) })
			budget := readahead.NewBudget(4 * part)
			s.ReadAhead(budget.Memory)
			storage = readahead.New(storage, &readahead.Options{Parts: 4, PartSize: part, Budget: budget})
			w := httptest.NewRecorder()
			s.handler(storage, nil).ServeHTTP(w, httptest.NewRequest("GET", "/reports/a.pdf", nil))
			if w.Code != 200 || w.Body.Len() != size {
				t.Fatalf("status %d, %d bytes", w.Code, w.Body.Len())
			}
			tree := s.tree("downloadview.range", "http.request.resend_count")
			parts := strings.Count(tree, "store read")
			if got := strings.Count(tree, "resend_count"); got != tt.retries || parts != size/part+tt.retries {
				t.Errorf("%d requests, %d retries; want %d and %d:\n%s", parts, got, size/part+tt.retries, tt.retries, tree)
			}
			if tt.retries > 0 && !strings.Contains(tree, "range=bytes=125000-149999 resend_count=1") {
				t.Errorf("the rest of the part is not the retry:\n%s", tree)
			}
			if got, want := s.text("readahead."), "readahead.memory.limit{} 200000\nreadahead.memory.usage{} 0\n"; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

// A client of the store that otelhttp instruments has one span of the kind client for a
// request, on whichever side of it ours is.
func TestInstrumentedClient(t *testing.T) {
	st := newStore(t)
	for _, tt := range []struct{ name, want string }{
		{"above", "download\n  respond\n  open\n    HTTP GET storage=reports operation=read\n  send\n"},
		{"below", "download\n  respond\n  open\n    store read storage=reports operation=read\n      HTTP GET\n  send\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newScene()
			theirs := func(base http.RoundTripper) http.RoundTripper {
				return otelhttp.NewTransport(base, otelhttp.WithTracerProvider(s.traces), otelhttp.WithMeterProvider(s.meters))
			}
			ours := func(base http.RoundTripper) http.RoundTripper { return s.Transport("reports", base) }
			storage := st.storage(t, func(base http.RoundTripper) http.RoundTripper {
				if tt.name == "above" {
					return theirs(ours(base))
				}
				return ours(theirs(base))
			})
			w := httptest.NewRecorder()
			s.handler(storage, nil).ServeHTTP(w, httptest.NewRequest("GET", "/reports/a.pdf", nil))
			if got := s.tree("downloadview.storage", "downloadview.operation"); got != tt.want || w.Code != 200 {
				t.Errorf("%d, got\n%swant\n%s", w.Code, got, tt.want)
			}
			clients := 0
			for _, span := range s.spans.Ended() {
				if span.SpanKind() == trace.SpanKindClient {
					clients++
				}
			}
			if clients != 1 {
				t.Errorf("%d spans of the kind client, want 1", clients)
			}
			if got, want := s.text("store.requests"), "store.requests{operation=read status=200 storage=reports} 1\n"; got != want {
				t.Errorf("counted %s, want %s", got, want)
			}
		})
	}
}
