// Package faultproxy runs a proxy between a client and a store over HTTP. It
// changes answers in ways that no real store can be made to do: it cuts them
// off, stays silent, sends wrong lengths and slows down.
//
// Requests are passed on unchanged, with their Host, so that signatures of S3,
// GCS and Azure stay valid.
package faultproxy

import (
	"context"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"
)

// A Request is a request as recorded by the proxy.
type Request struct {
	Method  string
	Path    string
	Range   string
	IfMatch string
}

// A Proxy passes requests on to one store. Several goroutines may use it.
type Proxy struct {
	URL string // such as "http://127.0.0.1:34567"

	backend   string
	transport *http.Transport
	server    *httptest.Server
	ctx       context.Context // until the proxy stops

	mu       sync.Mutex
	requests []Request
	rules    []*rule
}

type rule struct {
	match  func(*http.Request) bool
	left   int // matching requests to skip; negative: applies to every one
	faults []Fault
}

// Start runs a proxy in front of backend, such as "127.0.0.1:9000", until the
// test ends.
func Start(t testing.TB, backend string) *Proxy {
	ctx, end := context.WithCancel(context.Background())
	p := &Proxy{
		backend: backend,
		// A transport that asks for gzip would decode the answers.
		transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 100, ReadBufferSize: 64 << 10},
		ctx:       ctx,
	}
	p.server = httptest.NewServer(http.HandlerFunc(p.serve))
	p.URL = p.server.URL
	t.Cleanup(func() {
		end()
		p.server.CloseClientConnections()
		p.server.Close()
		p.transport.CloseIdleConnections()
	})
	return p
}

// On applies faults to the nth request that match selects, counted from 1 and
// from now; 0 is every request. A nil match selects all requests. If several
// calls of On apply to one request, the first counts.
func (p *Proxy) On(nth int, match func(*http.Request) bool, faults ...Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules = append(p.rules, &rule{match, nth - 1, faults})
}

// Gets selects the requests for content.
func Gets(r *http.Request) bool { return r.Method == http.MethodGet }

// Reset removes all faults and forgets all requests.
func (p *Proxy) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules, p.requests = nil, nil
}

// Requests returns the requests since the last Reset, in order.
func (p *Proxy) Requests() []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.requests)
}

// Refuse makes the proxy refuse connections from now on. Open connections stay
// open, but none is used again.
func (p *Proxy) Refuse() {
	p.server.Listener.Close()
	p.server.Config.SetKeepAlivesEnabled(false)
}

// note records a request and returns the faults for it.
func (p *Proxy) note(r *http.Request) []Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests = append(p.requests, Request{
		r.Method, r.URL.EscapedPath(), r.Header.Get("Range"), r.Header.Get("If-Match"),
	})
	var faults []Fault
	for _, rule := range p.rules {
		if rule.match != nil && !rule.match(r) {
			continue
		}
		hit := rule.left <= 0
		switch {
		case rule.left == 0:
			rule.match = func(*http.Request) bool { return false }
		case rule.left > 0:
			rule.left--
		}
		if hit && faults == nil {
			faults = rule.faults
		}
	}
	return faults
}

func (p *Proxy) serve(w http.ResponseWriter, r *http.Request) {
	a := &Answer{After: -1, request: r}
	for _, f := range p.note(r) {
		f(a)
	}
	for _, f := range a.before {
		f()
	}
	if a.Response == nil && a.Raw == "" && !a.mute {
		var err error
		if a.Response, err = p.ask(r); err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer a.Body.Close()
	}
	for _, f := range a.change {
		f(a.Response)
	}
	p.pause(r.Context(), a.Latency)
	if a.Raw == "" && !a.mute && !a.bent {
		p.pass(w, r, a)
		return
	}
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	stop := context.AfterFunc(p.ctx, func() { conn.Close() })
	defer stop()
	defer conn.Close()
	a.write(conn)
	switch a.End {
	case Silence:
		io.Copy(io.Discard, conn) // until the other side closes
	case RST:
		conn.(*net.TCPConn).SetLinger(0)
	}
}

// ask passes a request on.
func (p *Proxy) ask(r *http.Request) (*http.Response, error) {
	out := r.Clone(r.Context())
	out.URL.Scheme, out.URL.Host, out.RequestURI = "http", p.backend, ""
	if r.ContentLength == 0 {
		out.Body = nil
	}
	if _, ok := out.Header["User-Agent"]; !ok {
		out.Header["User-Agent"] = nil
	}
	return p.transport.RoundTrip(out)
}

// pass sends an answer in the regular way, though perhaps slowly.
func (p *Proxy) pass(w http.ResponseWriter, r *http.Request, a *Answer) {
	maps.Copy(w.Header(), a.Header)
	w.WriteHeader(a.StatusCode)
	if a.Rate == 0 {
		io.Copy(w, a.Body)
		return
	}
	start, sent := time.Now(), int64(0)
	own := buffers.Get().(*[64 << 10]byte)
	defer buffers.Put(own)
	buf := own[:]
	for {
		n, err := io.ReadFull(a.Body, buf)
		if n > 0 {
			if _, err := w.Write(buf[:n]); err != nil {
				return
			}
		}
		sent += int64(n)
		due := start.Add(time.Duration(float64(sent) / float64(a.Rate) * float64(time.Second)))
		if p.pause(r.Context(), time.Until(due)); err != nil {
			return
		}
	}
}

// buffers are reused so that the proxy doesn't affect measurements of memory.
var buffers = sync.Pool{New: func() any { return new([64 << 10]byte) }}

func (p *Proxy) pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	case <-p.ctx.Done():
	}
}
