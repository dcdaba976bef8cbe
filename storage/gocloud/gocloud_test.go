package gocloud_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/blob/memblob"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/leaktest"
	"github.com/downloadview/downloadview/storage/gocloud"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// buckets runs test with the drivers that need no server.
func buckets(t *testing.T, test func(t *testing.T, b *blob.Bucket)) {
	t.Run("mem", func(t *testing.T) { test(t, closing(t, memblob.OpenBucket(nil))) })
	t.Run("file", func(t *testing.T) { test(t, fileBucket(t, t.TempDir())) })
}

func fileBucket(t *testing.T, dir string) *blob.Bucket {
	t.Helper()
	return closing(t, openFileBucket(t, dir))
}

func openFileBucket(t *testing.T, dir string) *blob.Bucket {
	t.Helper()
	b, err := fileblob.OpenBucket(dir, &fileblob.Options{NoTempDir: true})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func closing(t *testing.T, b *blob.Bucket) *blob.Bucket {
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func put(t *testing.T, b *blob.Bucket, key, content string, o *blob.WriterOptions) {
	t.Helper()
	if err := b.WriteAll(t.Context(), key, []byte(content), o); err != nil {
		t.Fatalf("write %q: %v", key, err)
	}
}

func file(t *testing.T, s downloadview.Storage, key string) downloadview.File {
	t.Helper()
	f, err := s.File(key)
	if err != nil {
		t.Fatalf("File(%q): %v", key, err)
	}
	return f
}

func content(t *testing.T, h fs.File) string {
	t.Helper()
	b, err := io.ReadAll(h)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	return string(b)
}

// HEAD is answered from Stat and GET from the handle: they must agree
// completely, or the tag of one doesn't work with the other.
func TestStatSaysWhatTheHandleSays(t *testing.T) {
	stored := &blob.WriterOptions{ContentType: "text/csv", ContentEncoding: "gzip", ContentLanguage: "pl"}
	describe := func(r *blob.Reader, a *downloadview.Attributes) {
		a.ETag, a.ContentEncoding, a.ContentLanguage = `"tag"`, "gzip", "pl"
	}
	buckets(t, func(t *testing.T, b *blob.Bucket) {
		put(t, b, "a.csv", "0123456789", stored)
		for _, o := range []*gocloud.Options{nil, {Describe: describe}} {
			f := file(t, gocloud.New(b, o), "a.csv")
			fi, err := downloadview.Stat(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			stat := downloadview.AttributesOf(fi)
			if stat.Size != 10 || stat.ContentType != "text/csv" || stat.ModTime.IsZero() || fi.Name() != "a.csv" {
				t.Errorf("Stat = %+v of %q, want 10 bytes of text/csv with a time", stat, fi.Name())
			}
			if described := o != nil; described != (stat.ETag != "") || described != (stat.ContentEncoding == "gzip") ||
				described != (stat.ContentLanguage == "pl") {
				t.Errorf("Stat = %+v, want tag, encoding and language just where the handle has them: %t", stat, described)
			}
			whole, err := f.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer whole.Close()
			part, err := downloadview.OpenRange(t.Context(), f, 3, 4)
			if err != nil {
				t.Fatal(err)
			}
			defer part.Close()
			for name, h := range map[string]fs.File{"whole": whole, "range": part} {
				fi, err := h.Stat()
				if err != nil {
					t.Fatal(err)
				}
				got := downloadview.AttributesOf(fi)
				if stat.ETag != "" {
					got.ETag = stat.ETag // what Describe made up
				}
				if !got.ModTime.Equal(stat.ModTime) {
					t.Errorf("%s: time %v, Stat says %v", name, got.ModTime, stat.ModTime)
				}
				got.ModTime = stat.ModTime
				if !reflect.DeepEqual(got, stat) {
					t.Errorf("%s: %+v, Stat says %+v", name, got, stat)
				}
			}
		}
	})
}

func TestRanges(t *testing.T) {
	tests := []struct {
		name           string
		key            string
		offset, length int64
		want           string
		err            error
	}{
		{"beginning", "ten", 0, 3, "012", nil},
		{"middle", "ten", 4, 2, "45", nil},
		{"to the end", "ten", 7, -1, "789", nil},
		{"past the end", "ten", 7, 100, "789", nil},
		{"length that overflows", "ten", 7, 1<<63 - 1, "789", nil},
		{"last bytes, of a handle that seeks", "ten", -3, 0, "789", nil},
		{"at the end", "ten", 10, 1, "", downloadview.ErrRange},
		{"beyond", "ten", 11, -1, "", downloadview.ErrRange},
		{"no bytes", "ten", 1, 0, "", downloadview.ErrRange},
		{"of nothing", "empty", 0, -1, "", downloadview.ErrRange},
		{"of nothing, with length", "empty", 0, 1, "", downloadview.ErrRange},
		{"of what is missing", "gone", 0, 1, "", fs.ErrNotExist},
	}
	buckets(t, func(t *testing.T, b *blob.Bucket) {
		put(t, b, "ten", "0123456789", nil)
		put(t, b, "empty", "", nil)
		s := gocloud.New(b, nil)
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				f := file(t, s, tt.key)
				h, err := downloadview.OpenRange(t.Context(), f, tt.offset, tt.length)
				if _, ok := f.(downloadview.RangeFile); ok && tt.offset < 0 {
					tt.err = errors.ErrUnsupported
				}
				if !errors.Is(err, tt.err) {
					t.Fatalf("OpenRange(%d, %d): %v, want %v", tt.offset, tt.length, err, tt.err)
				}
				if tt.err != nil {
					return
				}
				if fi, err := h.Stat(); err != nil || fi.Size() != 10 {
					t.Errorf("Stat of a range: %v, %v, want the whole size 10", fi, err)
				}
				if got := content(t, h); got != tt.want {
					t.Errorf("OpenRange(%d, %d) = %q, want %q", tt.offset, tt.length, got, tt.want)
				}
			})
		}
	})
}

