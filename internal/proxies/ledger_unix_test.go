//go:build unix

package proxies_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
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
	lines   chan string // gets each line of a download that the ledger has
	ended   chan bool   // gets a value for each request that the application is done with
	shown   bool        // the client sees the ID

	mu  sync.Mutex
	log []string // those lines
}

// A destination is where a proxy logs.
type destination int

const (
	toFile destination = iota
	toSocket
	toRotatedFile
)

// newScene starts a proxy and a reader of its log.
func newScene(t *testing.T, server string, to destination) *scene {
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
	s := &scene{entries: ledger.NewMemory(nil), lines: make(chan string, 1000), ended: make(chan bool, 100)}
	l := ledger.New(s.entries, &ledger.Options{Subject: func(r *http.Request) string { return r.Header.Get("User") }})
	view := a.Middleware(downloadview.StorageView{Storage: store, Key: func(r *http.Request) (string, error) {
		if r.URL.Path != "/a.bin" {
			return "", fs.ErrNotExist // the application answers this by itself
		}
		return "a.bin", nil
	}})
	app := httptest.NewServer(l.Handler(downloadview.NewHandler(view, &downloadview.Options{
		Logger: slog.New(slog.DiscardHandler),
		Observer: func(r *http.Request, o downloadview.Outcome) {
			l.Observe(r, o)
			s.ended <- true
		},
	})))
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
	if to == toSocket {
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
	if _, ours, err := ledger.ParseLine(line); !ours && err == nil {
		return nil
	}
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
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+"/a.bin?dv=SECRET", http.NoBody)
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
	if got := resp.Header[ledger.Field]; got != nil && !s.shown {
		t.Errorf("the client sees the ID %q", got)
	}
	n, err := io.CopyN(io.Discard, resp.Body, most)
	if err != nil && err != io.EOF {
		t.Errorf("%s %s after %d bytes: %v", method, rang, n, err)
	}
	<-s.ended
	return n
}

// logged returns the only entry, when the log has all of its requests.
func (s *scene) logged(t *testing.T) ledger.Entry {
	t.Helper()
	for {
		all := s.entries.Entries()
		if len(all) != 1 {
			t.Fatalf("%d entries, want one: %+v", len(all), all)
		}
		if all[0].Logged == all[0].HandedOver {
			return all[0]
		}
		select {
		case <-s.lines:
		case <-time.After(time.Minute):
			t.Fatalf("some lines are missing: %+v", all[0])
		}
	}
}

// sent returns the sum of the bytes in the log.
func (s *scene) sent(t *testing.T) int64 {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	var sum int64
	for _, line := range s.log {
		_, rest, isText := strings.Cut(line, "downloadview/")
		_, size, _ := strings.Cut(line, `"size":`)
		size, _, _ = strings.Cut(size, ",")
		if isText {
			size = strings.Fields(rest)[6]
		}
		n, err := strconv.ParseInt(size, 10, 64)
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
	eachServer(t, func(t *testing.T, srv server) {
		if !srv.LogsDownloads {
			proxytest.Refused(t, srv.Name, site.Site{Listen: "127.0.0.1:8000", Upstream: "127.0.0.1:8080", Ledger: "/var/log/downloads.log"}, "can't log downloads")
			return
		}
		t.Run("a file", func(t *testing.T) { testLedger(t, srv, toFile) })
		if srv.Traits.Ledger.Syslog {
			t.Run("a socket", func(t *testing.T) { testLedger(t, srv, toSocket) })
		}
		if srv.Traits.Ledger.Reopens {
			t.Run("a file that is rotated", func(t *testing.T) { testLedger(t, srv, toRotatedFile) })
		}
	})
}

func testLedger(t *testing.T, srv server, to destination) {
	t.Helper()
	s := newScene(t, srv.Name, to)
	s.shown = srv.ShowsID
	// The tilde of a token may be escaped, the whole URL asked for, or a program has
	// escaped too much or put a path in front.
	for _, target := range []string{
		"/~1.SECRET/a.bin?dv=SECRET", "/%7E1.SECRET/a.bin", "/%7e%31%2eSECRET/a.bin", s.URL + "/~1.SECRET/a.bin",
		"/a.bin%3Fdv%3D1.SECRET", "/a.bin%3fa=b&dv=1.SECRET", "/a.bin%3Fdvn=SECRET", "/x/~1.SECRET/a.bin", "/x/%7E1%2ESECRET/a.bin",
	} {
		if resp := s.Do(t, "GET", target, nil); resp.StatusCode != http.StatusNotFound {
			t.Fatalf("%s, a path that isn't there: %s", target, resp.Status) // the application wasn't asked
		}
		<-s.ended
	}
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
	e := s.logged(t)
	cut := e.Bytes - 3*quarter
	if e.Complete || cut <= 0 || cut >= quarter || e.Size != sizeOfBin || len(e.Pieces) != 1 || e.Pieces[0].End != e.Bytes {
		t.Fatalf("after four ranges: %+v", e)
	}
	if to == toRotatedFile {
		if err := os.Rename(s.path, s.path+".1"); err != nil {
			t.Fatal(err)
		}
	}
	s.get(t, "HEAD", "", 0)
	s.get(t, "GET", fmt.Sprintf("%d-%d", quarter, 2*quarter-1), sizeOfBin) // a retry
	s.logged(t)
	if to == toRotatedFile {
		if err := s.Process.Signal(syscall.SIGUSR1); err != nil {
			t.Fatal(err)
		}
		awaitFile(t, s.path)
	}
	rest := int64(quarter) - cut/2 // the end of what left didn't arrive
	if n := s.get(t, "GET", fmt.Sprintf("%d-", sizeOfBin-rest), sizeOfBin); n != rest {
		t.Errorf("the rest has %d bytes, want %d", n, rest)
	}
	e = s.logged(t)
	if want := 4*quarter + cut + rest; !e.Complete || e.Bytes != want {
		t.Errorf("complete %v, %d bytes; want %d", e.Complete, e.Bytes, want)
	}
	if sent := s.sent(t); !srv.Traits.Ledger.LogsPlanned && e.Bytes != sent {
		t.Errorf("%d bytes, and the log has %d", e.Bytes, sent)
	}
	if e.Subject != "ann" || e.Name != "a.bin" || e.HandedOver < 6 || e.Requests() != 7 || e.Ended != "" || e.Version == "" {
		t.Errorf("%+v", e)
	}
	if s.path != "" {
		if b, err := os.ReadFile(s.path); err != nil || len(b) == 0 || bytes.Contains(b, []byte("SECRET")) {
			t.Errorf("the log has a token in it, or nothing: %v\n%s", err, b)
		}
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
