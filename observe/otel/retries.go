package otel

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// A failure is a request to a store that failed and may be made again.
type failure struct {
	method, host, path string
	start              int64 // of the range
	end                int64 // the last byte; -1: not known
	read               int64 // bytes of the body before the failure
	tried              int   // how many times it had been tried before
}

// failures are those of one download that were not tried again yet.
type failures []failure

const mostFailures = 32

// failed remembers a failure.
func (d *download) failed(f failure) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.failures) == mostFailures {
		d.failures = d.failures[1:]
	}
	d.failures = append(d.failures, f)
}

// retries returns how many requests failed before f, which asks for the rest of what
// they asked for; 0 if f is not a retry. Downloads may make several requests at once, so
// a request after a failure is not always its retry.
func (d *download) retries(f failure) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := slices.IndexFunc(d.failures, f.follows)
	if i < 0 {
		return 0
	}
	n := d.failures[i].tried + 1
	d.failures = slices.Delete(d.failures, i, i+1)
	return n
}

func (f failure) follows(before failure) bool {
	return f.method == before.method && f.host == before.host && f.path == before.path &&
		before.start <= f.start && f.start <= before.start+before.read &&
		(before.end < 0 || f.end < 0 || before.end == f.end)
}

// failureOf returns what r is if it fails.
func failureOf(r *http.Request) failure {
	f := failure{method: r.Method, host: r.URL.Host, path: r.URL.EscapedPath(), end: -1}
	first, last, ok := strings.Cut(strings.TrimPrefix(rangeField(r.Header), "bytes="), "-")
	if !ok {
		return f
	}
	if first == "" { // the last bytes: the answer says where they begin
		first, last = "-"+last, ""
	}
	f.start, _ = strconv.ParseInt(first, 10, 64)
	if last != "" {
		f.end, _ = strconv.ParseInt(last, 10, 64)
	}
	return f
}

// cover sets the range to that of the answer.
func (f *failure) cover(resp *http.Response) {
	switch resp.StatusCode {
	case http.StatusOK:
		if resp.ContentLength > 0 {
			f.start, f.end = 0, resp.ContentLength-1
		}
	case http.StatusPartialContent:
		part, _, _ := strings.Cut(strings.TrimPrefix(resp.Header.Get("Content-Range"), "bytes "), "/")
		first, last, ok := strings.Cut(part, "-")
		start, err1 := strconv.ParseInt(first, 10, 64)
		end, err2 := strconv.ParseInt(last, 10, 64)
		if ok && err1 == nil && err2 == nil {
			f.start, f.end = start, end
		}
	}
}

// rangeField returns the range that a store is asked for; Azure has a field of its own.
func rangeField(h http.Header) string {
	if v := h.Get("Range"); v != "" {
		return v
	}
	return h.Get("x-ms-range")
}
