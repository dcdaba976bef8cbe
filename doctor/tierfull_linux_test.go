package doctor_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/downloadview/downloadview/doctor"
	"github.com/downloadview/downloadview/internal/testserver"
)

// A node whose disk is full is named, with the directive of its cache.
func TestTierFull(t *testing.T) {
	for _, slice := range []int64{pieces, 0} {
		t.Run(fmt.Sprint(slice), func(t *testing.T) {
			t.Parallel()
			tr := newTier(t, slice)
			disk := filepath.Join(tr.folder[1], "downloadview_1")
			if err := os.Mkdir(disk, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := syscall.Mount("none", disk, "tmpfs", 0, "size=128k"); err != nil {
				testserver.Lacking(t, "needs to mount a file system: %v", err)
			}
			t.Cleanup(func() { syscall.Unmount(disk, syscall.MNT_DETACH) })
			tr.after = func(t *testing.T, _ *tier) {
				if err := os.WriteFile(filepath.Join(disk, "full"), bytes.Repeat([]byte("x"), 1<<20), 0o600); err == nil {
					t.Fatal("the disk has room")
				}
			}
			s := tr.start(t)
			report := run(t, s, tr.dir)
			node := tr.nodes[1].Addr
			breakage{
				check: "tier-nodes", result: doctor.Failed, cause: node, change: "give nginx's `user` the folders of `proxy_cache_path`, with room",
			}.expect(t, report, tr.dir)
			if c := check(t, report, "tier-nodes"); !strings.Contains(c.Cause, "full") {
				t.Errorf("cause %q, want that the disk may be full", c.Cause)
			}
		})
	}
}
