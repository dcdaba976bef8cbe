package aferofs_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/spf13/afero"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/aferofs"
	"github.com/downloadview/downloadview/storage/storagetest"
)

// conform runs the suite with the Fs that made returns: the one that is served,
// and the one to write into. dir is the folder of both that contains the keys.
func conform(t *testing.T, opts *aferofs.Options, dir string, made func(t *testing.T) (served, written afero.Fs)) {
	t.Helper()
	storagetest.Run(t, func(t *testing.T) storagetest.Fixture {
		served, written := made(t)
		put := func(key string, content []byte) error {
			local, err := filepath.Localize(key)
			if err != nil {
				return fmt.Errorf("%w: %w", errors.ErrUnsupported, err)
			}
			name := filepath.Join(dir, local)
			if err := written.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				return windowsNames(err)
			}
			return windowsNames(afero.WriteFile(written, name, content, 0o644))
		}
		return storagetest.Fixture{Storage: aferofs.New(served, opts), Put: put, SetModTime: func(key string, at time.Time) error {
			return written.Chtimes(filepath.Join(dir, filepath.FromSlash(key)), at, at)
		}}
	})
}

// windowsNames treats a failed write as caused by one of the many names that
// Windows doesn't allow.
func windowsNames(err error) error {
	if err != nil && runtime.GOOS == "windows" {
		return fmt.Errorf("%w: %w", errors.ErrUnsupported, err)
	}
	return err
}

func TestConformance(t *testing.T) {
	t.Run("MemMapFs", func(t *testing.T) {
		conform(t, nil, "", func(*testing.T) (afero.Fs, afero.Fs) {
			m := afero.NewMemMapFs()
			return m, m
		})
	})
	t.Run("MemMapFs with a slash", func(t *testing.T) {
		conform(t, &aferofs.Options{Dir: "/"}, "/", func(*testing.T) (afero.Fs, afero.Fs) {
			m := afero.NewMemMapFs()
			return m, m
		})
	})
	t.Run("BasePathFs", func(t *testing.T) {
		conform(t, nil, "", func(t *testing.T) (afero.Fs, afero.Fs) {
			b := afero.NewBasePathFs(afero.NewOsFs(), t.TempDir())
			return b, b
		})
	})
	t.Run("ReadOnlyFs", func(t *testing.T) {
		conform(t, nil, "", func(t *testing.T) (afero.Fs, afero.Fs) {
			b := afero.NewBasePathFs(afero.NewOsFs(), t.TempDir())
			return afero.NewReadOnlyFs(b), b
		})
	})
}

// With a source the suite also compares the bytes there.
func TestConformanceWithSource(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storagetest.Fixture {
		dir := t.TempDir()
		opts := &aferofs.Options{
			Dir: dir, Source: downloadview.Source{Scheme: "file", Path: sourcePath(dir)},
			BaseURL: &url.URL{Path: "/media/"},
		}
		put := func(key string, content []byte) error {
			local, err := filepath.Localize(key)
			if err != nil {
				return fmt.Errorf("%w: %w", errors.ErrUnsupported, err)
			}
			name := filepath.Join(dir, local)
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				return windowsNames(err)
			}
			return windowsNames(os.WriteFile(name, content, 0o644))
		}
		return storagetest.Fixture{Storage: aferofs.New(afero.NewOsFs(), opts), Put: put}
	})
}

func sourcePath(dir string) string {
	if runtime.GOOS == "windows" {
		return "/" + filepath.ToSlash(dir)
	}
	return dir
}

