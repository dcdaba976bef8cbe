package downloadview

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A client that reads less than the least pace is ended, however the bytes are written.
// One that reads more isn't, and neither is one that waits for the server.
func TestLeastPace(t *testing.T) {
	const least, limit = 1000, 10 * time.Second
	for _, tt := range []struct {
		name   string
		piece  int           // of each write
		pause  time.Duration // between writes
		reads  int           // bytes in a second
		ended  bool
		within time.Duration
	}{
		{"too slow, in one write", 100_000, 0, 500, true, 2 * limit},
		{"too slow, in small writes", 100, 0, 500, true, 2 * limit},
		{"reads nothing", 100_000, 0, 0, true, 2 * limit},
		{"fast enough, in one write", 100_000, 0, 1500, false, 0},
		{"fast enough, in small writes", 100, 0, 1500, false, 0},
		{"the server is slow", 100, time.Second, 500, false, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, client := net.Pipe()
				c := &stallConn{Conn: server, limit: limit, pace: pace{least: least}}
				var reader sync.WaitGroup
				reader.Go(func() {
					for tt.reads > 0 {
						if _, err := io.CopyN(io.Discard, client, int64(tt.reads)); err != nil {
							return
						}
						time.Sleep(time.Second)
					}
				})
				from := time.Now()
				var err error
				for sent := 0; sent < 100_000 && err == nil; sent += tt.piece {
					_, err = c.Write(make([]byte, tt.piece))
					time.Sleep(tt.pause)
				}
				if tt.ended != errors.Is(err, errStalled) || tt.reads > 0 && tt.ended != errors.Is(err, errSlow) || !tt.ended && err != nil {
					t.Errorf("%v after %v, want it to be ended: %v", err, time.Since(from), tt.ended)
				}
				if took := time.Since(from); tt.ended && took > tt.within {
					t.Errorf("it took %v, want at most %v", took, tt.within)
				}
				server.Close()
				client.Close()
				reader.Wait()
			})
		})
	}
}

// A real client that reads slowly all the time is ended for each way in which a file is
// sent, also with a WriteTimeout, and gets all if the least pace is lower.
func TestEndSlow(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs Linux, where acknowledgments are known")
	}
	content := strings.Repeat("0123456789abcdef", 1<<19) // 8 MiB: more than sockets hold
	files := map[string]File{"sendfile": newLocalFile(t, "a", content), "copied": newObject(content)}
	for _, tt := range []struct {
		limit, timeout time.Duration
		least          int64
		want           AbortedBy
	}{
		{200 * time.Millisecond, 0, 1 << 40, AbortedByStall},
		{200 * time.Millisecond, time.Minute, 1 << 40, AbortedByStall},
		{2 * time.Second, 0, 1, NotAborted},
	} {
		for name, f := range files {
			t.Run(fmt.Sprint(name, " ", tt.least, " ", tt.timeout), func(t *testing.T) {
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				outcomes := make(chan Outcome, 1)
				s := &http.Server{WriteTimeout: tt.timeout, Handler: NewHandler(fileView(f), &Options{
					Logger: discard, Observer: func(_ *http.Request, o Outcome) { outcomes <- o },
				})}
				go s.Serve(EndSlow(l, tt.limit, tt.least))
				defer s.Close()
				c, err := net.Dial("tcp", l.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				_ = c.(*net.TCPConn).SetReadBuffer(64 << 10) // else the sockets could hold the whole file
				fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
				sum, _, err := readSlowly(c, 20*time.Millisecond)
				o := <-outcomes
				if o.AbortedBy != tt.want || (err == nil) != (tt.want == NotAborted) {
					t.Errorf("the client sees %v; %+v, want %q", err, o, tt.want)
				}
				if tt.want == NotAborted && sum != sha256.Sum256([]byte(content)) {
					t.Error("the client has other bytes")
				}
				if tt.want == AbortedByStall && !errors.Is(o.Err, os.ErrDeadlineExceeded) {
					t.Errorf("the error is %v", o.Err)
				}
			})
		}
	}
}

func TestEndSlowOfNothing(t *testing.T) {
	for _, f := range []func(){
		func() { EndSlow(nil, 0, 1) },
		func() { EndSlow(nil, time.Second, 0) },
	} {
		func() {
			defer func() {
				if p := fmt.Sprint(recover()); !strings.Contains(p, "want both more than 0") {
					t.Errorf("panic %q", p)
				}
			}()
			f()
		}()
	}
}
