package buckettest

import (
	"net/http"
	"net/http/httputil"
	"slices"
	"sync"
)

// A Counter is a proxy in front of a server that records each request as an R.
// Host and path are passed on unchanged, so that signatures stay valid.
type Counter[R any] struct {
	proxy httputil.ReverseProxy
	see   func(*http.Request) R

	mu       sync.Mutex
	requests []R
	before   func(R)
}

// NewCounter returns a Counter for the server at addr. see makes the records.
func NewCounter[R any](addr string, see func(*http.Request) R) *Counter[R] {
	// A transport that asks for gzip would decode the answers.
	transport := &http.Transport{DisableCompression: true}
	return &Counter[R]{see: see, proxy: httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = "http", addr
			r.Out.Host = r.In.Host
		},
	}}
}

// ServeHTTP passes a request on.
func (c *Counter[R]) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	seen := c.see(r)
	c.mu.Lock()
	c.requests = append(c.requests, seen)
	before := c.before
	c.mu.Unlock()
	if before != nil {
		before(seen)
	}
	c.proxy.ServeHTTP(w, r)
}

// Requests returns the requests since the last Reset, in order.
func (c *Counter[R]) Requests() []R {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.requests)
}

// Reset forgets all requests.
func (c *Counter[R]) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests = nil
}

// Before sets f to be called with each request before it is passed on. nil
// removes it.
func (c *Counter[R]) Before(f func(R)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.before = f
}

// Counted returns b with the requests of c, converted by kind.
func Counted[R any](b Bucket, c *Counter[R], kind func(R) Request) Bucket {
	b.Reset = c.Reset
	b.Requests = func() (all []Request) {
		for _, r := range c.Requests() {
			all = append(all, kind(r))
		}
		return all
	}
	b.Before = func(f func(Request)) {
		if f == nil {
			c.Before(nil)
			return
		}
		c.Before(func(r R) { f(kind(r)) })
	}
	return b
}
