//go:build unix

package gocloud_test

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/gocloud"
)

// trap creates a folder with files, with links that lead out of it, and with
// pipes, which block when they are opened.
func trap(t *testing.T) (dir string) {
	t.Helper()
	top := t.TempDir()
	dir = filepath.Join(top, "bucket")
	for _, err := range []error{
		os.MkdirAll(filepath.Join(dir, "folder"), 0o755),
		os.MkdirAll(filepath.Join(dir, "only links"), 0o755),
		os.MkdirAll(filepath.Join(top, "other"), 0o755),
		os.WriteFile(filepath.Join(top, "other", "secret.txt"), []byte("secret"), 0o600),
		os.WriteFile(filepath.Join(dir, "file.txt"), []byte("content"), 0o600),
		os.WriteFile(filepath.Join(dir, "folder", "a.txt"), []byte("content"), 0o600),
		os.Symlink("file.txt", filepath.Join(dir, "inside.txt")),
		os.Symlink("folder", filepath.Join(dir, "inside")),
		os.Symlink("../other/secret.txt", filepath.Join(dir, "outside.txt")),
		os.Symlink("../other", filepath.Join(dir, "outside")),
		os.Symlink(filepath.Join(top, "other"), filepath.Join(dir, "absolute")),
		os.Symlink("../../other/secret.txt", filepath.Join(dir, "only links", "x.txt")),
		os.Symlink(".", filepath.Join(dir, "only links", "circle")),
		syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600),
		os.Symlink("pipe", filepath.Join(dir, "to the pipe")),
		syscall.Mkfifo(filepath.Join(dir, "file.txt.attrs"), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// traps are the keys that have no file.
var traps = []string{
	"outside.txt", "outside/secret.txt", "absolute/secret.txt", "only links/x.txt", "pipe", "to the pipe", "folder", "outside",
}

// atOnce fails the test if f blocks.
func atOnce(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatalf("%s still waits after a minute", what)
	}
}

func localBuckets(t *testing.T, test func(t *testing.T, b *blob.Bucket, dir string)) {
	for name, o := range map[string]*fileblob.Options{
		"with attributes": nil, "without": {Metadata: fileblob.MetadataDontWrite, NoTempDir: true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := trap(t)
			b, err := fileblob.OpenBucket(dir, o)
			if err != nil {
				t.Fatal(err)
			}
			test(t, closing(t, b), dir)
		})
	}
	t.Run("below a prefix", func(t *testing.T) {
		dir := trap(t)
		b, err := fileblob.OpenBucket(filepath.Dir(dir), nil)
		if err != nil {
			t.Fatal(err)
		}
		test(t, closing(t, blob.PrefixedBucket(b, "bucket/")), dir)
	})
}

func TestLocalTraps(t *testing.T) {
	localBuckets(t, func(t *testing.T, b *blob.Bucket, dir string) {
		s := gocloud.New(b, nil)
		for _, key := range traps {
			atOnce(t, key, func() {
				for op, call := range operations(file(t, s, key)) {
					if err := call(t.Context()); !errors.Is(err, fs.ErrNotExist) {
						t.Errorf("%s of %q: %v, want fs.ErrNotExist", op, key, err)
					}
				}
				if ok, err := downloadview.Exists(t.Context(), s, key); ok || err != nil {
					t.Errorf("Exists(%q) = %t, %v", key, ok, err)
				}
				if _, err := s.Times(t.Context(), key); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("Times(%q): %v, want fs.ErrNotExist", key, err)
				}
				if err := s.Delete(t.Context(), key); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("Delete(%q): %v, want fs.ErrNotExist", key, err)
				}
				ask := serve(t, file(t, s, key))
				for _, fields := range [][]string{nil, {"Range", "bytes=1-"}, {"Range", "bytes=-1"}, {"If-None-Match", `"x"`}} {
					for _, method := range []string{"GET", "HEAD"} {
						if resp, body := ask(method, fields...); resp.StatusCode != http.StatusNotFound || strings.Contains(body, "secret") {
							t.Errorf("%s %q, %v: %d %q, want 404", method, key, fields, resp.StatusCode, body)
						}
					}
				}
			})
		}
		for _, key := range []string{"file.txt", "inside.txt", "folder/a.txt", "inside/a.txt"} {
			atOnce(t, key, func() {
				h, err := file(t, s, key).Open(t.Context())
				if err != nil {
					t.Errorf("Open(%q): %v", key, err)
				} else if got := content(t, h); got != "content" {
					t.Errorf("%q has %q", key, got)
				}
			})
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) != 11 {
			t.Errorf("%d names are left, %v", len(left), err)
		}
	})
}

