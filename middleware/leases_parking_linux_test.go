//go:build !386

package middleware_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/middleware"
	"github.com/downloadview/downloadview/middleware/memlease"
	"github.com/downloadview/downloadview/storage/disk"
)

// A completing store counts the leases that were completed.
type completing struct {
	middleware.LeaseStore
	completed atomic.Int32
}

func (s *completing) Complete(ctx context.Context, id, holder string) error {
	s.completed.Add(1)
	return s.LeaseStore.Complete(ctx, id, holder)
}

// A counted download isn't parked, however slow its client is, if Links.Handler is inside
// of Parking.Handler: the link's writer sees it to its end. It is whole, and counts then.
func TestCountedLinkIsNotParked(t *testing.T) {
	content := make([]byte, 16<<20)
	_, _ = rand.NewChaCha8([32]byte{}).Read(content)
	path := filepath.Join(t.TempDir(), "a.bin")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := disk.File(path)
	if err != nil {
		t.Fatal(err)
	}
	store := &completing{LeaseStore: memlease.New(nil)}
	links := countedLinks(store, &middleware.LeasesOptions{Count: middleware.OnComplete})
	parking := downloadview.NewParking(&downloadview.ParkingOptions{After: 10 * time.Millisecond})
	outcomes := make(chan downloadview.Outcome, 10)
	h := parking.Handler(links.Handler(downloadview.NewHandler(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: f}, nil
	}), &downloadview.Options{
		Logger:   slog.New(slog.DiscardHandler),
		Observer: func(_ *http.Request, o downloadview.Outcome) { outcomes <- o },
	})))
	returned := make(chan string, 10)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r)
		returned <- r.Header.Get("Client")
	}))
	s.Config.ConnContext = downloadview.ConnContext
	s.Listener = downloadview.EndStalled(s.Listener, time.Minute)
	s.Start()
	defer s.Close()

	const slow, other = "192.0.2.1", "192.0.2.2"
	dial := func() net.Conn {
		c, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		if err := c.(*net.TCPConn).SetReadBuffer(96 << 10); err != nil { // or it takes in megabytes unread
			t.Fatal(err)
		}
		return c
	}
	ask := func(c net.Conn, link, client, fields string) {
		fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: a.example\r\nClient: %s\r\n%s\r\n", link, client, fields)
	}
	answer := func(r *bufio.Reader) *http.Response {
		t.Helper()
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		return resp
	}

	counted := sign(t, links, "/a.bin", middleware.Grant{Times: 1})
	c := dial()
	ask(c, counted, slow, "")
	in := bufio.NewReader(c)
	resp := answer(in) // its body has begun, and isn't read
	for range 3 {      // meanwhile others are parked whose downloads aren't counted
		uncounted := dial()
		ask(uncounted, sign(t, links, "/a.bin", middleware.Grant{}), other, "")
		if client := <-returned; client != other || parking.Open() != 1 {
			t.Fatalf("the handler of %s returns first, and %d downloads are parked; want %s and 1", client, parking.Open(), other)
		}
		uncounted.Close()
		if o := <-outcomes; o.AbortedBy != downloadview.AbortedByClient {
			t.Errorf("outcome of a download that isn't counted: %+v", o)
		}
		if err := parking.Shutdown(t.Context()); err != nil { // of this one only
			t.Fatal(err)
		}
	}
	if n := store.completed.Load(); n != 0 {
		t.Errorf("%d downloads have counted before their end", n)
	}
	got, err := io.ReadAll(resp.Body)
	if err != nil || !bytes.Equal(got, content) {
		t.Fatalf("read %d bytes, %v; want the %d of the file", len(got), err, len(content))
	}
	if o := <-outcomes; o.Err != nil || o.Bytes != int64(len(content)) {
		t.Errorf("outcome %+v, want all bytes", o)
	}
	if client := <-returned; client != slow || parking.Open() != 0 {
		t.Errorf("the handler of %s returns, and %d downloads are parked; want %s and none", client, parking.Open(), slow)
	}
	if n := store.completed.Load(); n != 1 {
		t.Errorf("the download has counted %d times, want once", n)
	}
	// The server closes the connection of a download that was parked.
	ask(c, counted, slow, "Range: bytes=0-0\r\n")
	if again := answer(in); again.StatusCode != http.StatusPartialContent {
		t.Errorf("the same client on the same connection: %d, want 206", again.StatusCode)
	}
	c = dial()
	ask(c, counted, other, "")
	if refused := answer(bufio.NewReader(c)); refused.StatusCode != http.StatusForbidden {
		t.Errorf("another client: %d, want 403", refused.StatusCode)
	}
}
