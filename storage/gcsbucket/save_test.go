package gcsbucket_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/internal/gcstest"
	"github.com/downloadview/downloadview/storage/gcsbucket"
)

// operations returns the requested operations since the last Reset.
func operations(srv *gcstest.Server) (names []string) {
	for _, r := range srv.Counter.Requests() {
		names = append(names, r.Operation)
	}
	return names
}

func TestSaveSizes(t *testing.T) {
	srv := gcstest.Start(t)
	s := gcsbucket.New(srv.Client, srv.Bucket, &gcsbucket.Options{Prefix: "in/"})
	// An upload of more than a chunk begins with a request that announces it.
	for size, requests := range map[int]int{0: 1, 1: 1, 8<<20 - 1: 1, 8<<20 + 1: 3, 20 << 20: 4} {
		srv.Counter.Reset()
		object := buckettest.Numbered(size, size)
		if err := s.Save(t.Context(), "a.csv", struct{ io.Reader }{bytes.NewReader(object)}); err != nil {
			t.Errorf("Save of %d bytes: %v", size, err)
			continue
		}
		if got, want := operations(srv), slices.Repeat([]string{"InsertObject"}, requests); !slices.Equal(got, want) {
			t.Errorf("%d bytes are %q, want %q", size, got, want)
		}
		h, err := file(t, s, "a.csv").Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if a := attributes(t, h.Stat); a.ContentType != "text/csv; charset=utf-8" || a.Size != int64(size) {
			t.Errorf("%d bytes are stored as %+v, want them as text/csv", size, a)
		}
		if got := content(t, h); got != string(object) {
			t.Errorf("%d bytes are stored, or other ones; want %d", len(got), size)
		}
	}
	if got, want := buckettest.Names(t, gcsbucket.New(srv.Client, srv.Bucket, nil), ""), []string{"in/"}; !slices.Equal(got, want) {
		t.Errorf("the bucket has %q, want %q: the prefix", got, want)
	}
}

// Whatever makes an upload fail, the object doesn't change.
func TestSaveFails(t *testing.T) {
	srv := gcstest.Start(t)
	s := gcsbucket.New(srv.Client, srv.Bucket, nil)
	srv.Put(t, "a", []byte("old"))
	broken := errors.New("broken")
	for name, long := range map[string]string{"short": "short", "long": strings.Repeat("long", 3<<20)} {
		ctx, cancel := context.WithCancel(t.Context())
		for how, save := range map[string]func() error{
			"reader": func() error {
				return s.Save(t.Context(), "a", io.MultiReader(strings.NewReader(long), iotest.ErrReader(broken)))
			},
			"panic": func() (err error) {
				defer func() { err = recover().(error) }()
				return s.Save(t.Context(), "a", io.MultiReader(strings.NewReader(long), reading(func() error { panic(broken) })))
			},
			"context": func() error {
				err := s.Save(ctx, "a", io.MultiReader(strings.NewReader(long), reading(func() error { cancel(); return io.EOF })))
				if errors.Is(err, context.Canceled) && !errors.Is(err, downloadview.ErrUpstream) {
					return broken
				}
				return err
			},
		} {
			if err := save(); !errors.Is(err, broken) {
				t.Errorf("%s, %s: %v, want it to be told", name, how, err)
			}
			h, err := file(t, s, "a").Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got := content(t, h); got != "old" {
				t.Errorf("%s, %s: the object has %d bytes, want the old ones", name, how, len(got))
			}
		}
	}
}

// reading is a reader that calls a function.
type reading func() error

func (r reading) Read([]byte) (int, error) { return 0, r() }

func TestStoreRefuses(t *testing.T) {
	s := fake(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		refuse(w, http.StatusForbidden, "forbidden")
	})
	for name, long := range map[string]string{"short": "short", "long": strings.Repeat("long", 3<<20)} {
		if err := s.Save(t.Context(), "a", strings.NewReader(long)); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("Save, %s: %v, want fs.ErrPermission", name, err)
		}
	}
	if err := s.Delete(t.Context(), "a"); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("Delete: %v, want fs.ErrPermission", err)
	}
	if err := s.Save(t.Context(), "a\nb", strings.NewReader("")); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("Save under no key: %v, want fs.ErrInvalid", err)
	}
}

func TestDelete(t *testing.T) {
	srv := gcstest.Start(t)
	srv.Put(t, "in/a", []byte("x"))
	srv.Put(t, "a", []byte("x"))
	s := gcsbucket.New(srv.Client, srv.Bucket, &gcsbucket.Options{Prefix: "in/"})
	srv.Counter.Reset()
	if err := s.Delete(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if got, want := operations(srv), []string{"DeleteObject"}; !slices.Equal(got, want) {
		t.Errorf("asked %q, want %q", got, want)
	}
	for key, want := range map[string]error{"a": fs.ErrNotExist, "../a": fs.ErrInvalid} {
		if err := s.Delete(t.Context(), key); !errors.Is(err, want) {
			t.Errorf("Delete(%q): %v, want %v", key, err, want)
		}
	}
	if got, want := buckettest.Names(t, gcsbucket.New(srv.Client, srv.Bucket, nil), ""), []string{"a"}; !slices.Equal(got, want) {
		t.Errorf("the bucket has %q, want %q, which is not below the prefix", got, want)
	}
}
