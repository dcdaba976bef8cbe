// Package chromium runs a real Chromium, for tests.
package chromium

import (
	"context"
	"os"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"

	"github.com/downloadview/downloadview/internal/testserver"
)

// Open starts a browser and returns the context of its tab. It ends with the test. If
// Chromium isn't installed, the test is skipped or fails, as [testserver.Binary] says.
func Open(t *testing.T) context.Context {
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
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), flags...)
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
	return ctx
}

// SaveInto has the browser save downloads into dir, and tell of them by its events.
func SaveInto(ctx context.Context, t *testing.T, dir string) {
	t.Helper()
	yes := true
	if _, err := chromedp.CallBrowser(ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllow, DownloadPath: dir, EventsEnabled: &yes,
	}); err != nil {
		t.Fatal(err)
	}
}