func TestLocalTrapsAreNotListed(t *testing.T) {
	localBuckets(t, func(t *testing.T, b *blob.Bucket, _ string) {
		s := gocloud.New(b, nil)
		for folder, want := range map[string][]string{
			"":       {"file.txt", "folder/", "inside/", "inside.txt"},
			"folder": {"a.txt"},
			"inside": {"a.txt"},
		} {
			var got []string
			atOnce(t, folder, func() {
				for fi, err := range s.List(t.Context(), folder) {
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, fi.Name())
					if fi.IsDir() {
						got[len(got)-1] += "/"
					} else if fi.Size() != int64(len("content")) {
						t.Errorf("%q has %d bytes", fi.Name(), fi.Size())
					}
				}
			})
			if !slices.Equal(got, want) {
				t.Errorf("List(%q) = %q, want %q", folder, got, want)
			}
		}
		for _, folder := range []string{"outside", "absolute", "only links/gone", "pipe", "file.txt"} {
			atOnce(t, folder, func() {
				for fi, err := range s.List(t.Context(), folder) {
					if !errors.Is(err, fs.ErrNotExist) {
						t.Errorf("List(%q): %v, %v, want fs.ErrNotExist", folder, fi, err)
					}
				}
			})
		}
	})
}

// Neither a saved file nor its attributes leave the folder.
func TestLocalSaveStaysInside(t *testing.T) {
	dir := trap(t)
	b, err := fileblob.OpenBucket(dir, &fileblob.Options{NoTempDir: true})
	if err != nil {
		t.Fatal(err)
	}
	s := gocloud.New(closing(t, b), nil)
	other := filepath.Join(filepath.Dir(dir), "other")
	if err := os.Symlink(filepath.Join(other, "known"), filepath.Join(dir, "new.txt.attrs")); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]error{
		"outside/new.txt": fs.ErrInvalid, "absolute/deep/er.txt": fs.ErrInvalid, "new.txt": fs.ErrExist, "file.txt": fs.ErrExist,
	} {
		if err := s.Save(t.Context(), key, strings.NewReader("x")); !errors.Is(err, want) {
			t.Errorf("Save(%q): %v, want %v", key, err, want)
		}
	}
	for key, path := range map[string]string{"inside/new.txt": "folder/new.txt", "outside.txt": "outside.txt"} {
		if err := s.Save(t.Context(), key, strings.NewReader("saved")); err != nil {
			t.Errorf("Save(%q): %v", key, err)
		}
		if got, err := os.ReadFile(filepath.Join(dir, path)); string(got) != "saved" {
			t.Errorf("Save(%q): %q has %q, %v", key, path, got, err)
		}
	}
	for path, want := range map[string][]string{other: {"secret.txt"}} {
		entries, err := os.ReadDir(path)
		if err != nil || len(entries) != len(want) {
			t.Errorf("outside is %v, %v, want %q", entries, err, want)
		}
	}
	if got, err := os.ReadFile(filepath.Join(other, "secret.txt")); string(got) != "secret" {
		t.Errorf("the file outside has %q, %v", got, err)
	}
}

func TestLocalPrefix(t *testing.T) {
	dir := t.TempDir()
	b := fileBucket(t, dir)
	put(t, b, "tenant1/a.txt", "ours", nil)
	put(t, b, "tenant1/b/c.txt", "ours", nil)
	put(t, b, "tenant10/a.txt", "theirs", nil)
	below := func(prefix string) *gocloud.Storage {
		return gocloud.New(closing(t, blob.PrefixedBucket(openFileBucket(t, dir), prefix)), nil)
	}
	for prefix, key := range map[string]string{"tenant1/": "a.txt", "tenant1/b/": "c.txt"} {
		h, err := file(t, below(prefix), key).Open(t.Context())
		if err != nil {
			t.Errorf("prefix %q: %v", prefix, err)
		} else if got := content(t, h); got != "ours" {
			t.Errorf("prefix %q: %q has %q", prefix, key, got)
		}
	}
	var names []string
	for fi, err := range below("tenant1/").List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, fi.Name())
	}
	if !slices.Equal(names, []string{"a.txt", "b"}) {
		t.Errorf("the prefix has %q", names)
	}
	if err := os.Symlink("tenant10", filepath.Join(dir, "inside")); err != nil {
		t.Fatal(err)
	}
	elsewhere := t.TempDir()
	put(t, fileBucket(t, elsewhere), "tenant1/a.txt", "theirs", nil)
	if err := os.Symlink(elsewhere, filepath.Join(dir, "outside")); err != nil {
		t.Fatal(err)
	}
	for prefix, want := range map[string]error{"inside/": nil, "outside/tenant1/": fs.ErrNotExist, "gone/": fs.ErrNotExist} {
		s := below(prefix)
		h, err := file(t, s, "a.txt").Open(t.Context())
		if !errors.Is(err, want) {
			t.Errorf("prefix %q: %v, want %v", prefix, err, want)
		}
		if err == nil {
			h.Close()
			continue
		}
		for fi, err := range s.List(t.Context(), "") {
			t.Errorf("prefix %q lists %v, %v", prefix, fi, err)
		}
	}
	if err := below("outside/").Save(t.Context(), "x/a.txt", strings.NewReader("x")); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("Save behind a prefix that leads out: %v, want fs.ErrInvalid", err)
	}
	if err := below("new/").Save(t.Context(), "x/a.txt", strings.NewReader("x")); err != nil {
		t.Errorf("Save behind a new prefix: %v", err)
	}
	for prefix, want := range map[string]string{"tenant1": `"tenant1"`, "tenant1/b": `"b"`, "tenant1//": "want a slash"} {
		s := below(prefix)
		if f, err := s.File("0/a.txt"); err == nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("prefix %q: %v, %v, want an error with %s", prefix, f, err, want)
		}
		for fi, err := range s.List(t.Context(), "") {
			if err == nil {
				t.Errorf("prefix %q lists %v", prefix, fi)
			}
		}
		if err := s.Save(t.Context(), "0/new.txt", strings.NewReader("x")); err == nil {
			t.Errorf("prefix %q: Save writes", prefix)
		}
	}
	only := gocloud.New(closing(t, blob.SingleKeyBucket(openFileBucket(t, dir), "tenant1/a.txt")), nil)
	if f, err := only.File("a.txt"); err == nil || !strings.Contains(err.Error(), "SingleKeyBucket") {
		t.Errorf("a bucket of one file: %v, %v, want an error", f, err)
	}
}

