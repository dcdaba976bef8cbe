package middleware_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
)

// A proxySite is an application with a view, behind a proxy or not.
type proxySite struct {
	url      string
	outcomes chan downloadview.Outcome // one for each request
	do       func(t testing.TB, method, target string, h http.Header) *http.Response
}

// newProxySite starts an application that answers with view, and in front of it the
// proxy called server, which may send the files of dir; "" starts none.
func newProxySite(t *testing.T, server, dir string, view downloadview.View) *proxySite {
	t.Helper()
	var s site.Site
	if server != "" {
		kind := proxytest.KindOf(t, server)
		rule := kind.Rule("media", "/_media/", dir)
		rule.Headers = accel.PassAll
		a, err := accel.New(kind.Accel(), []accel.Rule{rule.Rule}, nil)
		if err != nil {
			t.Fatal(err)
		}
		view = a.Middleware(view)
		s.Rules = []site.Rule{rule}
	}
	p := &proxySite{outcomes: make(chan downloadview.Outcome, 100)}
	app := httptest.NewServer(downloadview.NewHandler(view, &downloadview.Options{
		Logger:   slog.New(slog.DiscardHandler),
		Observer: func(_ *http.Request, o downloadview.Outcome) { p.outcomes <- o },
	}))
	t.Cleanup(app.Close)
	if server != "" {
		s.Upstream = app.Listener.Addr().String()
		proxy := proxytest.Start(t, server, s, proxytest.Options{})
		p.url, p.do = proxy.URL, proxy.Do
		return p
	}
	p.url = app.URL
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	p.do = func(t testing.TB, method, target string, h http.Header) *http.Response {
		r := httptest.NewRequest(method, app.URL+target, nil)
		r.RequestURI, r.Header = "", h
		resp, err := transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		return resp
	}
	return p
}

// aloneAndBehindProxies returns the servers of newProxySite.
func aloneAndBehindProxies() []string { return append([]string{""}, proxytest.Names()...) }
