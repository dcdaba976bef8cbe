package downloadview

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// A localFile is opened by its path, as storage/disk does.
type localFile string

func (f localFile) Name() string { return filepath.Base(string(f)) }

func (f localFile) Open(context.Context) (fs.File, error) { return os.Open(string(f)) }

func (f localFile) Source() (Source, bool) { return Source{"file", "", string(f)}, true }

func newLocalFile(t testing.TB, name, content string) localFile {
	return localFileOf(t, name, []byte(content))
}

func localFileOf(t testing.TB, name string, content []byte) localFile {
	t.Helper()
	p := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(p, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(p, changed, changed); err != nil {
		t.Fatal(err)
	}
	return localFile(p)
}

var changed = time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)

// An object is like a file in a bucket: Stat and OpenRange are one request each, and
// its handles can't seek.
type object struct {
	name    string
	content string
	Attributes
	log     []string
	replace func(o *object) // called after each request, if not nil
	open    atomic.Int32
	noStat  error // what Stat returns, if not nil
	noRange error // what OpenRange returns, if not nil
	cut     int64 // number of bytes missing at the end of handles
	cutErr  error // what handles fail with there; nil is io.EOF
}

func newObject(content string) *object {
	return &object{name: "reports/a.bin", content: content, Attributes: Attributes{ETag: `"v1"`, ModTime: changed}}
}

func (o *object) Name() string { return o.name }

func (o *object) attributes() Attributes {
	a := o.Attributes
	if a.Size == 0 {
		a.Size = int64(len(o.content))
	}
	return a
}

func (o *object) request(what string) {
	o.log = append(o.log, what)
}

func (o *object) answered() {
	if o.replace != nil {
		o.replace(o)
	}
}

func (o *object) Stat(context.Context) (fs.FileInfo, error) {
	o.request("stat")
	defer o.answered()
	if o.noStat != nil {
		return nil, o.noStat
	}
	return o.attributes().FileInfo(o.name), nil
}

func (o *object) Open(context.Context) (fs.File, error) {
	o.request("open")
	defer o.answered()
	return o.handle(o.content), nil
}

func (o *object) OpenRange(_ context.Context, offset, length int64) (fs.File, error) {
	o.request("range")
	defer o.answered()
	if o.noRange != nil {
		return nil, o.noRange
	}
	size := int64(len(o.content))
	if offset < 0 {
		offset, length = max(size+offset, 0), -1
	}
	if offset >= size {
		return nil, ErrRange
	}
	if length < 0 || length > size-offset {
		length = size - offset
	}
	return o.handle(o.content[offset : offset+length]), nil
}

func (o *object) handle(content string) fs.File {
	o.open.Add(1)
	var r io.Reader = bytes.NewReader([]byte(content))
	if o.cut > 0 {
		r = io.LimitReader(r, int64(len(content))-o.cut)
		if o.cutErr != nil {
			r = io.MultiReader(r, failing{o.cutErr})
		}
	}
	return &objectHandle{Reader: r, object: o, info: o.attributes().FileInfo(o.name)}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

type objectHandle struct {
	io.Reader
	object *object
	info   fs.FileInfo
	closed bool
}

func (h *objectHandle) Stat() (fs.FileInfo, error) { return h.info, nil }

func (h *objectHandle) Close() error {
	if h.closed {
		return errors.New("closed twice")
	}
	h.closed = true
	h.object.open.Add(-1)
	return nil
}

// plainFile hides all methods of a File except Name and Open.
type plainFile struct{ f File }

func (p plainFile) Name() string { return p.f.Name() }

func (p plainFile) Open(ctx context.Context) (fs.File, error) { return p.f.Open(ctx) }

// renamed changes the name and nothing else.
type renamed struct {
	File
	name string
}

func (r renamed) Name() string { return r.name }

func (r renamed) Unwrap() File { return r.File }

func TestCapabilitiesFollowUnwrap(t *testing.T) {
	o := newObject("0123456789")
	for _, tt := range []struct {
		name  string
		f     File
		found bool
	}{
		{"itself", o, true},
		{"wrapped twice", renamed{renamed{o, "b"}, "c"}, true},
		{"no Unwrap", plainFile{o}, false},
		{"no Unwrap inside", renamed{plainFile{o}, "b"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, ok := Find[RangeFile](tt.f); ok != tt.found {
				t.Errorf("RangeFile found = %v, want %v", ok, tt.found)
			}
			o.log = nil
			fi, err := Stat(t.Context(), tt.f)
			if err != nil || fi.Size() != 10 {
				t.Fatalf("Stat = %v, %v; want size 10", fi, err)
			}
			want := "open"
			if tt.found {
				want = "stat"
			}
			if len(o.log) != 1 || o.log[0] != want {
				t.Errorf("requests %q, want one %q", o.log, want)
			}
			if n := o.open.Load(); n != 0 {
				t.Errorf("%d handles left open", n)
			}
		})
	}
}

// A rangesOnly file can be opened in the middle, and has no Stat.
type rangesOnly struct{ plainFile }

func (f rangesOnly) OpenRange(ctx context.Context, offset, length int64) (fs.File, error) {
	return f.f.(RangeFile).OpenRange(ctx, offset, length)
}

// Stat opens no more than the first byte of a file that has ranges.
func TestStatOfARangeFile(t *testing.T) {
	for content, want := range map[string]string{"0123456789": "range", "": "range open"} {
		o := newObject(content)
		fi, err := Stat(t.Context(), rangesOnly{plainFile{o}})
		if err != nil || fi.Size() != int64(len(content)) || o.open.Load() != 0 {
			t.Errorf("Stat of %q = %v, %v, with %d open handles", content, fi, err, o.open.Load())
		}
		if got := strings.Join(o.log, " "); got != want {
			t.Errorf("requests for %q: %q, want %q", content, got, want)
		}
	}
}
