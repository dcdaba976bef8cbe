//go:build unix

package proxies_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/ledger"
	"github.com/downloadview/downloadview/storage/disk"
)

// sizeOfBin is more than fits into the buffers of a connection, so that an abort leaves
// some of the file behind.
const sizeOfBin = 64 << 20

// A scene is an application with a ledger behind a real proxy, which sends the file
// a.bin and logs it.
type scene struct {
	*proxytest.Server
	path    string // of the proxy's log; "" if it is a socket
	entries *ledger.Memory
	lines   chan string // the lines that the ledger has

	mu  sync.Mutex
	log []string // all those lines
}

// newScene starts a proxy that logs to where, and a reader of its log.
func newScene(t *testing.T, server string, socket bool) *scene {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "media")
	proxytest.Write(t, dir, "a.bin", "")
	file := filepath.Join(dir, "a.bin")
	if err := os.Truncate(file, sizeOfBin); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(file, old, old); err != nil {
		t.Fatal(err)
	}
	store, err := disk.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	k := proxytest.KindOf(t, server)
	rule := k.Rule("media", "/_media/", dir)
	a, err := accel.New(k.Accel(), []accel.Rule{rule.Rule}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &scene{entries: ledger.NewMemory(nil), lines: make(chan string, 1000)}
	l := ledger.New(s.entries, &ledger.Options{Subject: func(r *http.Request) string { return r.Header.Get("User") }})
	view := a.Middleware(downloadview.StorageView{Storage: store, Key: downloadview.PathKey("/")})
	app := httptest.NewServer(l.Handler(downloadview.NewHandler(view, &downloadview.Options{Observer: l.Observe, Logger: slog.New(slog.DiscardHandler)})))
	t.Cleanup(app.Close)

	logs := t.TempDir()
	if err := os.Chmod(logs, 0o777); err != nil { // for servers that don't run as root
		t.Fatal(err)
	}
	where := filepath.Join(logs, "downloads.log")
	ctx, cancel := context.WithCancel(t.Context())
	read := func() error {
		return ledger.Follow(ctx, where, ledger.Position{}, func(b []byte, _ ledger.Position) error { return s.add(ctx, b) }, &ledger.FollowOptions{Poll: time.Millisecond})
	}
	s.path = where
	if socket {
		s.path = ""
		c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(logs, "s"), Net: "unixgram"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		where = "unix:" + c.LocalAddr().String()
		read = func() error { return ledger.Receive(ctx, c, func(b []byte) error { return s.add(ctx, b) }) }
	}
	s.Server = proxytest.Start(t, server, site.Site{
		Upstream: app.Listener.Addr().String(),
		Rules:    []site.Rule{rule},
		Ledger:   where,
	}, proxytest.Options{})
	ended := make(chan error, 1)
	go func() { ended <- read() }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("reading the log: %v", err)
		}
	})
	return s
}

func (s *scene) add(ctx context.Context, line []byte) error {
	s.mu.Lock()
	s.log = append(s.log, string(line))
	s.mu.Unlock()
	if err := ledger.AddLine(ctx, s.entries, line); err != nil {
		return err
	}
	s.lines <- string(line)
	return nil
}

