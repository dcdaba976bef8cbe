//go:build linux

package swifttest

import (
	"os"
	"path/filepath"
	"testing"
)

// makeFolder creates a folder for the servers' user. The folder of t.TempDir
// isn't accessible to other users.
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

// makeDevice creates the folder that a node uses as a disk, and returns the
// folder of its disks.
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

// give makes the servers' user the owner of dir.
func give(t testing.TB, dir string) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	if err := os.Chown(dir, nobody, nobody); err != nil {
		t.Fatal(err)
	}
}
