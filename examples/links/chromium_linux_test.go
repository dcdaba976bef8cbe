package main

import (
	"bytes"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/examples/internal/paused"
	"github.com/downloadview/downloadview/middleware"
)

// An asked question is a request and how it ended.
type asked struct {
	byteRange, ifRange string
	outcome            downloadview.Outcome
}

// A customer follows the link in the mail, presses the button and pauses the download.
// The connection ends meanwhile, and Chromium goes on with another one: all that is one
// download. Another person doesn't get another one.
func TestPausedInChromium(t *testing.T) {
	content := make([]byte, 64<<20) // more than Chromium and the sockets keep while it is paused
	_, _ = rand.NewChaCha8([32]byte{}).Read(content)
	root := openRoot(t, content)
	keys, err := middleware.ParseKeys("links.keys", []byte("test AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n"))
	if err != nil {
		t.Fatal(err)
	}
	s := newShop(keys, root)
	invoices := s.invoices
	s.invoices = downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		resp, err := invoices.Respond(r)
		if r.Header.Get("Range") == "" {
			resp.LimitRate = 2 << 20 // so that there is time to pause it
		}
		return resp, err
	})
	requests := make(chan asked, 100)
	o := &downloadview.Options{Observer: func(r *http.Request, o downloadview.Outcome) {
		requests <- asked{r.Header.Get("Range"), r.Header.Get("If-Range"), o}
	}}
	server := httptest.NewUnstartedServer(downloadview.UseOptions(o)(s.handler()))
	server.Listener = downloadview.EndStalled(server.Listener, 3*time.Second)
	server.Start()
	defer server.Close()
	mail, err := s.mail("17.pdf")
	if err != nil {
		t.Fatal(err)
	}

	dir := t.TempDir()
	ctx := paused.Open(t, dir)
	ended := func() asked {
		select {
		case a := <-requests:
			return a
		case <-ctx.Done():
			t.Fatal("no request ended")
			return asked{}
		}
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(server.URL+mail)); err != nil {
		t.Fatal(err)
	}
	link := paused.Download(ctx, t, chromedp.Click(chromedp.CSS("button")), func() {
		if first := ended(); first.outcome.Status != 200 || first.outcome.AbortedBy != downloadview.AbortedByStall {
			t.Fatalf("the paused download ended with %+v, want a stall", first)
		}
	})
	if next := ended(); next.outcome.Status != 206 || next.byteRange == "" || next.ifRange == "" {
		t.Errorf("the resumed download is %+v, want a range", next)
	}
	got, err := os.ReadFile(filepath.Join(dir, "17.pdf"))
	if err != nil || !bytes.Equal(got, content) {
		t.Errorf("saved %d bytes, %v, want the %d of the file", len(got), err, len(content))
	}

	// Both have the link that the browser has followed.
	if !strings.HasPrefix(link, server.URL+"/invoices/17.pdf?dv=") {
		t.Fatal("the download began at another URL")
	}
	for client, want := range map[string]int{"127.0.0.1": 206, "127.0.0.2": 403} {
		if got := statusFor(t, client, link); got != want {
			t.Errorf("from %s: %d, want %d", client, got, want)
		}
	}
}

// statusFor returns the status for a client at an address of this machine.
func statusFor(t *testing.T, client, link string) int {
	t.Helper()
	from := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(client)}}
	transport := &http.Transport{DialContext: from.DialContext}
	defer transport.CloseIdleConnections()
	r, err := http.NewRequestWithContext(t.Context(), "GET", link, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Range", "bytes=0-0")
	resp, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}
