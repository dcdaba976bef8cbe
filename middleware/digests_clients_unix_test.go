//go:build unix

package middleware_test

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/internal/testserver"
	"github.com/downloadview/downloadview/middleware"
)

// A fixedLog knows one digest, for all files.
type fixedLog [sha256.Size]byte

func (l fixedLog) Digest(context.Context, middleware.FileVersion) ([sha256.Size]byte, bool, error) {
	return l, true, nil
}

func (l fixedLog) Record(context.Context, middleware.FileVersion, [sha256.Size]byte) error {
	return nil
}

// aria2c asks for a digest and checks it, streamed and behind every proxy: a download
// with a wrong byte ends with exit status 32.
func TestAria2ChecksDigests(t *testing.T) {
	aria2c := testserver.Binary(t, "aria2c", "DOWNLOADVIEW_ARIA2C")
	content := strings.Repeat("0123456789abcdef", 1<<16)
	damaged := content[:500_000] + "X" + content[500_001:]
	d := middleware.NewDigests(fixedLog(sha256.Sum256([]byte(content))), nil)
	t.Cleanup(d.Close)
	for _, server := range append([]string{""}, proxytest.Names()...) {
		t.Run("behind "+server, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "media")
			proxytest.Write(t, dir, "good.bin", content)
			proxytest.Write(t, dir, "damaged.bin", damaged)
			view := d.View(filesOf(openDisk(t, dir)))
			var s site.Site
			if server != "" {
				kind := proxytest.KindOf(t, server)
				rule := kind.Rule("media", "/_media/", dir)
				rule.Headers = accel.PassAll
				a, err := accel.New(kind.Accel(), []accel.Rule{rule.Rule}, nil)
				if err != nil {
					t.Fatal(err)
				}
				view = a.Middleware(view)
				s.Rules = []site.Rule{rule}
			}
			modes := make(chan downloadview.Mode, 100)
			app := httptest.NewServer(downloadview.NewHandler(view, &downloadview.Options{
				Logger:   slog.New(slog.DiscardHandler),
				Observer: func(_ *http.Request, o downloadview.Outcome) { modes <- o.Mode },
			}))
			t.Cleanup(app.Close)
			url, want := app.URL, downloadview.Streamed
			if server != "" {
				s.Upstream = app.Listener.Addr().String()
				url, want = proxytest.Start(t, server, s, proxytest.Options{}).URL, downloadview.Offloaded
			}
			for name, status := range map[string]int{"good.bin": 0, "damaged.bin": 32} {
				to := t.TempDir()
				cmd := exec.CommandContext(t.Context(), aria2c, "--no-conf", "--file-allocation=none", "--max-tries=1", "--dir", to, url+"/"+name)
				cmd.Env = append(os.Environ(), "HOME="+to)
				out, _ := cmd.CombinedOutput()
				if got := cmd.ProcessState.ExitCode(); got != status {
					t.Errorf("%s: exit status %d, want %d: %s", name, got, status, out)
				}
			}
			if got := <-modes; got != want {
				t.Errorf("%v, want %v", got, want)
			}
		})
	}
}
