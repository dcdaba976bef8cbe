package downloadtest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing/iotest"
)

// Do returns what h answers to a request for target, with header fields such as
// "Range: bytes=0-3". A field that is not of this form panics, as does a target
// that [httptest.NewRequest] doesn't take.
//
// There is no connection. Of what only a real one shows (compression, aborted
// downloads as a client sees them, HTTP/2) a test with [httptest.NewServer]
// tells, whose answers [Check] takes as well.
func Do(h http.Handler, method, target string, fields ...string) *http.Response {
	r := httptest.NewRequest(method, target, nil)
	for _, field := range fields {
		key, value, ok := strings.Cut(field, ":")
		if !ok {
			panic(fmt.Sprintf("downloadtest: field %q has no colon; want one such as %q", field, "Range: bytes=0-3"))
		}
		value = strings.TrimSpace(value)
		if http.CanonicalHeaderKey(key) == "Host" {
			r.Host = value
		} else {
			r.Header.Add(key, value)
		}
	}
	return Record(h, r)
}

// Record returns what h answers to r, such as one that has a body or a user in
// its context. The body of a download that h aborted, which is a panic with
// [http.ErrAbortHandler], ends in [io.ErrUnexpectedEOF].
func Record(h http.Handler, r *http.Request) *http.Response {
	w := httptest.NewRecorder()
	aborted := serve(h, w, r)
	resp := w.Result()
	resp.Request = r
	if aborted {
		resp.Body = io.NopCloser(io.MultiReader(resp.Body, iotest.ErrReader(io.ErrUnexpectedEOF)))
	}
	return resp
}

// serve runs h in a goroutine of its own: below a live server an abort may end the
// goroutine, which would be the caller's.
func serve(h http.Handler, w http.ResponseWriter, r *http.Request) (aborted bool) {
	aborted = true
	var panicked any
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if aborted {
				panicked = recover() // nil for the end of the goroutine
			}
		}()
		h.ServeHTTP(w, r)
		aborted = false
	}()
	<-done
	if panicked != nil && panicked != http.ErrAbortHandler {
		panic(panicked)
	}
	return aborted
}
