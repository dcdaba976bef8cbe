package disk_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/downloadview/downloadview"
)

func list(t *testing.T, s downloadview.Storage, folder string) (names []string) {
	t.Helper()
	for fi, err := range downloadview.List(t.Context(), s, folder) {
		if err != nil {
			t.Fatalf("List(%q): %v", folder, err)
		}
		name := fi.Name()
		if fi.IsDir() {
			name += "/"
		}
		names = append(names, name)
	}
	return names
}

func TestList(t *testing.T) {
	s, dir := newStorage(t)
	for _, name := range []string{"b", "a", "B", "a-", "a b", ".hidden", "é", "folder/x", "folder/y/z"} {
		write(t, filepath.Join(dir, filepath.FromSlash(name)), name)
	}
	for folder, want := range map[string][]string{
		"":         {".hidden", "B", "a", "a b", "a-", "b", "folder/", "é"},
		"folder":   {"x", "y/"},
		"folder/y": {"z"},
	} {
		if got := list(t, s, folder); !slices.Equal(got, want) {
			t.Errorf("List(%q) = %q, want %q", folder, got, want)
		}
	}
}

func TestListErrors(t *testing.T) {
	s, dir := newStorage(t)
	write(t, filepath.Join(dir, "file"), "x")
	for folder, want := range map[string]error{
		"missing": fs.ErrNotExist,
		"file":    fs.ErrNotExist,
		"file/x":  fs.ErrNotExist,
		"..":      fs.ErrInvalid,
		".":       fs.ErrInvalid,
		"/":       fs.ErrInvalid,
		"file/":   fs.ErrInvalid,
	} {
		n := 0
		for fi, err := range s.List(t.Context(), folder) {
			if n++; fi != nil || !errors.Is(err, want) {
				t.Errorf("List(%q) yields %v, %v, want %v", folder, fi, err, want)
			}
		}
		if n != 1 {
			t.Errorf("List(%q) yields %d times, want the error alone", folder, n)
		}
	}
}

// An entry that is removed after the folder was read is left out, and each
// entry is looked up only when it is requested.
func TestListIsLazy(t *testing.T) {
	s, dir := newStorage(t)
	for _, name := range []string{"a", "b", "c"} {
		write(t, filepath.Join(dir, name), name)
	}
	var names []string
	for fi, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, fi.Name())
		if fi.Name() == "a" {
			if err := os.Remove(filepath.Join(dir, "b")); err != nil {
				t.Fatal(err)
			}
		}
	}
	if want := []string{"a", "c"}; !slices.Equal(names, want) {
		t.Errorf("names = %q, want %q", names, want)
	}

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	for _, err := range s.List(ctx, "") {
		cancel()
		if n++; n == 2 && !errors.Is(err, context.Canceled) {
			t.Errorf("after cancellation: %v, want context.Canceled", err)
		}
	}
	if n != 2 {
		t.Errorf("%d yields, want one entry and one error", n)
	}
}

func TestListFollowsWhatIsServed(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // making links takes a privilege there
	}
	s, dir := newStorage(t)
	write(t, filepath.Join(dir, "folder", "file"), "four")
	for name, target := range map[string]string{
		"to-file": "folder/file", "to-folder": "folder", "dangling": "nothing", "loop": "loop",
		"out": "../secret", "up": "..", "absolute": filepath.Join(dir, "folder"),
	} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := list(t, s, ""), []string{"folder/", "to-file", "to-folder/"}; !slices.Equal(got, want) {
		t.Errorf("names = %q, want %q", got, want)
	}
	for fi, err := range s.List(t.Context(), "") {
		if err == nil && fi.Name() == "to-file" && fi.Size() != 4 {
			t.Errorf("size of a link = %d, want 4, that of what it leads to", fi.Size())
		}
	}
}