// A reader of package blob seeks by opening the object again, perhaps in
// another version. The handle must hide that.
func TestNoHandleReopens(t *testing.T) {
	buckets(t, func(t *testing.T, b *blob.Bucket) {
		put(t, b, "a", "first", nil)
		h, err := file(t, gocloud.New(b, nil), "a").Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		if _, ok := h.(io.WriterTo); ok {
			t.Error("the handle has WriteTo, which allocates a MiB")
		}
		s, ok := h.(io.Seeker)
		if !ok {
			return
		}
		put(t, b, "a", "2nd", nil)
		if _, err := s.Seek(1, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(h); string(got) != "irst" || err != nil {
			t.Errorf("after the object was replaced, Seek leads to %q, %v, want irst of the open one", got, err)
		}
		if fi, err := h.Stat(); err != nil || fi.Size() != 5 {
			t.Errorf("after the object was replaced, Stat = %v, %v, want the open one's 5 bytes", fi, err)
		}
	})
}

// If a local file grows between the driver's stat and its open, the handle has
// the new size.
func TestLocalHandle(t *testing.T) {
	dir := t.TempDir()
	b := fileBucket(t, dir)
	put(t, b, "a", "12345", nil)
	h, err := file(t, gocloud.New(b, nil), "a").Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := h.(syscall.Conn); !ok {
		t.Error("the handle can't go out by sendfile(2)")
	}
	if err := os.WriteFile(filepath.Join(dir, "a"), []byte("1234567"), 0o600); err != nil {
		t.Fatal(err)
	}
	if fi, err := h.Stat(); err != nil || fi.Size() != 7 {
		t.Errorf("Stat: %v, %v, want 7 bytes", fi, err)
	}
	if got := content(t, h); got != "1234567" {
		t.Errorf("content %q, want 1234567", got)
	}
	if _, err := h.Read(make([]byte, 1)); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Read after Close: %v, want os.ErrClosed", err)
	}
}

func TestKeys(t *testing.T) {
	keys := []string{"a b", "a%2Fb", "a+b", "a?b#c", "ąę日", "()'!*", "deep/er/x", `back\slash`}
	buckets(t, func(t *testing.T, b *blob.Bucket) {
		s := gocloud.New(b, nil)
		for _, key := range keys {
			put(t, b, key, "content of "+key, nil)
		}
		for _, key := range keys {
			h, err := file(t, s, key).Open(t.Context())
			if err != nil {
				t.Errorf("Open(%q): %v", key, err)
				continue
			}
			if got, want := content(t, h), "content of "+key; got != want {
				t.Errorf("%q has %q, want %q", key, got, want)
			}
		}
		for _, key := range []string{"", "a\x00", "\xff", "../a", "dir/"} {
			if _, err := s.File(key); !errors.Is(err, fs.ErrInvalid) {
				t.Errorf("File(%q): %v, want fs.ErrInvalid", key, err)
			}
		}
	})
}

// Keys that differ in dots and slashes are different objects, but on disk they
// would be names of one file: then permissions that are granted by name would
// be useless.
func TestDotsAndSlashes(t *testing.T) {
	keys := []string{"a//b", "a/../b", "a/./b", "/a", "./a", "a.attrs"}
	mem := closing(t, memblob.OpenBucket(nil))
	s := gocloud.New(mem, nil)
	for _, key := range keys {
		put(t, mem, key, key, nil)
	}
	for _, key := range keys {
		h, err := file(t, s, key).Open(t.Context())
		if err != nil {
			t.Errorf("Open(%q): %v", key, err)
		} else if got := content(t, h); got != key {
			t.Errorf("%q in memory has %q, want its own", key, got)
		}
	}
	below := blob.PrefixedBucket(openFileBucket(t, t.TempDir()), "in/")
	for _, b := range []*blob.Bucket{fileBucket(t, t.TempDir()), closing(t, below)} {
		s := gocloud.New(b, nil)
		for _, key := range keys {
			if _, err := s.File(key); !errors.Is(err, fs.ErrInvalid) {
				t.Errorf("File(%q) on disk: %v, want fs.ErrInvalid", key, err)
			}
		}
	}
}

