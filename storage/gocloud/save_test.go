package gocloud_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/blob/driver"
	"gocloud.dev/blob/memblob"
	"gocloud.dev/gcerrors"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/gocloud"
)

// The stored type is never guessed from the bytes.
func TestSavedType(t *testing.T) {
	buckets(t, func(t *testing.T, b *blob.Bucket) {
		s := gocloud.New(b, nil)
		for key, want := range map[string]string{
			"a.txt": "text/plain; charset=utf-8", "a.pdf": "application/pdf",
			"a": "application/octet-stream", "a.unheard-of": "application/octet-stream",
		} {
			if err := s.Save(t.Context(), key, strings.NewReader("<html><script>")); err != nil {
				t.Fatal(err)
			}
			if a, err := b.Attributes(t.Context(), key); err != nil || a.ContentType != want {
				t.Errorf("%q is stored as %+v, %v, want %q", key, a, err, want)
			}
		}
	})
}

type reading func() error

func (r reading) Read([]byte) (int, error) { return 0, r() }

func TestUnfinishedIsHidden(t *testing.T) {
	dir := t.TempDir()
	s := gocloud.New(fileBucket(t, dir), nil)
	looked := false
	err := s.Save(t.Context(), "a", io.MultiReader(strings.NewReader("content"), reading(func() error {
		looked = true
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) != 1 {
			t.Fatalf("the folder has %v, %v, want the one that is being written", entries, err)
		}
		hidden := entries[0].Name()
		if _, err := s.File(hidden); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("File(%q): %v, want fs.ErrInvalid", hidden, err)
		}
		for fi := range s.List(t.Context(), "") {
			t.Errorf("List yields %q", fi.Name())
		}
		return io.EOF
	})))
	if err != nil || !looked {
		t.Fatal(err, looked)
	}
	for _, key := range []string{"a.tmp", "a.18.tmp", "a.18aa0c3f55d2e6bg.tmp", "18aa0c3f55d2e6b1.tmp", "a.18aa0c3f55d2e6b1"} {
		if _, err := s.File(key); err != nil {
			t.Errorf("File(%q): %v, want it as a name like any other", key, err)
		}
	}
}

func TestEmptyFolderStays(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := gocloud.New(fileBucket(t, dir), nil).Delete(t.Context(), "folder"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Delete: %v, want fs.ErrNotExist", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "folder")); err != nil {
		t.Errorf("the folder: %v", err)
	}
}

func TestTimes(t *testing.T) {
	b := closing(t, memblob.OpenBucket(nil))
	put(t, b, "a", "x", nil)
	if got, err := gocloud.New(b, nil).Times(t.Context(), "a"); err != nil || got.Created.IsZero() || got.Modified.IsZero() {
		t.Errorf("in memory: %v, %v, want when it was created", got, err)
	}
	c := &cloud{promised: 1, time: time.Unix(1e9, 0)}
	if got, err := gocloud.New(c.open(t), nil).Times(t.Context(), "a"); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("of a driver that doesn't know: %v, %v, want errors.ErrUnsupported", got, err)
	}
}

// writing is a driver whose writer panics when it is closed after a failure, as
// that of Azure does.
type writing struct {
	cloud
	failed    error
	ctx       context.Context
	committed bool
}

func (d *writing) NewTypedWriter(ctx context.Context, _, _ string, _ *driver.WriterOptions) (driver.Writer, error) {
	d.ctx = ctx
	return &panicking{d}, nil
}

type panicking struct{ d *writing }

func (w *panicking) Write(p []byte) (int, error) { return len(p), w.d.failed }

func (w *panicking) Close() error {
	if w.d.failed != nil || w.d.ctx.Err() != nil {
		panic("nil pointer")
	}
	w.d.committed = true
	return nil
}

func TestDriverPanics(t *testing.T) {
	broken := errors.New("broken")
	d := &writing{cloud: cloud{code: gcerrors.Unknown}, failed: broken}
	err := gocloud.New(closing(t, blob.NewBucket(d)), nil).Save(t.Context(), "a", strings.NewReader("x"))
	if !errors.Is(err, downloadview.ErrUpstream) || !strings.Contains(err.Error(), "broken") {
		t.Errorf("the store fails: %v, want ErrUpstream with its cause", err)
	}
	d = &writing{cloud: cloud{code: gcerrors.Unknown}}
	s := gocloud.New(closing(t, blob.NewBucket(d)), nil)
	err = s.Save(t.Context(), "a", io.MultiReader(strings.NewReader("x"), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) || errors.Is(err, downloadview.ErrUpstream) || d.committed {
		t.Errorf("the reader fails: %v, committed %t, want its error and nothing committed", err, d.committed)
	}
	if err := s.Save(t.Context(), "a", strings.NewReader("x")); err != nil || !d.committed {
		t.Errorf("nothing fails: %v, committed %t", err, d.committed)
	}
}
