package disk_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/disk"
)

func save(t *testing.T, s *disk.Storage, key, content string) {
	t.Helper()
	if err := s.Save(t.Context(), key, strings.NewReader(content)); err != nil {
		t.Fatalf("Save(%q): %v", key, err)
	}
}

// wantFile checks the file that is served under key, and that its folder has
// only the names given.
func wantFile(t *testing.T, s *disk.Storage, dir, key, want string, names ...string) {
	t.Helper()
	got, err := read(t.Context(), s, key)
	if want == "" && !errors.Is(err, fs.ErrNotExist) || want != "" && (got != want || err != nil) {
		t.Errorf("%q has %d bytes, %v, want %d", key, len(got), err, len(want))
	}
	if got := namesOn(t, filepath.Join(dir, filepath.Dir(key))); !slices.Equal(got, names) {
		t.Errorf("the folder of %q has %q, want %q", key, got, names)
	}
}

func namesOn(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// steps is a reader that calls a function for each Read.
type steps []func(p []byte) (int, error)

func (s *steps) Read(p []byte) (int, error) {
	step := (*s)[0]
	*s = (*s)[1:]
	return step(p)
}

func gives(content string) func([]byte) (int, error) {
	return func(p []byte) (int, error) { return copy(p, content), nil }
}

func fails(err error) func([]byte) (int, error) {
	return func([]byte) (int, error) { return 0, err }
}

func TestSave(t *testing.T) {
	s, dir := newStorage(t)
	save(t, s, "a", "first")
	wantFile(t, s, dir, "a", "first", "a")
	save(t, s, "a", "2")
	wantFile(t, s, dir, "a", "2", "a")
	save(t, s, "new/folders/b", strings.Repeat("long", 1<<20))
	wantFile(t, s, dir, "new/folders/b", strings.Repeat("long", 1<<20), "b")
	save(t, s, "new/folders/c", "third")
	wantFile(t, s, dir, "new/folders/c", "third", "b", "c")
	save(t, s, "empty", "")
	if got, err := read(t.Context(), s, "empty"); got != "" || err != nil {
		t.Errorf("nothing, saved, is %q, %v", got, err)
	}
}

func TestSaveFails(t *testing.T) {
	broken := errors.New("broken")
	ended, end := context.WithCancel(t.Context())
	end()
	for name, call := range map[string]struct {
		save func(s *disk.Storage, key string) error
		want error
	}{
		"the reader": {func(s *disk.Storage, key string) error {
			return s.Save(t.Context(), key, &steps{gives("part"), fails(broken)})
		}, broken},
		"the reader at once": {func(s *disk.Storage, key string) error {
			return s.Save(t.Context(), key, iotest.ErrReader(broken))
		}, broken},
		"the reader, with its last bytes": {func(s *disk.Storage, key string) error {
			return s.Save(t.Context(), key, &steps{func(p []byte) (int, error) { return copy(p, "part"), broken }})
		}, broken},
		"the context, before": {func(s *disk.Storage, key string) error {
			return s.Save(ended, key, &steps{}) // and is not read
		}, context.Canceled},
		"the context, half way": {func(s *disk.Storage, key string) error {
			ctx, cancel := context.WithCancel(t.Context())
			return s.Save(ctx, key, &steps{gives("part"), func(p []byte) (int, error) { cancel(); return copy(p, "more"), nil }})
		}, context.Canceled},
		"the context, at the end": {func(s *disk.Storage, key string) error {
			ctx, cancel := context.WithCancel(t.Context())
			return s.Save(ctx, key, &steps{gives("part"), func([]byte) (int, error) { cancel(); return 0, io.EOF }})
		}, context.Canceled},
		"a panic": {func(s *disk.Storage, key string) (err error) {
			defer func() { err = recover().(error) }()
			return s.Save(t.Context(), key, &steps{gives("part"), func([]byte) (int, error) { panic(broken) }})
		}, broken},
	} {
		t.Run(name, func(t *testing.T) {
			s, dir := newStorage(t)
			save(t, s, "old", "old")
			for _, key := range []string{"old", "new"} {
				if err := call.save(s, key); !errors.Is(err, call.want) {
					t.Errorf("Save(%q): %v, want %v", key, err, call.want)
				}
			}
			wantFile(t, s, dir, "old", "old", "old")
			wantFile(t, s, dir, "new", "", "old")
		})
	}
}

func TestSaveRefuses(t *testing.T) {
	s, dir := newStorage(t)
	write(t, filepath.Join(dir, "folder", "file"), "x")
	for key, want := range map[string]error{
		"":                       fs.ErrInvalid,
		".":                      fs.ErrInvalid,
		"../x":                   fs.ErrInvalid,
		"a/":                     fs.ErrInvalid,
		"/a":                     fs.ErrInvalid,
		"a\x00":                  fs.ErrInvalid,
		strings.Repeat("n", 300): fs.ErrInvalid,
		"folder/" + strings.Repeat("n", 300) + "/x": fs.ErrInvalid,
		".downloadview-x.tmp":                       fs.ErrInvalid,
		"folder/.DownloadView-x.TMP":                fs.ErrInvalid,
		"folder":                                    fs.ErrExist,
		"folder/file/x":                             fs.ErrExist,
		"folder/file/x/y":                           fs.ErrExist,
	} {
		err := s.Save(t.Context(), key, &steps{}) // which panics when it is read
		var pathErr *fs.PathError
		if !errors.Is(err, want) || !errors.As(err, &pathErr) || pathErr.Path != key {
			t.Errorf("Save(%.30q): %v, want %v that names it", key, err, want)
		}
		if strings.Contains(err.Error(), dir) {
			t.Errorf("Save(%.30q): the error tells the folder: %v", key, err)
		}
	}
	wantFile(t, s, dir, "folder/file", "x", "file")
}

func TestUnfinishedIsHidden(t *testing.T) {
	s, dir := newStorage(t)
	save(t, s, "a", "old")
	looked := false
	err := s.Save(t.Context(), "a", &steps{gives("half"), func([]byte) (int, error) {
		looked = true
		names := namesOn(t, dir)
		if len(names) != 2 {
			t.Fatalf("the folder has %q, want a and an unfinished one", names)
		}
		hidden := names[0]
		if content, err := os.ReadFile(filepath.Join(dir, hidden)); string(content) != "half" || err != nil {
			t.Errorf("%q has %q, %v, want the half that was written", hidden, content, err)
		}
		wantFile(t, s, dir, "a", "old", names...)
		if got := list(t, s, ""); !slices.Equal(got, []string{"a"}) {
			t.Errorf("List = %q, want a alone", got)
		}
		if _, err := s.File(hidden); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("File(%q): %v, want fs.ErrInvalid", hidden, err)
		}
		if err := s.Delete(t.Context(), hidden); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("Delete(%q): %v, want fs.ErrInvalid", hidden, err)
		}
		if found, err := s.Exists(t.Context(), hidden); found || err != nil {
			t.Errorf("Exists(%q) = %t, %v, want false", hidden, found, err)
		}
		if path, err := s.Path(hidden); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("Path(%q) = %q, %v, want fs.ErrInvalid", hidden, path, err)
		}
		return 0, io.EOF
	}})
	if err != nil || !looked {
		t.Fatal(err, looked)
	}
	wantFile(t, s, dir, "a", "half", "a")
}

