package downloadview

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// stalling serves f on the network, with a limit for connections that stall.
func stalling(t *testing.T, network string, f File, limit time.Duration) (dial func() net.Conn, seen <-chan Outcome) {
	t.Helper()
	address := "127.0.0.1:0"
	if network == "unix" {
		address = filepath.Join(t.TempDir(), "s")
	}
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	outcomes := make(chan Outcome, 10)
	s := &http.Server{Handler: NewHandler(fileView(f), &Options{
		Logger: discard, Observer: func(_ *http.Request, o Outcome) { outcomes <- o },
	})}
	go s.Serve(EndStalled(l, limit))
	t.Cleanup(func() { s.Close() })
	return func() net.Conn {
		c, err := net.Dial(network, l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}, outcomes
}

// If a client reads nothing, its connection is closed after the limit, for each way in
// which the file is sent.
func TestEndStalled(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<20) // 16 MiB: more than sockets hold
	produced := FromFunc("a", func(_ context.Context, w io.Writer) error { _, err := w.Write(content); return err }, nil)
	for _, network := range []string{"tcp", "unix"} {
		for name, f := range map[string]File{
			"sendfile": localFileOf(t, "a", content),
			"copied":   newObject(string(content)),
			"produced": produced,
		} {
			t.Run(network+"/"+name, func(t *testing.T) {
				dial, seen := stalling(t, network, f, 200*time.Millisecond)
				c := dial()
				if tcp, ok := c.(*net.TCPConn); ok {
					_ = tcp.SetReadBuffer(64 << 10)
				}
				fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
				if o := <-seen; o.AbortedBy != AbortedByStall || !errors.Is(o.Err, os.ErrDeadlineExceeded) {
					t.Errorf("outcome %+v, want a stall", o)
				}
			})
		}
	}
}

// A slow client gets the whole file, even if that takes many times the limit. The limit
// is longer than the pauses of this test, and shorter than the whole download.
func TestEndStalledIsNoLimitForTheWhole(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<19) // 8 MiB
	for name, f := range map[string]File{"sendfile": localFileOf(t, "a", content), "copied": newObject(string(content))} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onceOnTime(t, 2*time.Second, func(limit time.Duration) (longest time.Duration, err error) {
				dial, seen := stalling(t, "tcp", f, limit)
				c := dial()
				defer c.Close()
				fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
				sum, longest, err := readSlowly(c, limit/50)
				if o := <-seen; o.AbortedBy != NotAborted || sum != sha256.Sum256(content) || err != nil {
					return longest, fmt.Errorf("%v, outcome %+v, or other bytes", err, o)
				}
				return longest, nil
			})
		})
	}
}

// onceOnTime fails the test with the error of attempt, whose slow client must get along
// with a limit. If its longest pause was near the limit, the machine was too busy for
// that: it tries again, with twice the limit.
func onceOnTime(t *testing.T, limit time.Duration, attempt func(limit time.Duration) (longest time.Duration, err error)) {
	t.Helper()
	for ; ; limit *= 2 {
		longest, err := attempt(limit)
		if err == nil {
			return
		}
		if longest < limit/4 {
			t.Fatal(err)
		}
		t.Logf("limit %v, but a pause of %v: %v", limit, longest, err)
	}
}

// readSlowly reads an answer with a pause after each 64 KiB. It returns the sum of its
// body and the longest time without a read.
func readSlowly(c net.Conn, pause time.Duration) (sum [sha256.Size]byte, longest time.Duration, err error) {
	last := time.Now()
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return sum, time.Since(last), err
	}
	h := sha256.New()
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		n, err := io.CopyN(h, resp.Body, 64<<10)
		longest, last = max(longest, time.Since(last)), time.Now()
		if n == 0 && err == io.EOF {
			return [sha256.Size]byte(h.Sum(nil)), longest, nil
		}
		if err != nil && err != io.EOF {
			return sum, longest, err
		}
		<-tick.C
	}
}

// If the server closes a connection while its client reads nothing, the connection is
// reset. With HTTP/1.0 and no length, an orderly end would look like the end of the file.
func TestClosedInTheMiddleOfAWrite(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<20) // 16 MiB: more than sockets hold
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	begun := make(chan struct{})
	f := FromFunc("a", func(_ context.Context, w io.Writer) error {
		close(begun)
		_, err := w.Write(content)
		return err
	}, nil)
	s := &http.Server{Handler: NewHandler(fileView(f), &Options{Logger: discard})}
	go s.Serve(EndStalled(l, time.Hour))
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "GET / HTTP/1.0\r\n\r\n")
	<-begun
	if _, err := io.ReadFull(c, make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if n, err := io.Copy(io.Discard, c); err == nil {
		t.Errorf("the client takes %d bytes for a complete download", n)
	}
}

