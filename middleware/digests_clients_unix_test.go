//go:build unix

package middleware_test

import (
	"context"
	"crypto/sha256"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
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
	for _, server := range aloneAndBehindProxies() {
		t.Run("behind "+server, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "media")
			proxytest.Write(t, dir, "good.bin", content)
			proxytest.Write(t, dir, "damaged.bin", damaged)
			p := newProxySite(t, server, dir, d.View(filesOf(openDisk(t, dir))))
			want := downloadview.Streamed
			if server != "" {
				want = downloadview.Offloaded
			}
			for name, status := range map[string]int{"good.bin": 0, "damaged.bin": 32} {
				to := t.TempDir()
				cmd := exec.CommandContext(t.Context(), aria2c, "--no-conf", "--file-allocation=none", "--max-tries=1", "--dir", to, p.url+"/"+name)
				cmd.Env = append(os.Environ(), "HOME="+to)
				out, _ := cmd.CombinedOutput()
				if got := cmd.ProcessState.ExitCode(); got != status {
					t.Errorf("%s: exit status %d, want %d: %s", name, got, status, out)
				}
			}
			if got := (<-p.outcomes).Mode; got != want {
				t.Errorf("%v, want %v", got, want)
			}
		})
	}
}
