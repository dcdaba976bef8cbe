package s3test

import (
	"net/http"
	"strings"

	"github.com/downloadview/downloadview/internal/buckettest"
)

// A Request is a request as recorded by a Counter.
type Request struct {
	Operation string // S3's name: GetObject, HeadObject, PutObject, ListObjectsV2; otherwise the method
	Range     string
	IfMatch   string
}

// A Counter is a proxy in front of the server that records each request.
type Counter = buckettest.Counter[Request]

func see(r *http.Request) Request {
	return Request{Operation: operation(r), Range: r.Header.Get("Range"), IfMatch: r.Header.Get("If-Match")}
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