// A copy without sendfile(2) continues at the right byte after each check for a stall.
func TestStalledConnGoesOnWhereItStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		c := &stallConn{Conn: theirs, limit: time.Second}
		content := strings.Repeat("0123456789", 100)
		go func() {
			io.Copy(c, strings.NewReader(content))
			c.Close()
		}()
		var got []byte
		for {
			time.Sleep(300 * time.Millisecond) // longer than the time between two checks
			b := make([]byte, 7)
			n, err := ours.Read(b)
			got = append(got, b[:n]...)
			if err != nil {
				break
			}
		}
		if string(got) != content {
			t.Errorf("%d bytes, want the %d that were written", len(got), len(content))
		}
	})
}

// A write deadline that the connection's owner sets still ends a write that waits.
func TestStalledConnKeepsTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer ours.Close()
		defer theirs.Close()
		c := &stallConn{Conn: theirs, limit: time.Hour}
		from := time.Now()
		c.SetWriteDeadline(from.Add(3 * time.Second))
		_, err := c.Write([]byte("x"))
		if took := time.Since(from); took != 3*time.Second || !errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, errStalled) {
			t.Errorf("after %v: %v, want the deadline after 3s", took, err)
		}
		c.SetWriteDeadline(time.Time{})
		from = time.Now()
		_, err = c.Write([]byte("x"))
		if took := time.Since(from); took < time.Hour || took > 5*time.Hour/4 || !errors.Is(err, errStalled) {
			t.Errorf("after %v: %v, want a stall after an hour", took, err)
		}
	})
}

// A request whose body doesn't arrive is answered, and its connection is closed.
func TestEndStalledBodies(t *testing.T) {
	for _, tt := range []struct {
		name, head, body string
		keep             bool
	}{
		{"nothing of it", "Content-Length: 10\r\n", "", false},
		{"half of it", "Content-Length: 10\r\n", "01234", false},
		{"no end", "Transfer-Encoding: chunked\r\n", "5\r\n01234\r\n", false},
		{"all of it", "Content-Length: 10\r\n", "0123456789", true},
		{"none", "", "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newPipes()
				f := FromString("a.txt", "content", nil)
				s := &http.Server{Handler: EndStalledBodies(time.Minute)(NewHandler(fileView(f), nil))}
				go s.Serve(l)
				defer s.Close()
				c, err := l.dial()
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				go fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: x\r\n%s\r\n%s", tt.head, tt.body)
				from := time.Now()
				b := bufio.NewReader(c)
				resp, err := http.ReadResponse(b, nil)
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(resp.Body)
				if string(got) != "content" || err != nil || resp.Close == tt.keep {
					t.Errorf("%q, %v, closes: %v; want content, and closes: %v", got, err, resp.Close, !tt.keep)
				}
				if took := time.Since(from); tt.keep && took != 0 || !tt.keep && (took < time.Minute || took > 2*time.Minute) {
					t.Errorf("answered after %v", took)
				}
				if tt.keep {
					// The connection stays usable for longer than the limit.
					time.Sleep(time.Hour)
					go fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
					if _, err := http.ReadResponse(b, nil); err != nil {
						t.Errorf("the next request: %v", err)
					}
				}
			})
		})
	}
}

// After the request's body was read, its limit doesn't end a long download.
func TestEndStalledBodiesLeavesTheAnswerAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipes()
		f := FromString("a.txt", strings.Repeat("x", 10_000), nil)
		v := ViewFunc(func(*http.Request) (Response, error) { return Response{File: f, LimitRate: 100}, nil })
		s := &http.Server{Handler: EndStalledBodies(time.Second)(NewHandler(v, nil))}
		go s.Serve(l)
		defer s.Close()
		c, err := l.dial()
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		go fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc")
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(resp.Body); len(got) != 10_000 || err != nil {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	})
}

// A handler that answers while it reads the body gets the body: over HTTP/2, and over
// HTTP/1 if it asks for it. A client that waits for the answer before it goes on with the
// body isn't kept waiting.
func TestEndStalledBodiesOfADuplex(t *testing.T) {
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := http.NewResponseController(w)
		if err := c.EnableFullDuplex(); err != nil && r.ProtoMajor == 1 {
			t.Error(err)
		}
		w.WriteHeader(http.StatusOK)
		if err := c.Flush(); err != nil {
			t.Error(err)
		}
		io.Copy(w, r.Body)
	})
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2"} {
		t.Run(protocol, func(t *testing.T) {
			s := httptest.NewUnstartedServer(EndStalledBodies(5 * time.Second)(echo))
			if s.EnableHTTP2 = protocol == "HTTP/2"; s.EnableHTTP2 {
				s.StartTLS()
			} else {
				s.Start()
			}
			defer s.Close()
			r, w := io.Pipe()
			resp, err := s.Client().Post(s.URL, "text/plain", r)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			go func() {
				io.WriteString(w, "0123456789")
				w.Close()
			}()
			if body, err := io.ReadAll(resp.Body); string(body) != "0123456789" || err != nil {
				t.Errorf("got %q, %v; want the body of the request", body, err)
			}
		})
	}
}