// The Save that ends last wins, and no file mixes bytes of both.
func TestTwoSaveAtOnce(t *testing.T) {
	s, dir := newStorage(t)
	one, two := bytes.Repeat([]byte("1"), 1<<20), bytes.Repeat([]byte("2"), 1<<20)
	err := s.Save(t.Context(), "a", io.MultiReader(bytes.NewReader(one), &steps{func([]byte) (int, error) {
		save(t, s, "a", string(two))
		wantFile(t, s, dir, "a", string(two), append(namesOn(t, dir)[:1:1], "a")...)
		return 0, io.EOF
	}}))
	if err != nil {
		t.Fatal(err)
	}
	wantFile(t, s, dir, "a", string(one), "a")
}

func TestDelete(t *testing.T) {
	s, dir := newStorage(t)
	write(t, filepath.Join(dir, "folder", "file"), "x")
	if err := os.Mkdir(filepath.Join(dir, "empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := s.File("folder/file")
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]error{
		"folder": fs.ErrNotExist, "empty": fs.ErrNotExist, "missing": fs.ErrNotExist, "folder/file/x": fs.ErrNotExist,
		"": fs.ErrInvalid, ".": fs.ErrInvalid, "..": fs.ErrInvalid, "../secret": fs.ErrInvalid, "folder/": fs.ErrInvalid,
	} {
		if err := s.Delete(t.Context(), key); !errors.Is(err, want) {
			t.Errorf("Delete(%q): %v, want %v", key, err, want)
		}
	}
	h, err := f.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	ended, end := context.WithCancel(t.Context())
	end()
	if err := s.Delete(ended, "folder/file"); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that ended: %v", err)
	}
	if err := s.Delete(t.Context(), "folder/file"); err != nil {
		t.Errorf("Delete: %v", err)
	}
	if _, err := f.Open(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("opened when deleted: %v, want fs.ErrNotExist", err)
	}
	if content, err := io.ReadAll(h); string(content) != "x" || err != nil {
		t.Errorf("what was open before has %q, %v", content, err)
	}
	if got := namesOn(t, dir); !slices.Equal(got, []string{"empty", "folder"}) {
		t.Errorf("left are %q, want the folders", got)
	}
}

func TestLocate(t *testing.T) {
	parent := t.TempDir()
	write(t, filepath.Join(parent, "root", "sub", "a b"), "x")
	t.Chdir(parent)
	root := openRoot(t, "root")
	s := disk.New(root, nil)
	got, err := s.Path("sub/a b")
	if err != nil || !filepath.IsAbs(got) {
		t.Errorf("Path = %q, %v, want an absolute one", got, err)
	}
	if content, err := os.ReadFile(got); string(content) != "x" || err != nil {
		t.Errorf("Path = %q leads to %q, %v", got, content, err)
	}
	if got, err := s.URL(t.Context(), "sub/a b"); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("URL = %q, %v, want errors.ErrUnsupported without a base", got, err)
	}
	for _, key := range []string{"", "..", "../x", "/x", "x/"} {
		if got, err := s.Path(key); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("Path(%q) = %q, %v, want fs.ErrInvalid", key, got, err)
		}
		if got, err := s.URL(t.Context(), key); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("URL(%q) = %q, %v, want fs.ErrInvalid", key, got, err)
		}
	}
	t.Chdir(t.TempDir())
	if got, err := downloadview.Path(disk.New(root, nil), "a"); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Path = %q, %v, want none: it would lead elsewhere", got, err)
	}
}
