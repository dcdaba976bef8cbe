package pgtest_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/pgtest"
)

// A server runs as long as its test, and leaves nothing behind.
func TestStart(t *testing.T) {
	var s *pgtest.Server
	var left []string
	t.Run("running", func(t *testing.T) {
		s = pgtest.Start(t)
		if !strings.Contains(s.DSN, "host="+s.Socket+" ") {
			t.Errorf("DSN %q, want the socket in %s", s.DSN, s.Socket)
		}
		c, err := net.Dial("unix", filepath.Join(s.Socket, ".s.PGSQL.5432"))
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		left = traces(t, s.Socket)
		if gone := missing(left); len(gone) > 0 {
			t.Fatalf("%q of a running server not found", gone)
		}
	})
	if gone := missing(left); len(gone) != len(left) {
		t.Errorf("of %q only %q went with the server", left, gone)
	}
}

// traces returns paths that exist while the server in dir runs: its folder, and
// on Linux its process and its shared memory of both kinds; for System V shared
// memory the identifier follows after a colon.
func traces(t *testing.T, dir string) []string {
	t.Helper()
	paths := []string{dir}
	b, err := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(b), "\n")
	maps, err := os.ReadFile("/proc/" + lines[0] + "/maps")
	if err != nil {
		return paths
	}
	key := strings.Fields(lines[6])
	paths = append(paths, "/proc/"+lines[0], "/proc/sysvipc/shm:"+key[1])
	for line := range strings.Lines(string(maps)) {
		if _, name, ok := strings.Cut(strings.TrimSpace(line), "/dev/shm/"); ok {
			paths = append(paths, "/dev/shm/"+name)
		}
	}
	if len(paths) == 3 {
		t.Errorf("no shared memory in\n%s", maps)
	}
	return paths
}

// missing returns those of paths that don't exist.
func missing(paths []string) []string {
	var gone []string
	for _, p := range paths {
		file, id, listed := strings.Cut(p, ":")
		b, err := os.ReadFile(file)
		switch {
		case listed && !hasSegment(string(b), id), !listed && os.IsNotExist(err):
			gone = append(gone, p)
		}
	}
	return gone
}

// hasSegment looks for a segment's identifier in the kernel's list.
func hasSegment(list, id string) bool {
	for line := range strings.Lines(list) {
		if f := strings.Fields(line); len(f) > 1 && f[1] == id {
			return true
		}
	}
	return false
}
