//go:build !386

package downloadview

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"testing"
	"time"
)

// A grudging connection takes only a part of each write, as a system does that is short
// of memory for TCP, and from some byte on nothing.
type grudging struct {
	*net.TCPConn
	most int // bytes of a write
	all  int // bytes in all; 0: no limit
	took int
}

func (c *grudging) Write(p []byte) (int, error) {
	most := min(len(p), c.most)
	if c.all > 0 {
		most = min(most, c.all-c.took)
	}
	n, err := c.TCPConn.Write(p[:most])
	c.took += n
	if err == nil && n < len(p) {
		err = os.ErrDeadlineExceeded
	}
	return n, err
}

// A piece of which the connection takes a part is sent to its end, also if it is the last
// one. If the rest of it isn't taken, the outcome has the bytes that were.
func TestParkedPieceIsInterrupted(t *testing.T) {
	const size = 300_000
	content := make([]byte, size)
	rand.NewChaCha8([32]byte{}).Read(content)
	for name, all := range map[string]int{"all is taken": 0, "the last byte isn't": size - 1, "half of it is": size / 2} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			client, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			server, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			received := make(chan []byte, 1)
			go func() {
				got, _ := io.ReadAll(client)
				client.Close()
				received <- got
			}()
			r, err := http.NewRequestWithContext(t.Context(), "GET", "/", nil)
			if err != nil {
				t.Fatal(err)
			}
			var outcome Outcome
			x := exchange{account: account{r: r, options: &Options{
				Logger:   slog.New(slog.DiscardHandler),
				Observer: func(_ *http.Request, o Outcome) { outcome = o },
			}}}
			x.detach()
			p := NewParking(nil)
			c := &stallConn{Conn: &grudging{TCPConn: server.(*net.TCPConn), most: 1000, all: all}, limit: 40 * time.Millisecond}
			a := &parkedAnswer{
				parking: p, conn: c, to: c, src: bytes.NewReader(content), left: size,
				account: x.account, apart: x.apart, file: nilHandle{}, stage: func(error) {},
			}
			p.open[a] = struct{}{}
			a.start()
			got := <-received
			if !bytes.HasPrefix(content, got) {
				t.Error("other bytes than those of the content")
			}
			if err := p.Shutdown(context.Background()); err != nil {
				t.Error(err)
			}
			awaitNoConnection(t, p)
			if all == 0 {
				if len(got) != size || outcome.Bytes != size || outcome.Err != nil {
					t.Errorf("received %d bytes of %d, outcome %+v", len(got), size, outcome)
				}
				return
			}
			if outcome.Bytes != int64(all) || outcome.AbortedBy != AbortedByStall || !errors.Is(outcome.Err, errStalled) || len(got) > all {
				t.Errorf("received %d bytes, outcome %+v; want %d bytes, aborted by the stall", len(got), outcome, all)
			}
		})
	}
}

// awaitNoConnection waits until p has no connection any more.
func awaitNoConnection(t *testing.T, p *Parking) {
	t.Helper()
	for begun := time.Now(); ; time.Sleep(time.Millisecond) {
		p.mu.Lock()
		left := len(p.open) + len(p.ending)
		p.mu.Unlock()
		if left == 0 {
			return
		}
		if time.Since(begun) > 20*time.Second {
			t.Fatalf("%d connections are left", left)
		}
	}
}

type nilHandle struct{ *os.File }

func (nilHandle) Close() error { return nil }
