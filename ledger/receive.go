package ledger

import (
	"context"
	"net"
	"time"
)

// Receive calls line for each message that c gets, until ctx is done or c fails. It is
// for a proxy that logs by syslog to a unix socket: c is a [net.UnixConn] of
// [net.ListenUnixgram] with the network "unixgram". The socket's file needs a mode that
// lets the proxy write to it, and remains until the caller removes it. If messages come
// faster than line takes them, the proxy drops some; a file loses none.
//
// line must not keep b. Receive returns nil when ctx is done, or the first error of line
// or of c. It doesn't close c, and ends its use of c's read deadline with one in the
// past.
func Receive(ctx context.Context, c net.PacketConn, line func(b []byte) error) error {
	stop := context.AfterFunc(ctx, func() { c.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	b := make([]byte, longestLine)
	for {
		n, _, err := c.ReadFrom(b)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		if err := line(b[:n]); err != nil {
			return err
		}
	}
}
