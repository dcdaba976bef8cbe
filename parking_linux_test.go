//go:build !386

package downloadview_test

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/disk"
	"github.com/downloadview/downloadview/storage/resume"
)

// A parkSite is a server whose downloads are parked after a moment.
type parkSite struct {
	net.Listener
	parking  *downloadview.Parking
	server   *http.Server
	content  []byte
	outcomes chan downloadview.Outcome
	returned chan struct{} // a value for each handler that has returned
}

// parkAfter is so short that a client which reads nothing for a moment is parked.
const parkAfter = 20 * time.Millisecond

// A parkCase says how a site is set up.
type parkCase struct {
	file    func(content []byte) downloadview.File // nil: a file on disk
	size    int
	rate    int64
	pacer   downloadview.Pacer
	network string // tcp or unix; "" is tcp
	stall   time.Duration
	least   int64
	tracer  downloadview.Tracer
	gate    downloadview.Gate
	told    func() // is called by the observer
	inside  func(http.Handler) http.Handler
	outside func(http.Handler) http.Handler
	off     bool
	after   time.Duration // 0: parkAfter
	ranges  string        // of the request
	buffer  int           // of the server's sockets, for sending; 0: the system's
}

// smallBuffers is a listener whose connections have small buffers. Those of 2,000 clients
// on this machine would otherwise be all the memory that the system gives to TCP.
type smallBuffers struct {
	net.Listener
	size int
}

func (l smallBuffers) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		err = c.(*net.TCPConn).SetWriteBuffer(l.size)
	}
	return c, err
}

func newParkSite(t testing.TB, k parkCase) *parkSite {
	t.Helper()
	s := &parkSite{
		parking:  downloadview.NewParking(&downloadview.ParkingOptions{After: cmp.Or(k.after, parkAfter)}),
		content:  randomBytes(k.size),
		outcomes: make(chan downloadview.Outcome, 5000),
		returned: make(chan struct{}, 5000),
	}
	file := downloadview.File(nil)
	if k.file == nil {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "a.bin"), s.content, 0o600); err != nil {
			t.Fatal(err)
		}
		root, err := os.OpenRoot(dir)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { root.Close() })
		if file, err = disk.New(root, nil).File("a.bin"); err != nil {
			t.Fatal(err)
		}
	} else {
		file = k.file(s.content)
	}
	h := downloadview.NewHandler(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: file, LimitRate: k.rate, Pacer: k.pacer, Gate: k.gate}, nil
	}), &downloadview.Options{
		Logger: slog.New(slog.DiscardHandler),
		Tracer: k.tracer,
		Observer: func(_ *http.Request, o downloadview.Outcome) {
			if k.told != nil {
				k.told()
			}
			s.outcomes <- o
		},
	})
	if k.inside != nil {
		h = k.inside(h)
	}
	if !k.off {
		h = s.parking.Handler(h)
	}
	if k.outside != nil {
		h = k.outside(h)
	}
	s.server = &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() { s.returned <- struct{}{} }()
			h.ServeHTTP(w, r)
		}),
		ConnContext: downloadview.ConnContext,
		ErrorLog:    slog.NewLogLogger(slog.DiscardHandler, 0),
	}
	address := "127.0.0.1:0"
	if k.network == "unix" {
		address = filepath.Join(t.TempDir(), "s")
	} else {
		k.network = "tcp"
	}
	l, err := net.Listen(k.network, address)
	if err != nil {
		t.Fatal(err)
	}
	s.Listener = l
	if k.network == "tcp" {
		l = smallBuffers{l, cmp.Or(k.buffer, 64<<10)}
	}
	if k.stall == 0 {
		k.stall = time.Minute
	}
	watched := downloadview.EndStalled(l, k.stall)
	if k.least > 0 {
		watched = downloadview.EndSlow(l, k.stall, k.least)
	}
	served := make(chan struct{})
	go func() { defer close(served); s.server.Serve(watched) }()
	t.Cleanup(func() {
		s.parking.Close()
		s.server.Close()
		s.parking.Shutdown(context.Background())
		<-served
	})
	return s
}

