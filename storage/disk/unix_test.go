//go:build unix

package disk_test

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/downloadview/downloadview/storage/disk"
)

func symlink(t testing.TB, target, name string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, name); err != nil {
		t.Fatal(err)
	}
}

func TestLinksThatLeadOut(t *testing.T) {
	s, dir := newStorage(t)
	write(t, filepath.Join(dir, "inside"), "inside")
	symlink(t, filepath.Join(dir, "..", "secret"), filepath.Join(dir, "absolute"))
	symlink(t, filepath.Join(dir, "inside"), filepath.Join(dir, "absolute-inside"))
	symlink(t, "../secret", filepath.Join(dir, "relative"))
	symlink(t, "..", filepath.Join(dir, "up"))
	symlink(t, "up/secret", filepath.Join(dir, "via-up"))
	symlink(t, "/", filepath.Join(dir, "top"))
	symlink(t, "../../secret", filepath.Join(dir, "sub", "deep"))
	symlink(t, "../../root/inside", filepath.Join(dir, "sub", "out-and-in"))
	symlink(t, "loop", filepath.Join(dir, "loop"))
	symlink(t, "nothing", filepath.Join(dir, "dangling"))
	for _, key := range []string{
		"absolute", "absolute-inside", "relative", "up/secret", "via-up", "top/etc/passwd",
		"sub/deep", "sub/out-and-in", "up/root/inside", "loop", "loop/x", "dangling", "dangling/x",
	} {
		if content, err := read(t.Context(), s, key); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q = %q, %v, want fs.ErrNotExist", key, content, err)
		}
	}
}

func TestLinksThatStayInside(t *testing.T) {
	s, dir := newStorage(t)
	write(t, filepath.Join(dir, "data", "file"), "inside")
	symlink(t, "data/file", filepath.Join(dir, "link"))
	symlink(t, "data", filepath.Join(dir, "folder"))
	symlink(t, "../../link", filepath.Join(dir, "a", "b", "back"))
	for _, key := range []string{"link", "folder/file", "a/b/back"} {
		if content, err := read(t.Context(), s, key); content != "inside" || err != nil {
			t.Errorf("%q = %q, %v, want what it leads to", key, content, err)
		}
	}
}

// special creates one file of each kind that isn't served.
func special(t testing.TB, dir string) (keys []string) {
	t.Helper()
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o644); err != nil {
		t.Fatal(err)
	}
	// The path of a socket is limited to about a hundred bytes; temporary
	// folders may have longer paths.
	t.Chdir(dir)
	l, err := net.Listen("unix", "socket")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	symlink(t, "fifo", filepath.Join(dir, "link-to-fifo"))
	return []string{"fifo", "socket", "link-to-fifo"}
}

func TestSpecialFilesDontWait(t *testing.T) {
	s, dir := newStorage(t)
	for _, key := range special(t, dir) {
		wantNotFoundAtOnce(t, key, func(ctx context.Context) error {
			_, err := read(ctx, s, key)
			return err
		})
		wantNotFoundAtOnce(t, key+" as a folder", func(ctx context.Context) error {
			for _, err := range s.List(ctx, key) {
				return err
			}
			return nil
		})
	}
	for _, path := range []string{filepath.Join(dir, "fifo"), filepath.Join(dir, "socket"), "/dev/null", "/dev/tty"} {
		f, err := disk.File(path)
		if err != nil {
			t.Fatal(err)
		}
		wantNotFoundAtOnce(t, path, func(ctx context.Context) error {
			_, err := f.Open(ctx)
			return err
		})
	}
}

func TestDevicesAreNoFiles(t *testing.T) {
	s := disk.New(openRoot(t, "/dev"), nil)
	for _, key := range []string{"null", "zero", "tty"} {
		wantNotFoundAtOnce(t, key, func(ctx context.Context) error {
			_, err := read(ctx, s, key)
			return err
		})
	}
}

func wantNotFoundAtOnce(t *testing.T, what string, open func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	result := make(chan error, 1)
	go func() { result <- open(ctx) }()
	select {
	case err := <-result:
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v, want fs.ErrNotExist", what, err)
		}
	case <-ctx.Done():
		t.Fatalf("%s: open waits", what)
	}
}

func TestHostileNames(t *testing.T) {
	s, dir := newStorage(t)
	for _, key := range []string{
		" ", "a b", "-rf", "~", "*", "a\nb", "a\r\nX: y", "\x7f", `a\b`, `..\secret`, "C:x", "NUL", "con.txt",
		"%00", "%2e%2e%2f", "a?b#c", `"`, "'", "<b>", "é", "e\u0301", "\u202egpj.exe", ".hidden", "...", strings.Repeat("n", 255),
	} {
		write(t, filepath.Join(dir, key), "content of "+key)
		if content, err := read(t.Context(), s, key); content != "content of "+key || err != nil {
			t.Errorf("%q = %q, %v, want its content", key, content, err)
		}
	}
}
