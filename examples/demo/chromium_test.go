package main

import (
	"context"
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
	"github.com/downloadview/downloadview/examples/internal/chromium"
)

// A tab of a real browser.
type tab struct{ ctx context.Context }

// patient limits the time of one step, also on a busy machine.
func (b tab) patient(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// save clicks a link and returns the one file that this saves on the disk.
func (b tab) save(t *testing.T, link chromedp.CSS) (name, content string) {
	t.Helper()
	return b.saveBy(t, chromedp.Click(link))
}

// saveBy is save by another action than the click on a link.
func (b tab) saveBy(t *testing.T, action chromedp.Action[chromedp.Void]) (name, content string) {
	t.Helper()
	ctx, dir := b.patient(t), t.TempDir()
	chromium.SaveInto(ctx, t, dir)
	progress := chromedp.BrowserEvents(ctx, browser.DownloadProgress)
	if err := chromedp.Do(ctx, action); err != nil {
		t.Fatal(err)
	}
	for p, err := range progress {
		if err != nil {
			t.Fatalf("waiting for the download: %v", err)
		}
		if p.State == browser.DownloadProgressStateCanceled {
			t.Fatal("the download was canceled")
		}
		if p.State == browser.DownloadProgressStateCompleted {
			break
		}
	}
	saved, err := os.ReadDir(dir)
	if err != nil || len(saved) != 1 {
		t.Fatalf("saved %v, %v; want one file", saved, err)
	}
	name = saved[0].Name()
	bytes, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return name, string(bytes)
}

// show clicks a link and returns the page that is shown.
func (b tab) show(t *testing.T, link chromedp.CSS) (status int, contentType, title string) {
	t.Helper()
	ctx := b.patient(t)
	resp, err := chromedp.RunResponse(ctx, chromedp.Click(link))
	if err != nil {
		t.Fatal(err)
	}
	if title, err = chromedp.Run(ctx, chromedp.Title()); err != nil {
		t.Fatal(err)
	}
	return int(resp.Status), resp.MimeType, title
}

func TestInChromium(t *testing.T) {
	b := tab{chromium.Open(t)}
	s := newTestStock(t)
	h, err := newDemo(s)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	defer server.Close()

	open := func(t *testing.T) {
		if err := chromedp.Do(b.patient(t), chromedp.Navigate(server.URL)); err != nil {
			t.Fatal(err)
		}
	}
	open(t)
	// The page's policy allows its own style.
	width, err := chromedp.Run(b.patient(t), chromedp.Evaluate[string](`getComputedStyle(document.querySelector("main")).maxWidth`))
	if err != nil || width != "960px" {
		t.Errorf("the page is at most %s wide, %v; want 960px, as its style says", width, err)
	}

	// Characters that file systems don't have; Chromium puts "_" in their place.
	onDisk := strings.NewReplacer(`"`, "_", "<", "_", ">", "_")
	for _, i := range items(t, s) {
		t.Run(i.Slug, func(t *testing.T) {
			want, link := wants[i.Slug], chromedp.CSS("#"+i.Slug+" .get a")
			if i.Token != "" {
				want = noToken
			}
			if want.name != "" && !want.shown {
				name, content := b.save(t, link)
				if name != onDisk.Replace(want.name) {
					t.Errorf("saved as %q, want %q", name, onDisk.Replace(want.name))
				}
				if want.body != "" && content != want.body {
					t.Errorf("saved %.60q, want %.60q", content, want.body)
				}
				return
			}
			defer open(t)
			status, contentType, title := b.show(t, link)
			kind, _, _ := strings.Cut(want.contentType, ";")
			if status != want.status || contentType != kind {
				t.Errorf("shown: %d %q, want %d %q", status, contentType, want.status, kind)
			}
			if i.Slug == "html" && title != "A note in a sandbox" {
				t.Errorf("title is %q; want the script not to have changed it", title)
			}
		})
	}
}

// The browser saves a name as it is, also if it looks like one that is encoded for mail:
// else a file would get an ending that nobody has checked.
func TestEncodedNamesInChromium(t *testing.T) {
	b := tab{chromium.Open(t)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			w.Header().Set("Content-Type", "text/html")
			w.Write([]byte(`<!doctype html><title>One</title><a href="/one">one</a>`))
			return
		}
		downloadview.Send(w, r, downloadview.Response{File: downloadview.FromString("one", "content", nil), Name: "a.pdf =?utf-8?q?.exe?="})
	}))
	defer server.Close()
	if err := chromedp.Do(b.patient(t), chromedp.Navigate(server.URL)); err != nil {
		t.Fatal(err)
	}
	// Chromium puts "_" in the place of "?".
	if name, _ := b.save(t, "a"); name != "a.pdf =_utf-8_q_.exe_=" {
		t.Errorf("saved as %q", name)
	}
}

// noToken is the answer to a link, which can't carry the token.
var noToken = want{status: http.StatusUnauthorized, contentType: text}
