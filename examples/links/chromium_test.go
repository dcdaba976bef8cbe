package main

import (
	"bytes"
	"context"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/testserver"
	"github.com/downloadview/downloadview/middleware"
)

// openTab starts a real browser that saves into dir.
func openTab(t *testing.T, dir string) context.Context {
	t.Helper()
	flags := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(testserver.Binary(t, "chromium", "DOWNLOADVIEW_CHROMIUM")),
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
	)
	if os.Getuid() == 0 {
		flags = append(flags, chromedp.NoSandbox) // which root can't have
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, flags...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Error(err)
		}
	})
	yes := true
	if _, err := chromedp.CallBrowser(ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllow, DownloadPath: dir, EventsEnabled: &yes,
	}); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// press does what a button of the browser's own page of downloads does: it pauses or
// resumes the only download.
func press(ctx context.Context, t *testing.T, button string) {
	t.Helper()
	script := `import("chrome://downloads/downloads.js").then(async page => {
		const item = () => document.querySelector("downloads-manager").shadowRoot.querySelector("downloads-item");
		while (!item()) await new Promise(wait => setTimeout(wait, 50));
		page.browserProxyFactory.getInstance().handler.` + button + `(item().data.id);
		return "";
	})`
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[string](script, chromedp.EvalAwaitPromise)); err != nil {
		t.Fatalf("%s: %v", button, err)
	}
}

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
	ctx := openTab(t, dir)
	progress := chromedp.BrowserEvents(ctx, browser.DownloadProgress)
	began := chromedp.BrowserEvents(ctx, browser.DownloadWillBegin)
	if err := chromedp.Do(ctx, chromedp.Navigate(server.URL+mail), chromedp.Click(chromedp.CSS("button"))); err != nil {
		t.Fatal(err)
	}
	var link string
	for b, err := range began {
		if err != nil {
			t.Fatalf("waiting for the download: %v", err)
		}
		link = b.URL
		break
	}
	downloads, cancel := chromedp.NewContext(ctx) // another tab
	defer cancel()
	if err := chromedp.Do(downloads, chromedp.Navigate("chrome://downloads/")); err != nil {
		t.Fatal(err)
	}
	press(downloads, t, "pause")
	if first := <-requests; first.outcome.Status != 200 || first.outcome.AbortedBy != downloadview.AbortedByStall {
		t.Fatalf("the paused download ended with %+v, want a stall", first)
	}
	press(downloads, t, "resume")
	for p, err := range progress {
		if err != nil || p.State == browser.DownloadProgressStateCanceled {
			t.Fatalf("waiting for the download: %v, %v", p, err)
		}
		if p.State == browser.DownloadProgressStateCompleted {
			break
		}
	}
	if next := <-requests; next.outcome.Status != 206 || next.byteRange == "" || next.ifRange == "" {
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
