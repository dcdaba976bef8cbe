package disk_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/disk"
)

// newStorage returns a storage and its directory. Next to the directory there
// is a file "secret", which no key may reach.
func newStorage(t testing.TB) (*disk.Storage, string) {
	t.Helper()
	parent := t.TempDir()
	write(t, filepath.Join(parent, "secret"), "secret")
	dir := filepath.Join(parent, "root")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return disk.New(openRoot(t, dir), nil), dir
}

func openRoot(t testing.TB, dir string) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root
}

func write(t testing.TB, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(ctx context.Context, s downloadview.Storage, key string) (string, error) {
	f, err := s.File(key)
	if err != nil {
		return "", err
	}
	h, err := f.Open(ctx)
	if err != nil {
		return "", err
	}
	defer h.Close()
	content, err := io.ReadAll(h)
	return string(content), err
}

func TestInvalidKey(t *testing.T) {
	s, _ := newStorage(t)
	for _, key := range []string{"", ".", "..", "/", "/a", "a/", "a//b", "./a", "a/.", "../secret", "a/../../secret", "a\x00", "\x00"} {
		f, err := s.File(key)
		var pathErr *fs.PathError
		if !errors.Is(err, fs.ErrInvalid) || !errors.As(err, &pathErr) || pathErr.Path != key {
			t.Errorf("File(%q) = %v, %v, want a PathError of the key with fs.ErrInvalid", key, f, err)
		}
	}
}

func TestEscapesStayLiteral(t *testing.T) {
	s, dir := newStorage(t)
	for _, key := range []string{"..%2fsecret", "%2e%2e/secret", "..;", "..."} {
		if content, err := read(t.Context(), s, key); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q before it is there: %q, %v, want fs.ErrNotExist", key, content, err)
		}
		write(t, filepath.Join(dir, filepath.FromSlash(key)), "own")
		if content, err := read(t.Context(), s, key); content != "own" || err != nil {
			t.Errorf("%q = %q, %v, want its own content", key, content, err)
		}
	}
}

func TestNotFound(t *testing.T) {
	s, dir := newStorage(t)
	write(t, filepath.Join(dir, "folder", "file"), "x")
	for name, key := range map[string]string{
		"missing":           "nothing",
		"missing folder":    "no/thing",
		"folder":            "folder",
		"below a file":      "folder/file/x",
		"name too long":     strings.Repeat("n", 300),
		"path too long":     strings.Repeat("n/", 3000) + "n",
		"many long folders": strings.Repeat(strings.Repeat("n", 200)+"/", 40) + "n",
	} {
		t.Run(name, func(t *testing.T) {
			content, err := read(t.Context(), s, key)
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("got %q, %v, want fs.ErrNotExist", content, err)
			}
		})
	}
}

func TestOpenKeepsOtherErrors(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a"), "x")
	root := openRoot(t, dir)
	s := disk.New(root, nil)
	root.Close()
	if _, err := read(t.Context(), s, "a"); !errors.Is(err, fs.ErrClosed) || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("with the root closed: %v, want fs.ErrClosed alone", err)
	}
}

func TestHandleIsTheSystemsOwn(t *testing.T) {
	s, dir := newStorage(t)
	write(t, filepath.Join(dir, "a"), "0123456789")
	f, err := s.File("a")
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
	if _, ok := f.(downloadview.StatFile); ok {
		t.Error("file offers Stat, where only the open handle tells the truth")
	}
}

func TestSource(t *testing.T) {
	parent := t.TempDir()
	write(t, filepath.Join(parent, "root", "sub", "x"), "x")
	slashed := filepath.ToSlash(parent)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed
	}
	t.Chdir(parent)

	t.Run("relative root", func(t *testing.T) {
		s := disk.New(openRoot(t, "root"), nil)
		f, err := s.File("sub/a b.pdf")
		if err != nil {
			t.Fatal(err)
		}
		want := downloadview.Source{Scheme: "file", Path: slashed + "/root/sub/a b.pdf"}
		if got, ok := downloadview.SourceOf(f); !ok || got != want {
			t.Errorf("SourceOf = %v, %t, want %v", got, ok, want)
		}
	})

	t.Run("root of the system", func(t *testing.T) {
		top := filepath.VolumeName(parent) + string(filepath.Separator)
		f, err := disk.New(openRoot(t, top), nil).File("a")
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := downloadview.SourceOf(f); !ok || strings.Contains(got.Path, "//") || !strings.HasSuffix(got.Path, "/a") {
			t.Errorf("SourceOf = %v, %t, want one slash before the key", got, ok)
		}
	})

	t.Run("path no longer leads to the root", func(t *testing.T) {
		root := openRoot(t, "root")
		t.Chdir(t.TempDir())
		if err := os.Mkdir("root", 0o755); err != nil {
			t.Fatal(err)
		}
		f, err := disk.New(root, nil).File("a")
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := downloadview.SourceOf(f); ok {
			t.Errorf("SourceOf = %v, want none: that is another directory", got)
		}
	})
}
