//go:build unix

package disk_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/disk"
)

// releases creates the folders v1 and v2, each with a file "version", and
// returns the path of a link to the first.
func releases(t *testing.T) (current string) {
	t.Helper()
	top := t.TempDir()
	for _, v := range []string{"v1", "v2"} {
		write(t, filepath.Join(top, v, "version"), v)
		write(t, filepath.Join(top, v, "only-"+v), v)
	}
	current = filepath.Join(top, "current")
	symlink(t, "v1", current)
	return current
}

// lead changes the target of the link in one step.
func lead(t *testing.T, current, to string) {
	t.Helper()
	next := current + "-next"
	symlink(t, to, next)
	if err := os.Rename(next, current); err != nil {
		t.Fatal(err)
	}
}

// madeHow are the ways to make a storage of a directory.
func madeHow(t *testing.T, test func(t *testing.T, open func(t testing.TB, dir string, o *disk.Options) *disk.Storage)) {
	for how, open := range map[string]func(t testing.TB, dir string, o *disk.Options) *disk.Storage{
		"Open": func(t testing.TB, dir string, o *disk.Options) *disk.Storage {
			s, err := disk.Open(dir, o)
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
		"New": func(t testing.TB, dir string, o *disk.Options) *disk.Storage {
			return disk.New(openRoot(t, dir), o)
		},
	} {
		t.Run(how, func(t *testing.T) { test(t, open) })
	}
}

func wantVersion(t *testing.T, s *disk.Storage, want string) {
	t.Helper()
	if got, err := read(t.Context(), s, "version"); got != want || err != nil {
		t.Errorf("the version is %q, %v, want %q", got, err, want)
	}
	if ok, err := s.Exists(t.Context(), "only-"+want); !ok || err != nil {
		t.Errorf("Exists(%q) = %t, %v", "only-"+want, ok, err)
	}
	var names []string
	for fi, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Error(err)
			break
		}
		names = append(names, fi.Name())
	}
	if got := fmt.Sprint(names); got != "[only-"+want+" version]" {
		t.Errorf("List = %v, want that of %s", got, want)
	}
}

func hasSource(t *testing.T, s *disk.Storage) bool {
	t.Helper()
	f, err := s.File("version")
	if err != nil {
		t.Fatal(err)
	}
	_, ok := downloadview.SourceOf(f)
	if _, err := s.Path("version"); errors.Is(err, errors.ErrUnsupported) == ok {
		t.Errorf("Path: %v, and a source: %t", err, ok)
	}
	return ok
}

func TestReopen(t *testing.T) {
	madeHow(t, func(t *testing.T, open func(testing.TB, string, *disk.Options) *disk.Storage) {
		current := releases(t)
		s := open(t, current, nil)
		defer s.Close()
		f, err := s.File("version")
		if err != nil {
			t.Fatal(err)
		}
		old, err := f.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer old.Close()
		lead(t, current, "v2")
		wantVersion(t, s, "v1")
		if err := s.Reopen(); err != nil {
			t.Fatal(err)
		}
		wantVersion(t, s, "v2")
		if text, err := io.ReadAll(old); string(text) != "v1" || err != nil {
			t.Errorf("what was open is %q, %v", text, err)
		}
		if err := s.Save(t.Context(), "saved", strings.NewReader("x")); err != nil {
			t.Error(err)
		}
		if err := s.Delete(t.Context(), "saved"); err != nil {
			t.Error(err)
		}

		if err := os.Remove(current); err != nil {
			t.Fatal(err)
		}
		if err := s.Reopen(); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), current) {
			t.Errorf("Reopen: %v, want fs.ErrNotExist and the path", err)
		}
		wantVersion(t, s, "v2")
		if hasSource(t, s) {
			t.Error("files have a source, which isn't there")
		}
		// Open doesn't wait for a pipe.
		if err := syscall.Mkfifo(current, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := s.Reopen(); !errors.Is(err, syscall.ENOTDIR) {
			t.Errorf("Reopen of a pipe: %v, want ENOTDIR", err)
		}
		lead(t, current, "v1")
		if err := s.Reopen(); err != nil {
			t.Fatal(err)
		}
		wantVersion(t, s, "v1")
		if !hasSource(t, s) {
			t.Error("files have no source")
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := s.Reopen(); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("Reopen after Close: %v, want fs.ErrClosed", err)
		}
		if got, err := read(t.Context(), s, "version"); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("after Close it is %q, %v, want fs.ErrClosed", got, err)
		}
	})
}

// If the path never led to the root, Reopen can't use it.
func TestReopenWithoutPath(t *testing.T) {
	current := releases(t)
	root := openRoot(t, current)
	lead(t, current, "v2")
	s := disk.New(root, &disk.Options{Follow: 1})
	if err := s.Reopen(); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Reopen: %v, want errors.ErrUnsupported", err)
	}
	wantVersion(t, s, "v1")
	if hasSource(t, s) {
		t.Error("files have a source, which is another file")
	}
}

