package downloadtest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing/iotest"
)

// Do returns the answer of h to a request for target. Fields are header fields, each
// such as "Range: bytes=0-3". Do panics if a field has no colon or if
// [httptest.NewRequest] rejects the target.
//
// There is no connection. To test what needs one (compression, aborted downloads as
// a client sees them, HTTP/2), use [httptest.NewServer]; [Check] accepts its answers
// as well.
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

// Record returns the answer of h to r, which may have a body, or values in its
// context. If h aborts the answer, by a panic with [http.ErrAbortHandler] or by
// [runtime.Goexit], reading the body ends with [io.ErrUnexpectedEOF]. Any other
// panic of h becomes a panic of Record.
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

// serve runs h in a goroutine of its own, since a handler may abort the answer to a
// live server's request by ending its goroutine.
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
