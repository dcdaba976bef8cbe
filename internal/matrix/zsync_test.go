package matrix_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/downloadview/downloadview/internal/proxies/room"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/internal/testserver"
	"github.com/downloadview/downloadview/storage/disk"
)

// zsync requests the blocks that differ from a local file, many ranges in one request.
// It gets them from every server that doesn't send the whole file for several ranges, and
// requests each only once.
func TestZsync(t *testing.T) {
	zsync := testserver.Binary(t, "zsync", "DOWNLOADVIEW_ZSYNC")
	zsyncmake := testserver.Binary(t, "zsyncmake", "DOWNLOADVIEW_ZSYNCMAKE")
	dir := t.TempDir()
	content := make([]byte, 1<<20)
	rand.NewChaCha8([32]byte{}).Read(content)
	old := bytes.Clone(content)
	for at := 10_000; at < len(old); at += 30_000 {
		copy(old[at:], "another version")
	}
	seed := filepath.Join(t.TempDir(), "seed")
	for path, b := range map[string][]byte{filepath.Join(dir, "new"): content, seed: old} {
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, longAgo, longAgo); err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	local := place{name: "disk", storage: disk.New(root, nil), source: dir, dir: dir}
	for _, server := range servers {
		if proxytest.KindOf(t, server).Traits.Files.Several == room.AsWhole {
			continue
		}
		s := newSite(t, server, []place{local})
		for _, mode := range []string{"stream", "offload"} {
			t.Run(server+" "+mode, func(t *testing.T) {
				defer s.forget()
				run := func(binary string, args ...string) {
					t.Helper()
					ctx, stop := context.WithTimeout(t.Context(), time.Minute) // for one that never ends
					defer stop()
					cmd := exec.CommandContext(ctx, binary, args...)
					cmd.Dir = t.TempDir()
					if out, err := cmd.CombinedOutput(); err != nil {
						t.Fatalf("%s: %v\n%s", binary, err, out[:min(len(out), 1000)])
					}
				}
				control, got := filepath.Join(t.TempDir(), "new.zsync"), filepath.Join(t.TempDir(), "got")
				u := s.proxy.URL + target(mode, "disk", "new")
				run(zsyncmake, "-u", u, "-o", control, filepath.Join(dir, "new"))
				s.forget()
				run(zsync, "-q", "-i", seed, "-o", got, "-u", u, control)
				if b, err := os.ReadFile(got); err != nil || !bytes.Equal(b, content) {
					t.Errorf("zsync made %d bytes, %v; want the new file", len(b), err)
				}
				var asked int
				var sent int64
				for len(s.outcomes) > 0 {
					o := <-s.outcomes
					asked++
					sent += o.Bytes
					if o.Status != 200 && o.Status != 206 {
						t.Errorf("status %d", o.Status)
					}
				}
				if asked == 0 || asked > 10 {
					t.Errorf("zsync asked %d times, want a few", asked)
				}
				if mode == "stream" && sent > 300_000 {
					t.Errorf("%d bytes were sent, of a file that differs in 35 blocks", sent)
				}
			})
		}
	}
}
