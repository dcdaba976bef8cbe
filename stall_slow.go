package downloadview

import (
	"fmt"
	"net"
	"runtime"
	"time"
)

// EndSlow is [EndStalled], and also ends a connection if the other side accepts less
// than least bytes a second, on average over limit: a client that reads a byte now and
// then would otherwise hold its download for ever. Only the time counts in which there
// is data to send and the connection takes no more, so a download that is slow for
// another reason, such as [Response.LimitRate], isn't ended.
//
// Acknowledged bytes count, which come in pieces of 64 KiB from a client on the same
// machine. So a limit of a minute and a least of 1 kB or more are fine; for a much
// shorter limit, least should be higher. On systems other than Linux, where
// acknowledgments are not known, EndSlow is EndStalled. A limit of 0 or less panics, and
// so does a least of 0 or less.
func EndSlow(l net.Listener, limit time.Duration, least int64) net.Listener {
	if limit <= 0 || least <= 0 {
		panic(fmt.Sprintf("downloadview: EndSlow: limit %v, least %d; want both more than 0", limit, least))
	}
	if runtime.GOOS != "linux" {
		least = 0
	}
	return &stallListener{l, limit, least}
}

// errSlow is the error of a write to a client that accepts too little.
var errSlow error = slowError{}

type slowError struct{ stalledError }

func (slowError) Error() string { return "the client has accepted too few bytes a second" }
func (slowError) Unwrap() error { return errStalled }

// A pace says how much the other side of a connection accepts while writes wait for it.
type pace struct {
	least int64 // bytes a second; 0: any

	queued int // bytes in the socket after the last write
	took   int64
	waited time.Duration
}

// count adds a write that took some time, after which n more bytes are in the socket.
func (p *pace) count(c net.Conn, n int64, took time.Duration) {
	left, known := unsent(c)
	if known {
		n += int64(p.queued - left)
		p.queued = left
	}
	p.took += n
	p.waited += took
}

// isSlow reports whether the other side has accepted too little over limit. It begins
// anew then.
func (p *pace) isSlow(limit time.Duration) bool {
	if p.waited < limit {
		return false
	}
	slow := float64(p.took) < float64(p.least)*p.waited.Seconds()
	p.took, p.waited = 0, 0
	return slow
}