func TestSource(t *testing.T) {
	b := closing(t, memblob.OpenBucket(nil))
	tests := []struct {
		name   string
		source downloadview.Source
		want   downloadview.Source
	}{
		{"none", downloadview.Source{}, downloadview.Source{}},
		{
			"bucket",
			downloadview.Source{Scheme: "s3", Host: "bkt"},
			downloadview.Source{Scheme: "s3", Host: "bkt", Path: "a//b/../c%41"},
		},
		{
			"below a prefix",
			downloadview.Source{Scheme: "gs", Host: "bkt", Path: "x/"},
			downloadview.Source{Scheme: "gs", Host: "bkt", Path: "x/a//b/../c%41"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := gocloud.New(b, &gocloud.Options{Source: tt.source})
			got, ok := downloadview.SourceOf(file(t, s, "a//b/../c%41"))
			if got != tt.want || ok != (tt.name != "none") {
				t.Errorf("SourceOf = %v, %t, want %v", got, ok, tt.want)
			}
		})
	}
}

// The path of a source is a prefix like any other.
func TestSourceEndsInASlash(t *testing.T) {
	b := closing(t, memblob.OpenBucket(nil))
	for _, path := range []string{"tenant1", "tenant1/../"} {
		s := gocloud.New(b, &gocloud.Options{Source: downloadview.Source{Scheme: "s3", Host: "bkt", Path: path}})
		if f, err := s.File("0/a"); err == nil || errors.Is(err, fs.ErrInvalid) || !strings.Contains(err.Error(), strconv.Quote(path)) {
			t.Errorf("path %q: %v, %v, want an error that names it", path, f, err)
		}
	}
}

func TestErrors(t *testing.T) {
	buckets(t, func(t *testing.T, b *blob.Bucket) {
		put(t, b, "a", "x", nil)
		s := gocloud.New(b, nil)
		for _, key := range []string{"gone", "a/below a file", strings.Repeat("long", 100)} {
			for op, call := range operations(file(t, s, key)) {
				err := call(t.Context())
				var pe *fs.PathError
				if !errors.Is(err, fs.ErrNotExist) || !errors.As(err, &pe) || pe.Path != key {
					t.Errorf("%s of %q: %v, want fs.ErrNotExist that names it", op, key, err)
				}
			}
		}

		canceled, cancel := context.WithCancel(t.Context())
		cancel()
		late, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
		defer cancel()
		for ctx, want := range map[context.Context]error{canceled: context.Canceled, late: context.DeadlineExceeded} {
			for op, call := range operations(file(t, s, "a")) {
				if err := call(ctx); !errors.Is(err, want) {
					t.Errorf("%s: %v, want %v", op, err, want)
				}
			}
			for _, err := range s.List(ctx, "") {
				if !errors.Is(err, want) {
					t.Errorf("List: %v, want %v", err, want)
				}
			}
		}
	})
}

func operations(f downloadview.File) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"Open": func(ctx context.Context) error { _, err := f.Open(ctx); return err },
		"Stat": func(ctx context.Context) error { _, err := downloadview.Stat(ctx, f); return err },
		"OpenRange": func(ctx context.Context) error {
			_, err := downloadview.OpenRange(ctx, f, 0, 1)
			return err
		},
	}
}

func TestList(t *testing.T) {
	buckets(t, func(t *testing.T, b *blob.Bucket) {
		for _, key := range []string{"a/x", "a/y/z", "a-b", "a-b-c", "a.txt", "b"} {
			put(t, b, key, "12", nil)
		}
		s := gocloud.New(b, nil)
		for folder, want := range map[string][]string{
			"":    {"a/", "a-b", "a-b-c", "a.txt", "b"},
			"a":   {"x", "y/"},
			"a/y": {"z"},
		} {
			var got []string
			for fi, err := range downloadview.List(t.Context(), s, folder) {
				if err != nil {
					t.Fatal(err)
				}
				name := fi.Name()
				if fi.IsDir() {
					name += "/"
				} else if fi.Size() != 2 {
					t.Errorf("%q has %d bytes, want 2", name, fi.Size())
				}
				got = append(got, name)
			}
			if !slices.Equal(got, want) {
				t.Errorf("List(%q) = %q, want %q", folder, got, want)
			}
		}
		for _, folder := range []string{"gone", "b", "a/x"} {
			for _, err := range s.List(t.Context(), folder) {
				if !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("List(%q): %v, want fs.ErrNotExist", folder, err)
				}
			}
		}
		for _, err := range s.List(t.Context(), "a/") {
			if !errors.Is(err, fs.ErrInvalid) {
				t.Errorf("List of a folder with a slash: %v, want fs.ErrInvalid", err)
			}
		}
	})
}

func TestImportsNoCloud(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	if !slices.Contains(deps, "gocloud.dev/blob") {
		t.Fatalf("go list finds no gocloud.dev/blob in %d packages", len(deps))
	}
	for _, dep := range deps {
		for _, cloud := range []string{"github.com/aws/", "github.com/Azure/", "cloud.google.com/", "gocloud.dev/blob/"} {
			if strings.HasPrefix(dep, cloud) && dep != "gocloud.dev/blob/driver" {
				t.Errorf("imports %s", dep)
			}
		}
	}
}
