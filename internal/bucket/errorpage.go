package bucket

import (
	"io"
	"net/http"
)

// longestPage is how many bytes of the page of an error are read. Those of stores are
// shorter.
const longestPage = 64 << 10

// ShortenPage lets the body of an answer end after longestPage bytes, unless the answer
// is a success. The SDKs read the page of an error to its end, into memory and into the
// text of the error. A broken store, or a proxy in front of it, may send one without an
// end.
func ShortenPage(r *http.Response) {
	if r.Body == nil || r.StatusCode >= 200 && r.StatusCode <= 299 {
		return
	}
	r.Body = &errorPage{io.LimitReader(r.Body, longestPage), r.Body}
}

type errorPage struct {
	io.Reader
	io.Closer
}
