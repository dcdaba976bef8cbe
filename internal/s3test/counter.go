package s3test

import (
	"net/http"
	"net/http/httputil"
	"slices"
	"strings"
	"sync"
)

// A Request is what a Counter saw of one.
type Request struct {
	Operation string // as S3 calls it: GetObject, HeadObject, PutObject, ListObjectsV2; else the method
	Range     string
	IfMatch   string
}

// A Counter is a proxy in front of the server that writes down each request.
// Host and path pass as they are, so that signatures hold.
type Counter struct {
	proxy httputil.ReverseProxy

	mu       sync.Mutex
	requests []Request
	before   func(Request)
}

func newCounter(addr string) *Counter {
	// A transport that asks for gzip would decode it on the way.
	transport := &http.Transport{DisableCompression: true}
	return &Counter{proxy: httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = "http", addr
			r.Out.Host = r.In.Host
		},
	}}
}

// ServeHTTP passes a request on.
func (c *Counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	req := Request{Operation: operation(r), Range: r.Header.Get("Range"), IfMatch: r.Header.Get("If-Match")}
	c.mu.Lock()
	c.requests = append(c.requests, req)
	before := c.before
	c.mu.Unlock()
	if before != nil {
		before(req)
	}
	c.proxy.ServeHTTP(w, r)
}

// Requests returns what came since the last Reset, in order.
func (c *Counter) Requests() []Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.requests)
}

// Reset forgets all requests.
func (c *Counter) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests = nil
}

// Before has f called with each request before it is passed on. nil ends that.
func (c *Counter) Before(f func(Request)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.before = f
}

func operation(r *http.Request) string {
	_, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch {
	case key != "" && r.Method == http.MethodGet:
		return "GetObject"
	case key != "" && r.Method == http.MethodHead:
		return "HeadObject"
	case key != "" && r.Method == http.MethodPut:
		return "PutObject"
	case r.Method == http.MethodGet && r.URL.Query().Get("list-type") == "2":
		return "ListObjectsV2"
	}
	return r.Method
}
