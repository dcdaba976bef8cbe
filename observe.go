package downloadview

import (
	"net/http"
	"time"
)

// A Mode says which side sent the bytes.
type Mode int

const (
	Streamed   Mode = iota // this process
	Offloaded              // a proxy, told by a header
	Redirected             // the store, to which the client was redirected
)

// String returns "stream", "offload" or "redirect".
func (m Mode) String() string {
	switch m {
	case Offloaded:
		return "offload"
	case Redirected:
		return "redirect"
	}
	return "stream"
}

// An Outcome is the result of a request.
type Outcome struct {
	Mode      Mode
	Rule      string        // name of the rule that covers the file; "": none
	Obstacle  Obstacle      // why the file was not handed over; "": it was, or nothing was decided
	Status    int           // as sent to the client, or to the proxy if Mode is Offloaded
	Bytes     int64         // of the body, that were written to the connection
	Duration  time.Duration // since the handler was called
	AbortedBy AbortedBy
	Err       error // as in the error hook and the log; nil: no error
}

// An Observer is called once for each request, when it is over; for an aborted
// request, before the handler panics. If the view panics, or other code of the application
// while the answer is made, it is not called. A panic of those who are told of the end keeps
// it from nothing. It must not keep r.
type Observer func(r *http.Request, o Outcome)
