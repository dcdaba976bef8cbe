package gcstest

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/downloadview/downloadview/internal/buckettest"
)

// A Request is a request as recorded by a Counter.
type Request struct {
	// Operation is ReadObject, GetObject (its metadata), ListObjects,
	// InsertObject or DeleteObject; otherwise the method.
	Operation       string
	Range           string
	Generation      string // the one to read
	GenerationMatch string // the required one
}

// A Counter is a proxy in front of the server that records each request.
type Counter = buckettest.Counter[Request]

func see(r *http.Request) Request {
	q := r.URL.Query()
	return Request{
		Operation:       operation(r),
		Range:           r.Header.Get("Range"),
		Generation:      q.Get("generation"),
		GenerationMatch: cmp.Or(q.Get("ifGenerationMatch"), r.Header.Get("X-Goog-If-Generation-Match")),
	}
}

// operation distinguishes the JSON API, in which the object is one escaped
// segment, from the XML API, whose path is "/bucket/object".
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
