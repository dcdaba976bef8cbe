package storagetest

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/disk"
)

// capabilities returns the methods of the optional interfaces that f implements.
func capabilities(f downloadview.File) (names []string) {
	if _, ok := downloadview.Find[downloadview.StatFile](f); ok {
		names = append(names, "Stat")
	}
	if _, ok := downloadview.Find[downloadview.RangeFile](f); ok {
		names = append(names, "OpenRange")
	}
	if _, ok := downloadview.Find[downloadview.Sourcer](f); ok {
		names = append(names, "Source")
	}
	if _, ok := downloadview.Find[downloadview.Identifier](f); ok {
		names = append(names, "Identity")
	}
	if _, ok := downloadview.Find[downloadview.Signer](f); ok {
		names = append(names, "SignedURL")
	}
	if _, ok := downloadview.Find[downloadview.Pinner](f); ok {
		names = append(names, "Pin")
	}
	return names
}

// plainFile hides all methods of its File except Name and Open.
type plainFile struct{ downloadview.File }

type statOnly struct {
	plainFile
	inner *modelFile
}

func (f statOnly) Stat(ctx context.Context) (fs.FileInfo, error) { return f.inner.Stat(ctx) }

type rangeOnly struct {
	plainFile
	inner *modelFile
}

func (f rangeOnly) OpenRange(ctx context.Context, offset, length int64) (fs.File, error) {
	return f.inner.OpenRange(ctx, offset, length)
}

type signedFile struct{ plainFile }

func (f signedFile) SignedURL(context.Context, downloadview.SignOptions) (string, time.Time, error) {
	return "https://store.test/x", time.Time{}, nil
}

type pinOnly struct {
	plainFile
	inner *modelFile
}

func (f pinOnly) Pin(etag string) downloadview.File { return f.inner.Pin(etag) }

func TestCapabilitiesStayAsTheyAre(t *testing.T) {
	full := &modelFile{m: newModel(""), key: "x"}
	plain := plainFile{full}
	for _, f := range []downloadview.File{
		full, plain,
		wrappedFile{full},
		wrappedFile{plain},
		statOnly{plain, full},
		rangeOnly{plain, full},
		signedFile{plain},
		pinOnly{plain, full},
		wrappedFile{rangeOnly{plain, full}},
	} {
		want := capabilities(f)
		for _, d := range []doors{Count(nil), Failure{}} {
			if got := capabilities(guard(f, d)); !slices.Equal(got, want) {
				t.Errorf("%T behind %T implements %q, want %q", f, d, got, want)
			}
		}
	}
}

// Calls to a pinned file go through the same doors.
func TestPinnedFilesAreCounted(t *testing.T) {
	m := newModel("")
	if err := m.put("x", nil); err != nil {
		t.Fatal(err)
	}
	c := Count(m)
	f, err := c.File("x")
	if err != nil {
		t.Fatal(err)
	}
	pinned := downloadview.Pin(f, `"1"`)
	if got := c.Calls(); got != (Calls{}) {
		t.Errorf("calls after Pin = %+v, want none", got)
	}
	if _, err := readFile(t.Context(), pinned); err != nil || c.Calls().Open != 1 {
		t.Errorf("reading a pinned file: %v, calls = %+v, want one Open", err, c.Calls())
	}
	want := errors.New("shut")
	if f, err = Fail(m, Failure{Open: want}).File("x"); err != nil {
		t.Fatal(err)
	}
	if _, err := downloadview.Pin(f, `"1"`).Open(t.Context()); err != want {
		t.Errorf("Open of a pinned file fails with %v, want %v", err, want)
	}
}

// Calls to the inner files that Unwrap returns are counted, too.
func TestNoWayAroundTheDoors(t *testing.T) {
	m := newModel("")
	if err := m.put("x", nil); err != nil {
		t.Fatal(err)
	}
	c := Count(m)
	f, err := c.File("x")
	if err != nil {
		t.Fatal(err)
	}
	for f != nil {
		c.Reset()
		if _, err := readFile(t.Context(), f); err != nil {
			t.Fatal(err)
		}
		if got := c.Calls(); got.Open != 1 {
			t.Errorf("after Open of the inner %T calls = %+v, want one Open", f, got)
		}
		u, _ := f.(interface{ Unwrap() downloadview.File })
		if f = nil; u != nil {
			f = u.Unwrap()
		}
	}
}

func TestHandlesStayTheSystemsOwn(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x"), []byte("content"), 0o644); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	s := disk.New(root, nil)
	for _, s := range []downloadview.Storage{Count(s), Fail(s, Failure{})} {
		f, err := s.File("x")
		if err != nil {
			t.Fatal(err)
		}
		h, err := f.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		if _, ok := h.(*os.File); !ok {
			t.Errorf("handle of %T is a %T, want the storage's own *os.File", s, h)
		}
	}
}
