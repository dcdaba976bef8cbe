package aferofs_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/spf13/afero"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/aferofs"
)

// reading is a reader that calls a function.
type reading func() error

func (r reading) Read([]byte) (int, error) { return 0, r() }

func TestUnfinishedIsHidden(t *testing.T) {
	m := afero.NewMemMapFs()
	s := aferofs.New(m, &aferofs.Options{Dir: "/d"})
	hidden := ""
	err := s.Save(t.Context(), "a", io.MultiReader(strings.NewReader("content"), reading(func() error {
		infos, err := afero.ReadDir(m, "/d")
		if err != nil || len(infos) != 1 || infos[0].Size() != 7 {
			t.Fatalf("the folder has %v, %v, want the one that is being written", infos, err)
		}
		hidden = infos[0].Name()
		for fi := range s.List(t.Context(), "") {
			t.Errorf("List yields %q", fi.Name())
		}
		return io.EOF
	})))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.File(hidden); hidden == "" || !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("File(%q): %v, want fs.ErrInvalid", hidden, err)
	}
}

func TestReadOnly(t *testing.T) {
	m := afero.NewMemMapFs()
	if err := afero.WriteFile(m, "a", []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := aferofs.New(afero.NewReadOnlyFs(m), nil)
	if err := s.Save(t.Context(), "a", strings.NewReader("new")); !errors.Is(err, errors.ErrUnsupported) || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("Save: %v, want errors.ErrUnsupported, and fs.ErrPermission", err)
	}
	if err := s.Delete(t.Context(), "a"); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Delete: %v, want errors.ErrUnsupported", err)
	}
	if found, err := s.Exists(t.Context(), "a"); !found || err != nil {
		t.Errorf("Exists = %t, %v, want true", found, err)
	}
}

func TestSaveInTheWay(t *testing.T) {
	for name, fsys := range map[string]afero.Fs{
		"memory": afero.NewMemMapFs(), "disk": afero.NewBasePathFs(afero.NewOsFs(), t.TempDir()),
	} {
		if err := fsys.MkdirAll("folder", 0o755); err != nil {
			t.Fatal(err)
		}
		s := aferofs.New(fsys, nil)
		if err := s.Save(t.Context(), "folder", strings.NewReader("x")); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: Save over a folder: %v, want fs.ErrExist", name, err)
		}
		if err := s.Delete(t.Context(), "folder"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: Delete of a folder: %v, want fs.ErrNotExist", name, err)
		}
		for key := range map[string]bool{"": true, "..": true, "a//b": true} {
			if err := s.Save(t.Context(), key, strings.NewReader("x")); !errors.Is(err, fs.ErrInvalid) {
				t.Errorf("%s: Save(%q): %v, want fs.ErrInvalid", name, key, err)
			}
		}
	}
}

func TestNothingReturnedBySaving(t *testing.T) {
	for _, fsys := range []afero.Fs{noWriter{afero.NewMemMapFs()}, blind{afero.NewMemMapFs()}} {
		if err := aferofs.New(fsys, nil).Save(t.Context(), "x", strings.NewReader("x")); err == nil {
			t.Errorf("%T: Save has no error", fsys)
		}
	}
}

// noWriter opens nothing, without an error.
type noWriter struct{ afero.Fs }

func (noWriter) OpenFile(string, int, fs.FileMode) (afero.File, error) { return nil, nil }

func TestLocate(t *testing.T) {
	dir := t.TempDir()
	s := aferofs.New(afero.NewBasePathFs(afero.NewOsFs(), dir), &aferofs.Options{
		Source: downloadview.Source{Scheme: "file", Path: sourcePath(dir)},
	})
	if got, err := s.Path("a b/c"); got != filepath.Join(dir, "a b", "c") || err != nil {
		t.Errorf("Path = %q, %v", got, err)
	}
	if got, err := s.URL(t.Context(), "a"); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("URL = %q, %v, want errors.ErrUnsupported without a base", got, err)
	}
	for _, source := range []downloadview.Source{{}, {Scheme: "s3", Host: "b", Path: "/x"}, {Scheme: "file", Path: "relative"}} {
		if got, err := aferofs.New(afero.NewOsFs(), &aferofs.Options{Source: source}).Path("a"); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("with %v: Path = %q, %v, want errors.ErrUnsupported", source, got, err)
		}
	}
}

func TestTimes(t *testing.T) {
	m := afero.NewMemMapFs()
	if err := afero.WriteFile(m, "a", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := aferofs.New(m, nil).Times(t.Context(), "a"); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("in memory: %v, %v, want errors.ErrUnsupported", got, err)
	}
	if runtime.GOOS != "linux" {
		return
	}
	b := afero.NewBasePathFs(afero.NewOsFs(), t.TempDir())
	s := aferofs.New(b, nil)
	if err := s.Save(context.Background(), "a", strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Times(t.Context(), "a"); err != nil || got.Accessed.IsZero() || got.Modified.IsZero() {
		t.Errorf("on disk: %v, %v, want when it was read and changed", got, err)
	}
}
