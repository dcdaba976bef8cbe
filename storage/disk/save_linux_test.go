//go:build linux

package disk_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/downloadview/downloadview/storage/disk"
)

// inChild is the environment variable with the folder that a child process
// saves into.
const inChild = "DISK_TEST_SAVE_INTO"

// child returns a process that runs one of the tests below.
func child(t *testing.T, test, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+test+"$", "-test.timeout=1m")
	cmd.Env = append(os.Environ(), inChild+"="+dir)
	cmd.Stderr = os.Stderr
	return cmd
}

// TestChildSavesSlowly is run by TestKilledWhileSaving: it saves a MiB, prints
// a line, and waits.
func TestChildSavesSlowly(t *testing.T) {
	dir := os.Getenv(inChild)
	if dir == "" {
		return
	}
	err := disk.New(openRoot(t, dir), nil).Save(t.Context(), "a", io.MultiReader(
		strings.NewReader(strings.Repeat("new", 1<<20)),
		&steps{func([]byte) (int, error) {
			fmt.Println("written")
			_, err := os.Stdin.Read(make([]byte, 1))
			return 0, err
		}},
	))
	t.Errorf("Save: %v, want to be killed", err)
}

func TestKilledWhileSaving(t *testing.T) {
	s, dir := newStorage(t)
	save(t, s, "a", "old")
	cmd := child(t, "TestChildSavesSlowly", dir)
	stdin, err := cmd.StdinPipe() // at its end the child does not wait for ever
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if killErr := cmd.Process.Kill(); killErr != nil {
		t.Fatal(killErr)
	}
	cmd.Wait()
	if line != "written\n" || err != nil {
		t.Fatalf("the child says %q, %v", line, err)
	}

	names := namesOn(t, dir)
	if len(names) != 2 {
		t.Fatalf("the folder has %q, want a and what the child left", names)
	}
	left := names[0]
	if fi, err := os.Stat(filepath.Join(dir, left)); err != nil || fi.Size() != 3<<20 {
		t.Errorf("%q is %v, %v, want the bytes that the child wrote", left, fi, err)
	}
	wantFile(t, s, dir, "a", "old", left, "a")
	if got := list(t, s, ""); !slices.Equal(got, []string{"a"}) {
		t.Errorf("List = %q, want a alone", got)
	}
	if content, err := read(t.Context(), s, left); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("%q = %.10q, %v, want fs.ErrInvalid", left, content, err)
	}
	if found, err := filepath.Match(".downloadview-*.tmp", left); !found || err != nil {
		t.Errorf("%q is not found by the pattern of the documentation", left)
	}
	save(t, s, "a", "newer")
	wantFile(t, s, dir, "a", "newer", left, "a")
}

// TestChildMayWriteLittle is run by TestFileSizeLimit.
func TestChildMayWriteLittle(t *testing.T) {
	dir := os.Getenv(inChild)
	if dir == "" {
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1 << 20, Max: 1 << 20}); err != nil {
		t.Fatal(err)
	}
	s := disk.New(openRoot(t, dir), nil)
	for _, key := range []string{"old", "new", "folder/new"} {
		err := s.Save(t.Context(), key, strings.NewReader(strings.Repeat("long", 1<<20)))
		if !errors.Is(err, syscall.EFBIG) {
			t.Errorf("Save(%q): %v, want EFBIG", key, err)
		}
	}
	save(t, s, "fits", strings.Repeat("n", 1<<20))
}

func TestFileSizeLimit(t *testing.T) {
	s, dir := newStorage(t)
	save(t, s, "old", "old")
	if out, err := child(t, "TestChildMayWriteLittle", dir).Output(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	wantFile(t, s, dir, "old", "old", "fits", "folder", "old")
	wantFile(t, s, dir, "new", "", "fits", "folder", "old")
	wantFile(t, s, dir, "folder/new", "")
	wantFile(t, s, dir, "fits", strings.Repeat("n", 1<<20), "fits", "folder", "old")
}

func TestForbidden(t *testing.T) {
	s, dir := newStorage(t)
	save(t, s, "folder/file", "old")
	parent := filepath.Join(dir, "..")
	if err := os.Chmod(filepath.Join(dir, "folder"), 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(filepath.Join(dir, "folder"), 0o755) })
	asNobody(t, func() {
		for what, err := range map[string]error{
			"Save over":      s.Save(t.Context(), "folder/file", &steps{}),
			"Save":           s.Save(t.Context(), "folder/new", &steps{}),
			"Save in folder": s.Save(t.Context(), "folder/sub/new", &steps{}),
			"Delete":         s.Delete(t.Context(), "folder/file"),
		} {
			if !errors.Is(err, fs.ErrPermission) {
				t.Errorf("%s: %v, want fs.ErrPermission", what, err)
			}
			if err != nil && strings.Contains(err.Error(), parent) {
				t.Errorf("%s: the error tells the path: %v", what, err)
			}
		}
	})
	wantFile(t, s, dir, "folder/file", "old", "file")
}

func TestExistsWithoutReading(t *testing.T) {
	s, dir := newStorage(t)
	save(t, s, "file", "x")
	if err := os.Chmod(filepath.Join(dir, "file"), 0); err != nil {
		t.Fatal(err)
	}
	asNobody(t, func() {
		if found, err := s.Exists(t.Context(), "file"); !found || err != nil {
			t.Errorf("Exists = %t, %v of a file that may not be read, want true", found, err)
		}
	})
}

func TestTimes(t *testing.T) {
	s, dir := newStorage(t)
	save(t, s, "a", "x")
	accessed, modified := time.Date(2020, 1, 2, 3, 4, 5, 600, time.UTC), time.Date(2021, 2, 3, 4, 5, 6, 700, time.UTC)
	if err := os.Chtimes(filepath.Join(dir, "a"), accessed, modified); err != nil {
		t.Fatal(err)
	}
	got, err := s.Times(t.Context(), "a")
	if err != nil || !got.Accessed.Equal(accessed) || !got.Modified.Equal(modified) {
		t.Errorf("Times = %+v, %v, want read at %v and changed at %v", got, err, accessed, modified)
	}
	if !got.Created.IsZero() && got.Created.Before(time.Now().Add(-time.Hour)) {
		t.Errorf("Times = %+v, created long ago", got)
	}
	for key, want := range map[string]error{"missing": fs.ErrNotExist, "..": fs.ErrInvalid} {
		if got, err := s.Times(t.Context(), key); !errors.Is(err, want) {
			t.Errorf("Times(%q) = %+v, %v, want %v", key, got, err, want)
		}
	}
}

func TestSavingClosesDescriptors(t *testing.T) {
	s, _ := newStorage(t)
	use := func() {
		save(t, s, "deep/er/a", "x")
		s.Save(t.Context(), "deep/er/a", &steps{gives("x"), fails(io.ErrUnexpectedEOF)})
		s.Save(t.Context(), "deep/er/a/b", &steps{})
		s.Save(t.Context(), "deep", &steps{})
		s.Times(t.Context(), "deep/er/a")
		s.Exists(t.Context(), "deep/er/a")
		s.Delete(t.Context(), "deep/er/a")
	}
	use()
	before := descriptors(t)
	for range 20 {
		use()
	}
	if after := descriptors(t); after != before {
		t.Errorf("%d descriptors are open, want %d", after, before)
	}
}