func TestFollow(t *testing.T) {
	madeHow(t, func(t *testing.T, open func(testing.TB, string, *disk.Options) *disk.Storage) {
		current := releases(t)
		var log bytes.Buffer
		synctest.Test(t, func(t *testing.T) {
			s := open(t, current, &disk.Options{Follow: time.Second, Logger: slog.New(slog.NewTextHandler(&log, nil))})
			defer s.Close()
			wantVersion(t, s, "v1")
			time.Sleep(time.Second)
			wantVersion(t, s, "v1") // it looked
			lead(t, current, "v2")
			wantVersion(t, s, "v1") // it hasn't looked again
			time.Sleep(time.Second)
			wantVersion(t, s, "v2")
			if !hasSource(t, s) {
				t.Error("files have no source")
			}
			if n := strings.Count(log.String(), "opened again"); n != 1 || !strings.Contains(log.String(), current) {
				t.Errorf("the log has %d lines of it, want 1 with the path:\n%s", n, &log)
			}

			if err := os.Remove(current); err != nil {
				t.Fatal(err)
			}
			for range 3 {
				time.Sleep(time.Second)
				wantVersion(t, s, "v2")
			}
			if hasSource(t, s) {
				t.Error("files have a source, which isn't there")
			}
			if n := strings.Count(log.String(), "can't be opened"); n != 1 {
				t.Errorf("the log has %d lines of it, want 1:\n%s", n, &log)
			}

			// As if a file system were mounted later.
			if err := os.Mkdir(current, 0o755); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			write(t, filepath.Join(current, "version"), "v3")
			write(t, filepath.Join(current, "only-v3"), "v3")
			wantVersion(t, s, "v3")
			if !hasSource(t, s) {
				t.Error("files have no source")
			}
		})
	})
}

// Without a Logger the lines go to the default one.
func TestFollowWithoutLogger(t *testing.T) {
	var log bytes.Buffer
	old := slog.Default()
	defer slog.SetDefault(old)
	current := releases(t)
	s := disk.New(openRoot(t, current), &disk.Options{Follow: 1})
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	lead(t, current, "v2")
	wantVersion(t, s, "v2")
	s.Close()
	if got := log.String(); !strings.Contains(got, "opened again") || !strings.Contains(got, current) {
		t.Errorf("the default log says %q, want that the path was opened again", got)
	}
}

// While the path switches between two directories, each operation uses one of
// them.
func TestFollowUnderLoad(t *testing.T) {
	madeHow(t, func(t *testing.T, open func(testing.TB, string, *disk.Options) *disk.Storage) {
		current := releases(t)
		s := open(t, current, &disk.Options{Follow: 1, Logger: slog.New(slog.DiscardHandler)})
		defer s.Close()
		ctx, done := t.Context(), make(chan struct{})
		var users sync.WaitGroup
		for i := range 4 {
			users.Go(func() {
				key := fmt.Sprint("saved", i)
				for {
					select {
					case <-done:
						return
					default:
					}
					if got, err := read(ctx, s, "version"); got != "v1" && got != "v2" || err != nil {
						t.Errorf("the version is %q, %v", got, err)
					}
					if ok, err := s.Exists(ctx, "version"); !ok || err != nil {
						t.Errorf("Exists: %t, %v", ok, err)
					}
					if err := s.Save(ctx, key, strings.NewReader("x")); err != nil {
						t.Error(err)
					}
					if err := s.Delete(ctx, key); err != nil && !errors.Is(err, fs.ErrNotExist) {
						t.Error(err)
					}
					for _, err := range s.List(ctx, "") {
						if err != nil {
							t.Error(err)
						}
					}
				}
			})
		}
		for i := range 3000 {
			lead(t, current, []string{"v2", "v1"}[i%2])
			if err := s.Reopen(); err != nil {
				t.Error(err)
			}
		}
		close(done)
		users.Wait()
	})
}

// The path may come from a variable that isn't set.
func TestOpenOfNothing(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "secret", "x")
	s, err := disk.Open("", nil)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf(`Open("") = %v, %v, want fs.ErrNotExist`, s, err)
	}
	if err == nil {
		s.Close()
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "file"), "x")
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]error{"missing": fs.ErrNotExist, "file": syscall.ENOTDIR, "pipe": syscall.ENOTDIR} {
		path := filepath.Join(dir, name)
		s, err := disk.Open(path, nil)
		var of *fs.PathError
		if !errors.Is(err, want) || !errors.As(err, &of) || of.Path != path {
			t.Errorf("Open(%q) = %v, %v, want %v of the path", path, s, err, want)
		}
	}
}
