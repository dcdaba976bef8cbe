package azuretest

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/downloadview/downloadview/internal/buckettest"
)

// A Request is a request as recorded by a Counter.
type Request struct {
	Operation string // Azure's name: GetBlob, GetBlobProperties, PutBlob, ListBlobs …; otherwise the method
	Range     string // the value of Range or x-ms-range
	IfMatch   string
}

// A Counter is a proxy in front of the server that records each request.
type Counter = buckettest.Counter[Request]

func see(r *http.Request) Request {
	return Request{
		Operation: operation(r),
		Range:     cmp.Or(r.Header.Get("X-Ms-Range"), r.Header.Get("Range")),
		IfMatch:   r.Header.Get("If-Match"),
	}
}

// operation returns the operation of a request for "/account/container/blob".
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
