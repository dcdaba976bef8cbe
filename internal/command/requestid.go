package command

import (
	"net/http"
	"strings"
)

// longestRequestID is the most bytes of a request's ID in the log.
const longestRequestID = 128

// requestID returns the ID that the proxy in front, or the client, has given the request:
// X-Request-Id, or else the trace of traceparent. It is "" if there is none that may
// stand in a log.
func requestID(h http.Header) string {
	if ids := h["X-Request-Id"]; len(ids) == 1 && isRequestID(ids[0]) {
		return ids[0]
	}
	if parents := h["Traceparent"]; len(parents) == 1 {
		return traceOf(parents[0])
	}
	return ""
}

// isRequestID reports whether id is short, and has only characters that mean nothing in a
// log.
func isRequestID(id string) bool {
	if id == "" || len(id) > longestRequestID {
		return false
	}
	for i := range len(id) {
		if c := id[i]; (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && !isDigit(c) && strings.IndexByte("-._:/+@", c) < 0 {
			return false
		}
	}
	return true
}

// traceOf returns the ID of the trace in a field of the W3C's Trace Context, version 00 or
// later, or "".
func traceOf(parent string) string {
	const noTrace = "00000000000000000000000000000000"
	if len(parent) < 55 || parent[2] != '-' || parent[35] != '-' || parent[52] != '-' || parent[:2] == "ff" {
		return ""
	}
	trace := parent[3:35]
	for i := range len(trace) {
		if c := trace[i]; !isDigit(c) && (c < 'a' || c > 'f') {
			return ""
		}
	}
	if trace == noTrace {
		return ""
	}
	return trace
}
