package downloadview

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

// A localFile is opened by its path, as storage/disk does.
type localFile string

func (f localFile) Name() string                          { return filepath.Base(string(f)) }
func (f localFile) Open(context.Context) (fs.File, error) { return os.Open(string(f)) }
func (f localFile) Source() (Source, bool)                { return Source{"file", "", string(f)}, true }

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

// An object is a file as a bucket has it: metadata and ranges for one request
// each, handles that can't seek. The next fault is taken from faults.
type object struct {
	name    string
	content string
	Attributes
	log     []string
	replace func(o *object) // called after each request, if not nil
	open    atomic.Int32
	noStat  error // what Stat returns, if not nil
	noRange error // what OpenRange returns, if not nil
	cut     int64 // how many bytes handles withhold, failing with io.ErrUnexpectedEOF if cutErr is nil
	cutErr  error
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

// plainFile hides every capability of a File but opening it.
type plainFile struct{ f File }

func (p plainFile) Name() string                              { return p.f.Name() }
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

type hidden struct{ localFile }

func (hidden) Source() (Source, bool) { return Source{}, false }
func (h hidden) Unwrap() File         { return h.localFile }

func TestSourceOf(t *testing.T) {
	f := localFile("/srv/a b")
	if src, ok := SourceOf(renamed{f, "x"}); !ok || src != (Source{"file", "", "/srv/a b"}) {
		t.Errorf("SourceOf = %v, %v", src, ok)
	}
	if src, ok := SourceOf(hidden{f}); ok {
		t.Errorf("SourceOf a file that hides its place = %v, true", src)
	}
	if src, ok := SourceOf(plainFile{f}); ok {
		t.Errorf("SourceOf a wrapper without Unwrap = %v, true", src)
	}
}

func TestSourceString(t *testing.T) {
	for _, tt := range []struct {
		src  Source
		want string
	}{
		{Source{"file", "", "/srv/a b"}, "/srv/a b"},
		{Source{"s3", "b", "a//b"}, "s3://b/a//b"},
		{Source{"s3", "b", "/a"}, "s3://b//a"},
		{Source{"https", "h.test", "x/y"}, "https://h.test/x/y"},
	} {
		if got := tt.src.String(); got != tt.want {
			t.Errorf("%#v.String() = %q, want %q", tt.src, got, tt.want)
		}
	}
}

func TestOpenRange(t *testing.T) {
	local := newLocalFile(t, "a", "0123456789")
	for _, f := range []File{local, newObject("0123456789")} {
		for _, tt := range []struct {
			offset, length int64
			want           string
			err            error
		}{
			{0, -1, "0123456789", nil},
			{3, 4, "3456", nil},
			{8, 10, "89", nil},
			{-3, -1, "789", nil},
			{-30, 5, "0123456789", nil},
			{10, 1, "", ErrRange},
			{11, -1, "", ErrRange},
		} {
			h, err := OpenRange(t.Context(), f, tt.offset, tt.length)
			if !errors.Is(err, tt.err) {
				t.Errorf("%T: OpenRange(%d, %d): %v, want %v", f, tt.offset, tt.length, err, tt.err)
			}
			if err != nil {
				continue
			}
			got, err := io.ReadAll(h)
			fi, _ := h.Stat()
			if string(got) != tt.want || err != nil || fi.Size() != 10 {
				t.Errorf("%T: OpenRange(%d, %d) = %q of %d, %v; want %q of 10", f, tt.offset, tt.length, got, fi.Size(), err, tt.want)
			}
			h.Close()
		}
	}
	if _, err := OpenRange(t.Context(), plainFile{newObject("x")}, 0, 1); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("OpenRange of a stream: %v, want ErrUnsupported", err)
	}
}

func TestAttributesOf(t *testing.T) {
	want := Attributes{Size: 5, ModTime: changed, ETag: `"x"`, ContentType: "a/b", ContentEncoding: "gzip", ContentLanguage: "pl"}
	fi := want.FileInfo("dir/name")
	if fi.Name() != "name" || !fi.Mode().IsRegular() {
		t.Errorf("FileInfo: name %q, mode %v", fi.Name(), fi.Mode())
	}
	if got := AttributesOf(fi); got != want {
		t.Errorf("AttributesOf(FileInfo()) = %+v, want %+v", got, want)
	}
	if got := AttributesOf(tagged{fi}); got != (Attributes{Size: -1, ModTime: changed, ETag: `"t"`, ContentType: "c/d"}) {
		t.Errorf("AttributesOf with ETag and ContentType methods = %+v", got)
	}
}

type tagged struct{ fi fs.FileInfo }

func (t tagged) Name() string        { return t.fi.Name() }
func (t tagged) Size() int64         { return -7 }
func (t tagged) Mode() fs.FileMode   { return 0 }
func (t tagged) ModTime() time.Time  { return t.fi.ModTime() }
func (t tagged) IsDir() bool         { return false }
func (t tagged) Sys() any            { return nil }
func (t tagged) ETag() string        { return `"t"` }
func (t tagged) ContentType() string { return "c/d" }
