//go:build linux

package swifttest

import (
	"os"
	"path/filepath"
	"testing"
)

// makeFolder makes a folder for the servers' user. That of t.TempDir is closed
// to others.
func makeFolder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "swift")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	give(t, dir)
	return dir
}

// makeDevice makes what a node calls a disk, and returns the folder of its
// disks.
func (c *Cluster) makeDevice(t testing.TB, node string) (devices string) {
	t.Helper()
	devices = filepath.Join(c.dir, node)
	for _, dir := range []string{devices, filepath.Join(devices, device)} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		give(t, dir)
	}
	return devices
}

func (c *Cluster) write(t testing.TB, name, content string) (path string) {
	t.Helper()
	path = filepath.Join(c.dir, name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// give makes dir the servers'.
func give(t testing.TB, dir string) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	if err := os.Chown(dir, nobody, nobody); err != nil {
		t.Fatal(err)
	}
}
