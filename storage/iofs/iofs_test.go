package iofs_test

import (
	"embed"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/storage/iofs"
	"github.com/downloadview/downloadview/storage/storagetest"
)

//go:embed testdata
var embedded embed.FS

var quiet = &downloadview.Options{Logger: slog.New(slog.DiscardHandler)}

func TestEmbedded(t *testing.T) {
	site, err := fs.Sub(embedded, "testdata/site")
	if err != nil {
		t.Fatal(err)
	}
	s := iofs.New(site, nil)
	for _, key := range []string{"style.css", "docs/may.txt"} {
		if err := storagetest.CheckFile(t.Context(), fileOf(t, s, key)); err != nil {
			t.Errorf("%q: %v", key, err)
		}
	}
	for folder, want := range map[string][]string{"": {"docs", "style.css"}, "docs": {"may.txt"}} {
		if got, err := namesIn(t, s, folder); !slices.Equal(got, want) || err != nil {
			t.Errorf("names in %q = %q, %v, want %q", folder, got, err, want)
		}
	}
	for _, folder := range []string{"style.css", "missing", "docs/may.txt/x"} {
		if names, err := namesIn(t, s, folder); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("names in %q = %q, %v, want fs.ErrNotExist", folder, names, err)
		}
	}

	resp, body, err := download(t, s, "/docs/may.txt", "Range", "bytes=4-5")
	if err != nil || resp.StatusCode != http.StatusPartialContent || body != "is" {
		t.Errorf("range = %d %q, %v, want the two bytes", resp.StatusCode, body, err)
	}
	for _, field := range []string{"Etag", "Last-Modified"} {
		if v := resp.Header.Get(field); v != "" {
			t.Errorf("%s is %q, want none: there is no time", field, v)
		}
	}
	for _, path := range []string{"/docs", "/docs/missing"} {
		if resp, _, err := download(t, s, path); err != nil || resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s is answered %d, %v, want 404", path, resp.StatusCode, err)
		}
	}
}

// seeing is an empty FS that records the requested names.
type seeing struct{ names []string }

func (s *seeing) Open(name string) (fs.File, error) {
	s.names = append(s.names, name)
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

func TestInvalidKeysAreNotShown(t *testing.T) {
	fsys := &seeing{}
	s := iofs.New(fsys, nil)
	for _, key := range []string{"", ".", "..", "../x", "a/../x", "/x", "x/", "a//x", "./x", "\xff"} {
		var pathErr *fs.PathError
		if f, err := s.File(key); !errors.Is(err, fs.ErrInvalid) || !errors.As(err, &pathErr) {
			t.Errorf("File(%q) = %v, %v, want an fs.PathError with fs.ErrInvalid", key, f, err)
		}
		if key == "" {
			continue
		}
		if names, err := namesIn(t, s, key); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("names in %q = %q, %v, want fs.ErrInvalid", key, names, err)
		}
	}
	if len(fsys.names) > 0 {
		t.Errorf("the FS was asked for %q", fsys.names)
	}
	if _, err := read(t, s, "x"); !errors.Is(err, fs.ErrNotExist) || !slices.Equal(fsys.names, []string{"x"}) {
		t.Errorf("error is %v after the FS was asked for %q, want it asked for x", err, fsys.names)
	}
}

func TestHandleOfFolderIsTheSystemsOwn(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x"), []byte("content"), 0o644); err != nil {
		t.Fatal(err)
	}
	h, err := fileOf(t, iofs.New(os.DirFS(dir), nil), "x").Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if _, ok := h.(*os.File); !ok {
		t.Errorf("handle is a %T, want *os.File, which sendfile takes", h)
	}
}

func TestSource(t *testing.T) {
	for base, want := range map[downloadview.Source]downloadview.Source{
		{}:                                    {},
		{Scheme: "file", Path: "/srv/media"}:  {Scheme: "file", Path: "/srv/media/a b/x"},
		{Scheme: "file", Path: "/srv/media/"}: {Scheme: "file", Path: "/srv/media/a b/x"},
		{Scheme: "s3", Host: "bucket"}:        {Scheme: "s3", Host: "bucket", Path: "a b/x"},
	} {
		f := fileOf(t, iofs.New(fstest.MapFS{}, &iofs.Options{Source: base}), "a b/x")
		if got, ok := downloadview.SourceOf(f); got != want || ok != (want.Scheme != "") {
			t.Errorf("with %#v: SourceOf = %#v, %t, want %#v", base, got, ok, want)
		}
	}
}

// closing counts the open handles. It has neither Stat nor Lstat.
type closing struct {
	inner fs.FS
	open  int
}

func (c *closing) Open(name string) (fs.File, error) {
	h, err := c.inner.Open(name)
	if err != nil {
		return nil, err
	}
	c.open++
	return closed{h, c}, nil
}

type closed struct {
	fs.File
	fsys *closing
}

func (c closed) Close() error {
	c.fsys.open--
	return c.File.Close()
}

func TestRefusedHandlesAreClosed(t *testing.T) {
	fsys := &closing{inner: fstest.MapFS{
		"folder/x": {},
		"pipe":     {Mode: fs.ModeNamedPipe},
	}}
	s := iofs.New(fsys, nil)
	for _, key := range []string{"folder", "pipe"} {
		if _, err := read(t, s, key); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: error is %v, want fs.ErrNotExist", key, err)
		}
	}
	if _, err := read(t, s, "folder/x"); err != nil {
		t.Errorf("folder/x: %v", err)
	}
	if fsys.open != 0 {
		t.Errorf("%d handles are open, want none", fsys.open)
	}
}

type emptyHanded struct{}

func (emptyHanded) Open(string) (fs.File, error) { return nil, nil }

func TestNothingReturned(t *testing.T) {
	if h, err := fileOf(t, iofs.New(emptyHanded{}, nil), "x").Open(t.Context()); h != nil || err == nil {
		t.Errorf("Open = %v, %v, want an error", h, err)
	}
}

// fixed has handles whose Seek always fails.
type fixed struct{ fs.FS }

func (f fixed) Open(name string) (fs.File, error) {
	h, err := f.FS.Open(name)
	return fixedFile{h}, err
}

type fixedFile struct{ fs.File }

func (fixedFile) Seek(int64, int) (int64, error) {
	return 0, &fs.PathError{Op: "seek", Path: "a", Err: fs.ErrPermission} // as of afero.FromIOFS
}

// Where Seek always fails, ranges are ignored.
func TestHandlesThatCantSeek(t *testing.T) {
	object := buckettest.Numbered(1, 1000)
	buckettest.WholeForRanges(t, object, iofs.New(fixed{fstest.MapFS{"a": {Data: object}}}, nil))
}

// dotted lists each folder with itself and the one above it.
type dotted struct{ fstest.MapFS }

func (d dotted) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := d.MapFS.ReadDir(name)
	folder, _ := d.Stat(name)
	for _, n := range []string{".", "..", "", "deep/file"} {
		entries = append(entries, namedEntry{fs.FileInfoToDirEntry(folder), n})
	}
	return entries, err
}

type namedEntry struct {
	fs.DirEntry
	name string
}

func (e namedEntry) Name() string { return e.name }

func TestListHasNoFolderItself(t *testing.T) {
	s := iofs.New(dotted{fstest.MapFS{"a/b/file": {}, "a/b/deep/file": {}, "a/c": {}}}, nil)
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
