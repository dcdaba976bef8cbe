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
	Redirected             // the store itself, to which the client was sent
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
	Rule      string        // name of the rule that covered the file; "": none did
	Obstacle  Obstacle      // why the file was not handed over; "": it was, or it didn't come to that
	Status    int           // as sent to the client or, with Mode Offloaded, to the proxy
	Bytes     int64         // of the body, as far as they were handed to the connection
	Duration  time.Duration // from the request's arrival in the handler
	AbortedBy AbortedBy
	Err       error // what the error hook or the logger saw; nil: nothing went wrong
}

// An Observer is called once for each request, when it is over; for an aborted
// request, before the handler panics. It must not keep r.
type Observer func(r *http.Request, o Outcome)
