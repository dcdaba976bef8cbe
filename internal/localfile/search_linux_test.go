package localfile_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/downloadview/downloadview/internal/localfile"
)

// searchOnly is the mode of a folder that neither its owner nor others may read.
const searchOnly = 0o311

// asNobody runs f in a thread without root's permissions, even if the process
// is root's. The thread ends with it.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if os.Geteuid() == 0 {
			const nobody = 65534
			syscall.RawSyscall(syscall.SYS_SETFSUID, nobody, 0, 0)
		}
		f()
	}()
	<-done
}

// publicDir is a folder that all users can reach.
func publicDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func chmod(t *testing.T, name string, mode fs.FileMode) {
	t.Helper()
	if err := os.Chmod(name, mode); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(name, 0o755) })
}

// Whatever the modes of the folders are, a name that stays inside gives the
// same result as open(2).
func TestModesAsOpenHasThem(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	modes := []fs.FileMode{0o755, 0o711, searchOnly, 0o444, 0}
	for range 20 {
		dir := publicDir(t)
		folders := []string{"."}
		var names []string
		for i := range 12 {
			in := folders[r.IntN(len(folders))]
			name := filepath.Join(in, fmt.Sprint("n", i))
			var err error
			switch r.IntN(4) {
			case 0, 1:
				err = os.Mkdir(filepath.Join(dir, name), 0o755)
				folders = append(folders, name)
			case 2:
				err = os.WriteFile(filepath.Join(dir, name), []byte(name), 0o644)
			default:
				var target string
				if target, err = filepath.Rel(in, folders[r.IntN(len(folders))]); err == nil {
					err = os.Symlink(target, filepath.Join(dir, name))
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, name)
		}
		for _, a := range names {
			for _, b := range names[:4] {
				names = append(names, filepath.Join(a, filepath.Base(b)))
			}
			names = append(names, a+"/missing")
			if len(names) > 200 {
				break
			}
		}
		for i, f := range slices.Backward(folders) { // what is inside first
			mode := modes[r.IntN(len(modes))]
			if i == 0 {
				mode = modes[r.IntN(3)] // or nothing is left to see
			}
			chmod(t, filepath.Join(dir, f), mode)
		}
		asNobody(t, func() {
			root, err := localfile.OpenRoot(dir)
			if err != nil {
				t.Errorf("OpenRoot: %v", err)
				return
			}
			defer root.Close()
			for _, name := range names {
				want, wantErr := os.OpenFile(filepath.Join(dir, name), localfile.Flag, 0)
				got, err := root.Open(t.Context(), name)
				if cause(err) != cause(wantErr) {
					t.Errorf("Open(%q): %v, want %v", name, err, wantErr)
				}
				if err == nil && wantErr == nil && !same(t, got, want) {
					t.Errorf("Open(%q) is another file", name)
				}
				for _, h := range []*os.File{got, want} {
					if h != nil {
						h.Close()
					}
				}
				_, wantErr = os.Stat(filepath.Join(dir, name))
				if _, err := root.Stat(name); cause(err) != cause(wantErr) {
					t.Errorf("Stat(%q): %v, want %v", name, err, wantErr)
				}
				_, wantErr = os.Lstat(filepath.Join(dir, name))
				if _, err := root.Lstat(name); cause(err) != cause(wantErr) {
					t.Errorf("Lstat(%q): %v, want %v", name, err, wantErr)
				}
			}
		})
	}
}

func cause(err error) error {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return err
}

func same(t *testing.T, a, b *os.File) bool {
	t.Helper()
	x, err := a.Stat()
	if err != nil {
		t.Fatal(err)
	}
	y, err := b.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return os.SameFile(x, y)
}

// A path that leads out is refused by the system, as by os.Root.
func TestSearchStaysInside(t *testing.T) {
	top := publicDir(t)
	dir := filepath.Join(top, "dir")
	sub := filepath.Join(dir, "sub")
	for _, err := range []error{
		os.MkdirAll(filepath.Join(sub, "deep"), 0o755),
		os.WriteFile(filepath.Join(top, "secret"), []byte("secret"), 0o644),
		os.WriteFile(filepath.Join(sub, "file"), []byte("inside"), 0o644),
		os.Symlink("../../../secret", filepath.Join(sub, "deep", "out")),
		os.Symlink("../../../dir/sub/file", filepath.Join(sub, "deep", "out and in")),
		os.Symlink(filepath.Join(sub, "file"), filepath.Join(sub, "deep", "absolute")),
		os.Symlink("/proc/self/root", filepath.Join(sub, "deep", "magic")),
		os.Symlink("../file", filepath.Join(sub, "deep", "inside")),
		os.Symlink("circle", filepath.Join(sub, "deep", "circle")),
		syscall.Mkfifo(filepath.Join(sub, "pipe"), 0o644),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	chmod(t, sub, searchOnly)
	for name, mode := range map[string]fs.FileMode{"below": 0o755, "as the root": searchOnly} {
		t.Run(name, func(t *testing.T) {
			chmod(t, dir, mode)
			asNobody(t, func() {
				root, err := localfile.OpenRoot(dir)
				if err != nil {
					t.Error(err)
					return
				}
				defer root.Close()
				for _, name := range []string{"sub/file", "sub/deep/inside", "sub/deep/../file"} {
					h, err := root.OpenRegular(t.Context(), name)
					if err != nil {
						t.Errorf("%q: %v", name, err)
						continue
					}
					if text, err := io.ReadAll(h); string(text) != "inside" || err != nil {
						t.Errorf("%q = %q, %v", name, text, err)
					}
					h.Close()
				}
				for _, name := range []string{
					"sub/deep/out", "sub/deep/out and in", "sub/deep/absolute", "sub/deep/magic/etc/passwd", "../secret", "sub/../../secret",
				} {
					h, err := root.OpenRegular(t.Context(), name)
					if err == nil || !root.LeadsOut(err) || !root.IsAbsent(err) {
						t.Errorf("%q: %v, %v, want that it leads out", name, h, err)
					}
					if _, err := root.Stat(name); !root.LeadsOut(err) {
						t.Errorf("Stat(%q): %v, want that it leads out", name, err)
					}
				}
				for _, name := range []string{"sub/deep/circle", "sub/pipe", "sub/deep", "sub/missing", "sub/file/x"} {
					if h, err := root.OpenRegular(t.Context(), name); err == nil || !root.IsAbsent(err) || root.LeadsOut(err) {
						t.Errorf("%q: %v, %v, want it absent", name, h, err)
					}
				}
			})
		})
	}
}

// In a folder that can't be read, permission to write is enough for writing, as
// it is for the system.
func TestWriteBelowSearchOnly(t *testing.T) {
	for _, name := range []string{"below", "as the root"} {
		t.Run(name, func(t *testing.T) {
			dir := publicDir(t)
			in := ""
			if name == "below" {
				in = "sub/"
				if err := os.Mkdir(filepath.Join(dir, "sub"), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			drop := filepath.Join(dir, in, "drop")
			if err := os.Mkdir(drop, 0o755); err != nil {
				t.Fatal(err)
			}
			chmod(t, drop, 0o333)
			chmod(t, filepath.Join(dir, in), searchOnly)
			asNobody(t, func() {
				root, err := localfile.OpenRoot(dir)
				if err != nil {
					t.Error(err)
					return
				}
				defer root.Close()
				if err := root.MkdirAll(in + "drop/a/b"); err != nil {
					t.Error(err)
				}
				folder, err := root.OpenRoot(in + "drop")
				if err != nil {
					t.Error(err)
					return
				}
				defer folder.Close()
				h, err := folder.Create("new")
				if err != nil {
					t.Error(err)
					return
				}
				io.WriteString(h, "content")
				h.Close()
				if h, err := folder.Create("new"); !errors.Is(err, fs.ErrExist) {
					t.Errorf("Create twice: %v, %v, want fs.ErrExist", h, err)
				}
				for _, err := range []error{folder.Rename("new", "old"), folder.Sync(), root.Remove(in + "drop/a/b")} {
					if err != nil {
						t.Error(err)
					}
				}
				if _, err := folder.Lstat("new"); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("after Rename: %v", err)
				}
				if fi, err := root.Stat(in + "drop/old"); err != nil || fi.Size() != 7 || fi.Name() != "old" {
					t.Errorf("Stat = %v, %v", fi, err)
				}
				if err := root.MkdirAll(in + "drop/old/x"); !errors.Is(err, syscall.ENOTDIR) {
					t.Errorf("MkdirAll through a file: %v, want ENOTDIR", err)
				}
				if err := root.Remove(in + "drop/old"); err != nil {
					t.Error(err)
				}
				if err := root.MkdirAll(in + strings.Repeat("../", 9) + "x"); !root.LeadsOut(err) {
					t.Errorf("MkdirAll outside: %v, want that it leads out", err)
				}
			})
		})
	}
}

func TestClosedRoot(t *testing.T) {
	dir := publicDir(t)
	for _, mode := range []fs.FileMode{0o755, searchOnly} {
		chmod(t, dir, mode)
		asNobody(t, func() {
			root, err := localfile.OpenRoot(dir)
			if err != nil {
				t.Error(err)
				return
			}
			root.Close()
			if _, err := root.Open(t.Context(), "x"); !errors.Is(err, fs.ErrClosed) {
				t.Errorf("mode %v: %v, want fs.ErrClosed", mode, err)
			}
			if _, err := root.Stat("x"); !errors.Is(err, fs.ErrClosed) {
				t.Errorf("mode %v: %v, want fs.ErrClosed", mode, err)
			}
		})
	}
}