// Over HTTP/1, an answer waits for a body only where net/http would, and nothing of the
// body is lost where it would not.
func TestEndStalledBodiesReadsNoMore(t *testing.T) {
	for name, head := range map[string]string{
		"large":               "Content-Length: 300000\r\n",
		"the connection ends": "Content-Length: 100\r\nConnection: close\r\n",
		"expected":            "Content-Length: 100\r\nExpect: 100-continue\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newPipes()
				read := make(chan int64, 1)
				s := &http.Server{Handler: EndStalledBodies(time.Minute)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					io.CopyN(io.Discard, r.Body, 1)
					io.WriteString(w, "answer")
					http.NewResponseController(w).Flush()
					n, _ := io.Copy(io.Discard, r.Body)
					read <- 1 + n
				}))}
				go s.Serve(l)
				defer s.Close()
				c, err := l.dial()
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: x\r\n%s\r\n", head)
				b := bufio.NewReader(c)
				if name == "expected" {
					if resp, err := http.ReadResponse(b, nil); err != nil || resp.StatusCode != http.StatusContinue {
						t.Fatalf("%v, %v; want 100", resp, err)
					}
				}
				io.WriteString(c, "x")
				began := time.Now()
				if _, err := http.ReadResponse(b, nil); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(began); took != 0 {
					t.Errorf("answered after %v", took)
				}
				var size int64
				fmt.Sscanf(head, "Content-Length: %d", &size)
				go io.Copy(io.Discard, b)
				io.WriteString(c, strings.Repeat("x", int(size)-1))
				if n := <-read; n != size {
					t.Errorf("the handler read %d bytes, want %d", n, size)
				}
				time.Sleep(time.Second) // net/http waits before it closes
			})
		})
	}
}

// A reverse proxy reads the body in another goroutine than that of the answer. If the
// answer comes first, net/http reads a part of the body itself, with and without the limit.
func TestEndStalledBodiesBeforeAProxy(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).EnableFullDuplex()
		io.WriteString(w, "answer")
		http.NewResponseController(w).Flush()
		io.Copy(io.Discard, r.Body)
	}))
	defer app.Close()
	target, err := url.Parse(app.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }, FlushInterval: -1, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	s := httptest.NewServer(EndStalledBodies(time.Minute)(proxy))
	defer s.Close()
	for range 10 {
		resp, err := s.Client().Post(s.URL, "text/plain", strings.NewReader(strings.Repeat("x", 1<<20)))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(resp.Body); string(got) != "answer" || err != nil && err != io.ErrUnexpectedEOF {
			t.Errorf("%q, %v", got, err)
		}
		resp.Body.Close()
	}
}

// Over HTTP/2, too, a body that doesn't arrive ends its request, and a handler that reads
// it late gets all.
func TestEndStalledBodiesOfAStream(t *testing.T) {
	const limit = time.Second
	type result struct {
		body string
		err  error
	}
	read := make(chan result, 1)
	h := EndStalledBodies(limit)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/late" {
			time.Sleep(2 * limit)
		}
		body, err := io.ReadAll(r.Body)
		read <- result{string(body), err}
	}))
	s := httptest.NewUnstartedServer(h)
	s.Config.ReadTimeout = limit
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	send := func(path string, body io.Reader) (result, error) {
		resp, err := s.Client().Post(s.URL+path, "text/plain", body)
		if err == nil {
			resp.Body.Close()
		}
		return <-read, err
	}
	large := strings.Repeat("0123456789abcdef", 1<<18) // 4 MiB: more than the server's window
	if got, err := send("/late", strings.NewReader(large)); got.body != large || got.err != nil || err != nil {
		t.Errorf("read late: %d bytes, %v; the client: %v", len(got.body), got.err, err)
	}
	r, w := io.Pipe()
	defer w.Close()
	go io.WriteString(w, "01234")
	if got, _ := send("/stalls", r); got.body != "01234" || !errors.Is(got.err, os.ErrDeadlineExceeded) {
		t.Errorf("stalled: %q, %v; want the first half and the end of the limit", got.body, got.err)
	}
}

// Who reads a body again after its end sets no deadline for the rest of the request: at
// such a deadline, net/http takes the client for gone.
func TestEndStalledBodiesReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipes()
		ended := make(chan error, 1)
		s := &http.Server{Handler: EndStalledBodies(time.Minute)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			time.Sleep(time.Minute / 2)
			io.Copy(io.Discard, r.Body)
			time.Sleep(time.Hour)
			ended <- r.Context().Err()
		}))}
		go s.Serve(l)
		defer s.Close()
		c, err := l.dial()
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		go fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")
		if err := <-ended; err != nil {
			t.Errorf("the context of the request: %v", err)
		}
		if _, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil {
			t.Error(err)
		}
	})
}