// A missing folder isn't a missing file.
func TestLocalFolderIsAway(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "bucket")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	b := fileBucket(t, dir)
	put(t, b, "a", "x", nil)
	s := gocloud.New(b, nil)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := file(t, s, "a").Open(t.Context()); errors.Is(err, fs.ErrNotExist) || !errors.Is(err, downloadview.ErrUpstream) {
		t.Errorf("Open: %v, want downloadview.ErrUpstream alone", err)
	}
	for _, err := range s.List(t.Context(), "") {
		if errors.Is(err, fs.ErrNotExist) || !errors.Is(err, downloadview.ErrUpstream) {
			t.Errorf("List: %v, want downloadview.ErrUpstream alone", err)
		}
	}
}

// A key that fileblob has written is opened here under the name that fileblob
// gave it, and listed if fileblob lists it.
func FuzzEscapedKeys(f *testing.F) {
	for _, key := range []string{
		"a", "a/b", "a../b", "..a/b", "a...", "tab\t", "a__0x2f__b", "__0x2f__", "__0x2f_", "__0x__", "__0xg__", "__0x7fffffff__", "__0x80000000__",
		"a__0x2f__0x2f__b", "____0x2f__", "日本", "a\\b", "x../y../z", "a.b..c/d",
	} {
		f.Add(key)
	}
	dir := f.TempDir()
	b, err := fileblob.OpenBucket(dir, nil)
	if err != nil {
		f.Fatal(err)
	}
	s := gocloud.New(b, nil)
	f.Fuzz(func(t *testing.T, key string) {
		file, err := s.File(key)
		if err != nil || len(key) > 60 {
			return
		}
		if err := b.WriteAll(context.Background(), key, []byte(key), nil); err != nil {
			return // a name of the file system's own
		}
		defer b.Delete(context.Background(), key)
		h, err := file.Open(context.Background())
		if err != nil {
			t.Fatalf("%q, which fileblob has written: %v", key, err)
		}
		if got := content(t, h); got != key {
			t.Errorf("%q has %q", key, got)
		}
		folder, name := "", key
		if i := strings.LastIndexByte(key, '/'); i >= 0 {
			folder, name = key[:i], key[i+1:]
		}
		found := false
		for fi, err := range s.List(context.Background(), folder) {
			if err != nil {
				t.Fatalf("List(%q): %v", folder, err)
			}
			found = found || fi.Name() == name && !fi.IsDir()
		}
		// fileblob can't decode some of its own keys, such as "__0x00\x1c".
		known := false
		for objects := b.List(nil); ; {
			o, err := objects.Next(context.Background())
			if err != nil {
				break
			}
			known = known || o.Key == key
		}
		if found != known {
			t.Errorf("List(%q) has %q: %t, fileblob lists it: %t", folder, name, found, known)
		}
	})
}

// Whether a folder is listed doesn't cost more the more files are in it.
func TestListAboveALargeFolder(t *testing.T) {
	dir := t.TempDir()
	names := func(n int) error {
		err := os.MkdirAll(filepath.Join(dir, "folder"), 0o755)
		for i := range n {
			err = errors.Join(err, os.WriteFile(filepath.Join(dir, "folder", strings.Repeat("x", 1+i%100)+strconv.Itoa(i)), nil, 0o600))
		}
		return err
	}
	bucket, err := fileblob.OpenBucket(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer bucket.Close()
	s := gocloud.New(bucket, nil)
	allocations := func(n int) float64 {
		if err := names(n); err != nil {
			t.Fatal(err)
		}
		return testing.AllocsPerRun(3, func() {
			entries := 0
			for fi, err := range s.List(t.Context(), "") {
				if err != nil || fi.Name() != "folder" {
					t.Fatal(fi, err)
				}
				entries++
			}
			if entries != 1 {
				t.Fatalf("%d entries, want the folder", entries)
			}
		})
	}
	few, many := allocations(100), allocations(3000)
	if many > 3*few {
		t.Errorf("%.0f allocations above a folder with 3000 files, %.0f with 100", many, few)
	}
}