// BasePathFs treats "../app-secret/x" as a path below "app".
func TestSiblingIsOutOfReach(t *testing.T) {
	m := afero.NewMemMapFs()
	for _, name := range []string{"app/x", "app-secret/x", "x"} {
		if err := afero.WriteFile(m, name, []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := aferofs.New(afero.NewBasePathFs(m, "app"), nil)
	for _, key := range []string{"../app-secret/x", "/../app-secret/x", "a/../../app-secret/x", "../x", "", ".", "/x", "x/", "a//x", "x\x00", "\xff"} {
		var pathErr *fs.PathError
		if f, err := s.File(key); !errors.Is(err, fs.ErrInvalid) || !errors.As(err, &pathErr) {
			t.Errorf("File(%q) = %v, %v, want an fs.PathError with fs.ErrInvalid", key, f, err)
		}
	}
}

func TestHandleIsTheSystemsOwn(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x"), []byte("content"), 0o644); err != nil {
		t.Fatal(err)
	}
	base := afero.NewBasePathFs(afero.NewBasePathFs(afero.NewOsFs(), filepath.Dir(dir)), filepath.Base(dir))
	f, err := aferofs.New(afero.NewReadOnlyFs(base), nil).File("x")
	if err != nil {
		t.Fatal(err)
	}
	h, err := f.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if _, ok := h.(*os.File); !ok {
		t.Errorf("handle is a %T, want *os.File, which sendfile takes", h)
	}
	if content, err := io.ReadAll(h); string(content) != "content" || err != nil {
		t.Errorf("content = %q, %v", content, err)
	}
}

func TestSource(t *testing.T) {
	for base, want := range map[downloadview.Source]downloadview.Source{
		{}:                                   {},
		{Scheme: "file", Path: "/srv/media"}: {Scheme: "file", Path: "/srv/media/a b/x"},
		{Scheme: "file", Path: "/"}:          {Scheme: "file", Path: "/a b/x"},
		{Scheme: "s3", Host: "bucket"}:       {Scheme: "s3", Host: "bucket", Path: "a b/x"},
		{Scheme: "s3", Host: "bucket", Path: "p/"}: {Scheme: "s3", Host: "bucket", Path: "p/a b/x"},
	} {
		s := aferofs.New(afero.NewBasePathFs(afero.NewOsFs(), "/srv/media"), &aferofs.Options{Source: base})
		f, err := s.File("a b/x")
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := downloadview.SourceOf(f); got != want || ok != (want.Scheme != "") {
			t.Errorf("with %#v: SourceOf = %#v, %t, want %#v", base, got, ok, want)
		}
	}
}

// emptyHanded returns neither files nor errors.
type emptyHanded struct{ afero.Fs }

func (emptyHanded) Open(string) (afero.File, error) { return nil, nil }

type blind struct{ afero.Fs }

func (blind) Stat(string) (fs.FileInfo, error) { return nil, nil }

// A blindHandle has no metadata.
type blindHandle struct{ afero.File }

func (blindHandle) Stat() (fs.FileInfo, error) { return nil, nil }

type blindlyOpened struct{ afero.Fs }

func (b blindlyOpened) Open(name string) (afero.File, error) {
	h, err := b.Fs.Open(name)
	return blindHandle{h}, err
}

func TestNothingReturned(t *testing.T) {
	m := afero.NewMemMapFs()
	if err := afero.WriteFile(m, "x", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, fsys := range []afero.Fs{emptyHanded{m}, blind{m}, blindlyOpened{m}, afero.NewBasePathFs(emptyHanded{m}, "/"), afero.NewReadOnlyFs(emptyHanded{m})} {
		s := aferofs.New(fsys, &aferofs.Options{})
		f, err := s.File("x")
		if err != nil {
			t.Fatal(err)
		}
		if h, err := f.Open(t.Context()); h != nil || err == nil {
			t.Errorf("%T: Open = %v, %v, want an error", fsys, h, err)
		}
		if _, ok := fsys.(blindlyOpened); ok {
			continue // it can be listed
		}
		for fi, err := range s.List(t.Context(), "") {
			if fi != nil || err == nil {
				t.Errorf("%T: List yields %v, %v, want an error", fsys, fi, err)
			}
		}
	}
}

// dotted lists each folder with itself and the one above it, as some servers of FTP do,
// and one name that is a path.
type dotted struct{ afero.Fs }

func (d dotted) Open(name string) (afero.File, error) {
	h, err := d.Fs.Open(name)
	return dottedFile{h}, err
}

type dottedFile struct{ afero.File }

func (d dottedFile) Readdirnames(n int) ([]string, error) {
	names, err := d.File.Readdirnames(n)
	return append(names, ".", "..", "", "deep/file"), err
}

func TestListHasNoFolderItself(t *testing.T) {
	m := afero.NewMemMapFs()
	for _, name := range []string{"a/b/file", "a/b/deep/file", "a/c"} {
		if err := afero.WriteFile(m, name, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := aferofs.New(dotted{m}, nil)
	for folder, want := range map[string]string{"": "a", "a": "b c", "a/b": "deep file"} {
		var got []string
		for fi, err := range s.List(t.Context(), folder) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, fi.Name())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q has %q, want %s", folder, got, want)
		}
	}
}