// randomBytes returns bytes that are nowhere the same.
func randomBytes(n int) []byte {
	b := make([]byte, n)
	seed := [32]byte{1}
	rand.NewChaCha8(seed).Read(b)
	return b
}

// get sends a request for the file and returns the connection with the answer's header.
func (s *parkSite) get(t testing.TB, proto string, header ...string) (net.Conn, *http.Response) {
	t.Helper()
	c := s.dial(t)
	return c, request(t, c, proto, header...)
}

func (s *parkSite) dial(t testing.TB) net.Conn {
	t.Helper()
	c, err := net.Dial(s.Addr().Network(), s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if tcp, ok := c.(*net.TCPConn); ok {
		if err := tcp.SetReadBuffer(96 << 10); err != nil { // or it takes in megabytes unread
			t.Fatal(err)
		}
	}
	return c
}

func request(t testing.TB, c net.Conn, proto string, header ...string) *http.Response {
	t.Helper()
	var b bytes.Buffer
	fmt.Fprintf(&b, "GET /a.bin %s\r\nHost: example.com\r\n", proto)
	for _, h := range header {
		fmt.Fprintf(&b, "%s\r\n", h)
	}
	b.WriteString("\r\n")
	if _, err := c.Write(b.Bytes()); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReaderSize(c, 64), nil)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// awaitParked waits until n answers are parked and their handlers have returned.
func (s *parkSite) awaitParked(t testing.TB, n int) {
	t.Helper()
	for range n {
		select {
		case <-s.returned:
		case o := <-s.outcomes:
			t.Fatalf("the download ended instead of being parked: %+v", o)
		case <-time.After(20 * time.Second):
			t.Fatal("a handler doesn't return: the answer is not parked")
		}
	}
	if got := s.parking.Open(); got != n {
		t.Fatalf("%d answers are parked, want %d", got, n)
	}
}

func (s *parkSite) outcome(t testing.TB) downloadview.Outcome {
	t.Helper()
	select {
	case o := <-s.outcomes:
		return o
	case <-time.After(20 * time.Second):
		t.Fatal("the observer was not called")
		panic("unreachable")
	}
}

const mebi = 1 << 20

// a client that stops reading for a while gets the whole file from a connection that the
// server doesn't have any more.
func TestParkedDownloadIsTheWholeFile(t *testing.T) {
	for name, k := range map[string]parkCase{
		"disk":                       {size: 2 * mebi},
		"disk, unix socket":          {size: 2 * mebi, network: "unix"},
		"object":                     {size: 2 * mebi, file: asObject},
		"object, unix socket":        {size: 2 * mebi, file: asObject, network: "unix"},
		"object, SendRest":           {size: 2 * mebi, file: asRest},
		"object, SendRest and rate":  {size: mebi / 2, rate: mebi / 2, file: asRest},
		"object, resumed":            {size: 2 * mebi, file: asResumed},
		"disk, unix socket and rate": {size: mebi / 2, rate: mebi / 2, network: "unix"},
		"disk, pacer":                {size: mebi / 2, pacer: slowPacer{}},
		"object, pacer":              {size: mebi / 2, pacer: slowPacer{}, file: asObject},
		"disk, EndSlow":              {size: 2 * mebi, least: 1},
		"object, EndSlow":            {size: 2 * mebi, least: 1, file: asObject},
		"disk, rate":                 {size: mebi / 2, rate: mebi / 2},
		"object, rate":               {size: mebi / 2, rate: mebi / 2, file: asObject},
	} {
		for _, proto := range []string{"HTTP/1.1", "HTTP/1.0"} {
			t.Run(name+", "+proto, func(t *testing.T) {
				s := newParkSite(t, k)
				c, resp := s.get(t, proto)
				s.awaitParked(t, 1)
				got, err := io.ReadAll(resp.Body)
				if err != nil || !bytes.Equal(got, s.content) {
					t.Fatalf("read %d bytes of %d, %v; want the content", len(got), len(s.content), err)
				}
				o := s.outcome(t)
				if o.Bytes != int64(len(s.content)) || o.Status != 200 || o.AbortedBy != downloadview.NotAborted || o.Err != nil {
					t.Errorf("outcome %+v, want 200 with all bytes", o)
				}
				if n, err := c.Read(make([]byte, 1)); n != 0 || err != io.EOF {
					t.Errorf("after the body: %d bytes, %v; want the end of the connection", n, err)
				}
			})
		}
	}
}

// A slowPacer lets 64 KiB pass every 100 ms.
type slowPacer struct{}

func (slowPacer) Burst() int { return 64 << 10 }

func (slowPacer) WaitN(ctx context.Context, n int) error {
	select {
	case <-time.After(time.Duration(n) * 100 * time.Millisecond / (64 << 10)):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// asResumed is an object as storage/resume reads it.
func asResumed(content []byte) downloadview.File {
	f, err := resume.New(oneObject{parkObject{content: content}}, nil).File("a.bin")
	if err != nil {
		panic(err)
	}
	return f
}

type oneObject struct{ f downloadview.File }

func (s oneObject) File(string) (downloadview.File, error) { return s.f, nil }

// asObject is a file as in a bucket: reading it ends with the context of its opening.
func asObject(content []byte) downloadview.File { return parkObject{content: content} }

// asCopying is an object whose handle lets the writer copy.
func asCopying(content []byte) downloadview.File { return parkObject{content: content, copies: true} }

// asRest is an object whose handle lets the writer copy, and does nothing afterwards.
func asRest(content []byte) downloadview.File {
	return parkObject{content: content, copies: true, rest: true}
}

type parkObject struct {
	content []byte
	copies  bool
	rest    bool  // WriteTo uses SendRest, as storage/resume does
	fails   int64 // at this byte; 0: never
	panics  bool  // it fails by a panic
}

func (o parkObject) Name() string { return "a.bin" }

func (o parkObject) Open(ctx context.Context) (fs.File, error) {
	return o.OpenRange(ctx, 0, -1)
}

func (o parkObject) OpenRange(ctx context.Context, offset, length int64) (fs.File, error) {
	if offset < 0 {
		offset += int64(len(o.content))
	}
	if length < 0 {
		length = int64(len(o.content)) - offset
	}
	h := &parkHandle{o: o, ctx: ctx, at: offset, end: min(offset+length, int64(len(o.content)))}
	if o.copies {
		return copyingHandle{h}, nil
	}
	return h, nil
}

type parkHandle struct {
	o       parkObject
	ctx     context.Context
	at, end int64
	mu      sync.Mutex
	closed  bool
}

func (h *parkHandle) Stat() (fs.FileInfo, error) {
	return downloadview.Attributes{Size: int64(len(h.o.content)), ETag: `"v"`}.FileInfo("a.bin"), nil
}

var errOrigin = errors.New("the origin broke")

func (h *parkHandle) Read(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.closed:
		return 0, fs.ErrClosed
	case h.ctx.Err() != nil:
		return 0, context.Cause(h.ctx)
	case h.o.fails > 0 && h.at >= h.o.fails && h.o.panics:
		panic(errOrigin)
	case h.o.fails > 0 && h.at >= h.o.fails:
		return 0, errOrigin
	case h.at == h.end:
		return 0, io.EOF
	}
	end := h.end
	if h.o.fails > 0 {
		end = min(end, h.o.fails)
	}
	n := copy(p, h.o.content[h.at:end])
	h.at += int64(n)
	return n, nil
}

func (h *parkHandle) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	return nil
}

type copyingHandle struct{ *parkHandle }

func (h copyingHandle) WriteTo(w io.Writer) (int64, error) {
	if rest, ok := w.(interface {
		SendRest(io.Reader) (int64, error)
	}); ok && h.o.rest {
		return rest.SendRest(h.parkHandle)
	}
	return io.Copy(w, struct{ io.Reader }{h.parkHandle})
}
