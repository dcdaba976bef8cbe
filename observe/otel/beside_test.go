package otel_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/observe/otel"
	"github.com/downloadview/downloadview/storage/iofs"
)

var memory = iofs.New(fstest.MapFS{"a": {Data: make([]byte, 10_000)}}, nil)

// Below otelhttp there is one server span, the spans of the download are below it, and
// the duration of requests is otelhttp's alone.
func TestBesideOtelhttp(t *testing.T) {
	s := newScene()
	h := otelhttp.NewHandler(s.handler(memory, nil), "site", otelhttp.WithTracerProvider(s.traces), otelhttp.WithMeterProvider(s.meters))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/a", nil))
	if got, want := s.tree(), "GET\n  download\n    respond\n    open\n    send\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	servers := 0
	for _, span := range s.spans.Ended() {
		if span.SpanKind() == trace.SpanKindServer {
			servers++
		}
	}
	durations := 0
	for name := range s.sums() {
		if strings.Contains(name, "duration") {
			durations++
		}
	}
	if servers != 1 || durations != 1 {
		t.Errorf("%d spans of the kind server and %d durations, want one of each", servers, durations)
	}
}

// Spans of the view are below "respond", and a span of the application in the way of a
// request to a store stays its parent.
func TestSpansOfTheApplication(t *testing.T) {
	s := newScene()
	tracer := s.traces.Tracer("app")
	view := downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		_, span := tracer.Start(r.Context(), "database")
		span.End()
		return downloadview.Response{File: downloadview.FromString("a", "content", nil)}, nil
	})
	h := downloadview.NewHandler(view, &downloadview.Options{Tracer: s, Observer: s.Observe})
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/a", nil))
	if got, want := s.tree(), "download\n  respond\n    database\n  open\n  send\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// The status of a span is an error only if the server or the store is at fault.
func TestStatusOfSpans(t *testing.T) {
	for _, tt := range []struct {
		name string
		view downloadview.ViewFunc
		want string
	}{
		{"not found", func(*http.Request) (downloadview.Response, error) {
			f, err := memory.File("missing")
			return downloadview.Response{File: f}, err
		}, "download status_code=404\n  respond\n  open\n"},
		{"forbidden", func(*http.Request) (downloadview.Response, error) {
			return downloadview.Response{}, &downloadview.StatusError{Status: 403, Err: errors.New("not yours")}
		}, "download status_code=403\n  respond\n"},
		{"broken", func(*http.Request) (downloadview.Response, error) {
			return downloadview.Response{}, errors.New(`no answer from "https://u:p@db.test/x?token=1": timeout`)
		}, "download status_code=500 ERROR: no answer from \"https://db.test/x?…\": timeout\n  respond ERROR: no answer from \"https://db.test/x?…\": timeout\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newScene()
			h := downloadview.NewHandler(tt.view, &downloadview.Options{Tracer: s, Observer: s.Observe, Logger: quiet})
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/a", nil))
			if got := s.tree("http.response.status_code"); got != tt.want {
				t.Errorf("got\n%swant\n%s", got, tt.want)
			}
		})
	}
}

// A client that leaves before the answer begins is no failure of the server.
func TestAnswersOfClientsThatLeave(t *testing.T) {
	for _, tt := range []struct {
		name   string
		err    error
		leaves bool
		want   string
	}{
		{"the client leaves", fmt.Errorf("asking the store: %w", context.Canceled), true, "canceled"},
		{"the client leaves, and the store fails", fmt.Errorf("%w: down", downloadview.ErrUpstream), true, "502"},
		{"another context is canceled", context.Canceled, false, "500"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newScene()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
				if tt.leaves {
					cancel()
				}
				return downloadview.Response{}, tt.err
			})
			h := downloadview.NewHandler(view, &downloadview.Options{Tracer: s, Observer: s.Observe, Logger: quiet})
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/a", nil).WithContext(ctx))
			if got, want := s.text("answers"), "answers{mode=stream rule= status="+tt.want+"} 1\n"; got != want {
				t.Errorf("got %swant %s", got, want)
			}
		})
	}
}

// A panic of the view ends all spans, and the download is no longer open.
func TestPanicEndsSpans(t *testing.T) {
	s := newScene()
	h := downloadview.NewHandler(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) { panic("broken") }),
		&downloadview.Options{Tracer: s, Observer: s.Observe})
	func() {
		defer func() { recover() }()
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/a", nil))
	}()
	if got, want := s.tree(), "download\n  respond\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if open := s.sums()["downloads.open{}"]; open != 0 {
		t.Errorf("%d downloads are open", open)
	}
}

// Downloads that are being sent are open.
func TestOpenDownloads(t *testing.T) {
	s := newScene()
	var during int64
	view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		during = s.sums()["downloads.open{}"]
		return downloadview.Response{File: downloadview.FromString("a", "content", nil)}, nil
	})
	h := downloadview.NewHandler(view, &downloadview.Options{Tracer: s, Observer: s.Observe})
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/a", nil))
	if after := s.sums()["downloads.open{}"]; during != 1 || after != 0 {
		t.Errorf("%d open while it is answered and %d afterwards, want 1 and 0", during, after)
	}
}

// Without a provider, and with one that samples nothing, downloads go on.
func TestWithoutSpans(t *testing.T) {
	global, err := otel.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	nothing, err := otel.New(&otel.Options{TracerProvider: noop.NewTracerProvider()})
	if err != nil {
		t.Fatal(err)
	}
	for _, tel := range []*otel.Telemetry{global, nothing, neverSampled(t)} {
		v := downloadview.StorageView{Storage: memory, Key: downloadview.PathKey("/")}
		h := downloadview.NewHandler(v, &downloadview.Options{Tracer: tel, Observer: tel.Observe})
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/a", nil))
		if w.Code != 200 || w.Body.Len() != 10_000 {
			t.Errorf("%d, %d bytes", w.Code, w.Body.Len())
		}
	}
}