// get reads up to most bytes of the answer and closes the connection. It returns how many
// bytes came.
func (s *scene) get(t *testing.T, method, rang string, most int64) int64 {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+"/a.bin", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Close = true
	r.Header.Set("User", "ann")
	if rang != "" {
		r.Header.Set("Range", "bytes="+rang)
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Error(err)
		return 0
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusPartialContent {
		t.Errorf("%s %s: %d", method, rang, resp.StatusCode)
	}
	if got := resp.Header[ledger.Field]; got != nil {
		t.Errorf("the client sees the ID %q", got)
	}
	n, err := io.CopyN(io.Discard, resp.Body, most)
	if err != nil && err != io.EOF {
		t.Errorf("%s %s after %d bytes: %v", method, rang, n, err)
	}
	return n
}

// logged waits for n more lines, and returns the only entry.
func (s *scene) logged(t *testing.T, n int) ledger.Entry {
	t.Helper()
	for range n {
		select {
		case <-s.lines:
		case <-time.After(time.Minute):
			t.Fatalf("of %d lines, some didn't come", n)
		}
	}
	all := s.entries.Entries()
	if len(all) != 1 {
		t.Fatalf("%d entries, want one: %+v", len(all), all)
	}
	return all[0]
}

// sent returns the sum of the bytes in the log.
func (s *scene) sent(t *testing.T) int64 {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	var sum int64
	for _, line := range s.log {
		_, rest, _ := strings.Cut(line, "downloadview/")
		n, err := strconv.ParseInt(strings.Fields(rest)[6], 10, 64)
		if err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		sum += n
	}
	return sum
}

// Four ranges at once, a HEAD, an abort, a retry and a resume through the real proxy are
// one entry, and its bytes are those of the proxy's log.
func TestLedgerBehindProxies(t *testing.T) {
	for _, tt := range []struct {
		server  string
		socket  bool
		rotated bool
	}{
		{"nginx", false, false},
		{"nginx", true, false},
		{"nginx", false, true},
	} {
		t.Run(fmt.Sprintf("%s socket %v rotated %v", tt.server, tt.socket, tt.rotated), func(t *testing.T) {
			s := newScene(t, tt.server, tt.socket)
			const quarter = sizeOfBin / 4
			var all sync.WaitGroup
			for i := range 3 {
				all.Go(func() {
					if n := s.get(t, "GET", fmt.Sprintf("%d-%d", i*quarter, (i+1)*quarter-1), sizeOfBin); n != quarter {
						t.Errorf("range %d has %d bytes, want %d", i, n, quarter)
					}
				})
			}
			all.Go(func() { s.get(t, "GET", fmt.Sprintf("%d-", 3*quarter), 1) }) // and breaks off
			all.Wait()
			e := s.logged(t, 4)
			if cut := e.Bytes - 3*quarter; e.Complete || cut <= 0 || cut >= quarter || e.Size != sizeOfBin || len(e.Pieces) != 1 || e.Pieces[0].End != e.Bytes {
				t.Errorf("after four ranges: %+v", e)
			}
			if tt.rotated {
				if err := os.Rename(s.path, s.path+".1"); err != nil {
					t.Fatal(err)
				}
			}
			s.get(t, "HEAD", "", 0)
			s.get(t, "GET", fmt.Sprintf("%d-%d", quarter, 2*quarter-1), sizeOfBin) // a retry
			e = s.logged(t, 2)
			if tt.rotated {
				if err := s.Process.Signal(syscall.SIGUSR1); err != nil {
					t.Fatal(err)
				}
				awaitFile(t, s.path)
			}
			if n := s.get(t, "GET", fmt.Sprintf("%d-", e.Pieces[0].End), sizeOfBin); n != sizeOfBin-e.Pieces[0].End {
				t.Errorf("the rest has %d bytes", n)
			}
			e = s.logged(t, 1)
			if !e.Complete || e.Bytes != s.sent(t) || e.Bytes != sizeOfBin+quarter {
				t.Errorf("complete %v, %d bytes; want %d, and the log has %d", e.Complete, e.Bytes, sizeOfBin+quarter, s.sent(t))
			}
			if e.Subject != "ann" || e.Name != "a.bin" || e.HandedOver != 7 || e.Logged != 7 || e.Requests() != 7 || e.Streamed != 0 || e.Ended != "" || e.Version == "" {
				t.Errorf("%+v", e)
			}
		})
	}
}

// awaitFile waits until there is a file at path.
func awaitFile(t *testing.T, path string) {
	t.Helper()
	for range 10_000 {
		if _, err := os.Stat(path); err == nil {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatalf("there is no %s", path)
}
