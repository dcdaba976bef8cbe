package azuretest

import (
	"cmp"
	"net/http"
	"net/http/httputil"
	"slices"
	"strings"
	"sync"
)

// A Request is what a Counter saw of one.
type Request struct {
	Operation string // as Azure calls it: GetBlob, GetBlobProperties, PutBlob, ListBlobs …; else the method
	Range     string // of Range or x-ms-range
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
	req := Request{
		Operation: operation(r),
		Range:     cmp.Or(r.Header.Get("X-Ms-Range"), r.Header.Get("Range")),
		IfMatch:   r.Header.Get("If-Match"),
	}
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

// operation tells what is asked of "/account/container/blob".
func operation(r *http.Request) string {
	parts := strings.SplitN(strings.TrimPrefix(r.URL.Path, "/"), "/", 3)
	comp := r.URL.Query().Get("comp")
	if len(parts) < 3 || parts[2] == "" {
		if r.Method == http.MethodGet && comp == "list" {
			return "ListBlobs"
		}
		return r.Method
	}
	switch r.Method + comp {
	case "GET":
		return "GetBlob"
	case "HEAD":
		return "GetBlobProperties"
	case "PUT":
		return "PutBlob"
	case "PUTblock":
		return "PutBlock"
	case "PUTblocklist":
		return "PutBlockList"
	case "DELETE":
		return "DeleteBlob"
	}
	return r.Method
}
