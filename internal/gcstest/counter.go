package gcstest

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
	// Operation is ReadObject, GetObject (its metadata), ListObjects,
	// InsertObject or DeleteObject; else the method.
	Operation       string
	Range           string
	Generation      string // the one that is read
	GenerationMatch string // the one that is wanted
}

// A Counter is a proxy in front of the server that writes down each request.
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
	q := r.URL.Query()
	req := Request{
		Operation:       operation(r),
		Range:           r.Header.Get("Range"),
		Generation:      q.Get("generation"),
		GenerationMatch: cmp.Or(q.Get("ifGenerationMatch"), r.Header.Get("X-Goog-If-Generation-Match")),
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

// operation tells the JSON API, in which the object is one escaped segment,
// from the XML API, whose path is "/bucket/object".
func operation(r *http.Request) string {
	rest, json := strings.CutPrefix(r.URL.EscapedPath(), "/storage/v1/b/")
	upload := strings.HasPrefix(r.URL.Path, "/upload/")
	_, object, found := strings.Cut(rest, "/o/")
	switch {
	case upload:
		return "InsertObject"
	case !json && r.Method == http.MethodGet:
		return "ReadObject"
	case json && r.Method == http.MethodGet && strings.HasSuffix(rest, "/o"):
		return "ListObjects"
	case !json || !found || object == "":
		return r.Method
	case r.Method == http.MethodGet && r.URL.Query().Get("alt") == "media":
		return "ReadObject"
	case r.Method == http.MethodGet:
		return "GetObject"
	case r.Method == http.MethodDelete:
		return "DeleteObject"
	}
	return r.Method
}
