// Package paused has a real Chromium pause a download and go on with it, for tests.
package paused

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"

	"github.com/downloadview/downloadview/examples/internal/chromium"
)

// Open is [chromium.Open] for a browser that saves into dir. It has three minutes.
func Open(t *testing.T, dir string) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(chromium.Open(t), 3*time.Minute)
	t.Cleanup(cancel)
	chromium.SaveInto(ctx, t, dir)
	return ctx
}

// Download begins a download by action, pauses it, calls ended, which waits until the
// server has ended the connection, and goes on. It returns the URL of the download when
// the file is complete.
func Download(ctx context.Context, t *testing.T, action chromedp.Action[chromedp.Void], ended func()) (url string) {
	t.Helper()
	began := chromedp.BrowserEvents(ctx, browser.DownloadWillBegin)
	if err := chromedp.Do(ctx, action); err != nil {
		t.Fatal(err)
	}
	for b, err := range began {
		if err != nil {
			t.Fatalf("waiting for the download: %v", err)
		}
		url = b.URL
		break
	}
	tab, cancel := chromedp.NewContext(ctx)
	defer cancel()
	if err := chromedp.Do(tab, chromedp.Navigate("chrome://downloads/")); err != nil {
		t.Fatal(err)
	}
	onDownloads(tab, t, pause)
	ended()
	onDownloads(tab, t, resume)
	return url
}

// onDownloads runs a script in the browser's own page of downloads, which shows one.
// The script has the item, which it calls anew for each look, and a handler for buttons.
func onDownloads(ctx context.Context, t *testing.T, script string) {
	t.Helper()
	script = `import("chrome://downloads/downloads.js").then(async page => {
		const item = () => document.querySelector("downloads-manager").shadowRoot.querySelector("downloads-item");
		const handler = page.browserProxyFactory.getInstance().handler;
		const wait = () => new Promise(resolve => setTimeout(resolve, 100));
		while (!item()?.data) await wait();
		` + script + `
		return "";
	})`
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[string](script, chromedp.EvalAwaitPromise)); err != nil {
		t.Fatal(err)
	}
}

// Scripts for onDownloads. Chromium may notice the end of the connection only after it
// was told to go on, and has to be told again.
const (
	pause  = `handler.pause(item().data.id);`
	resume = `while (item().data.state !== page.State.kComplete) {
		if (item().data.resume) handler.resume(item().data.id);
		await wait();
	}`
)
