package downloadview

import (
	"io/fs"
	"reflect"
	"testing"
	"time"
)

// Values that a store keeps as a content coding, but that are none, are left out.
func TestStoredCodingsThatAreNone(t *testing.T) {
	for stored, want := range map[string]string{
		"": "", "gzip": "gzip", "br": "br", "gzip, br": "gzip, br", "x-gzip": "x-gzip",
		"aws-chunked": "", "aws-chunked,gzip": "gzip", "gzip, aws-chunked": "gzip", "AWS-Chunked , br,gzip": "br, gzip",
		"identity": "", "Identity": "", "none": "", "identity, aws-chunked": "", " ": "", ",": "", "gzip,": "gzip", "gzip, none": "gzip",
	} {
		a := Attributes{Size: 1, ContentEncoding: stored}
		if got := AttributesOf(a.FileInfo("a")).ContentEncoding; got != want {
			t.Errorf("ContentEncoding %q becomes %q, want %q", stored, got, want)
		}
		o := newObject("0123456789")
		o.ContentEncoding = stored
		s := serve(t, NewHandler(fileView(o), nil))
		for _, method := range []string{"GET", "HEAD"} {
			got := ask(t, s.URL, method)
			if _, has := got.header["Content-Encoding"]; got.header.Get("Content-Encoding") != want || has != (want != "") {
				t.Errorf("%s: stored %q is sent as %q, want %q", method, stored, got.header["Content-Encoding"], want)
			}
		}
	}
}

func TestStrongETag(t *testing.T) {
	for _, tt := range []struct {
		tag    string
		strong bool
	}{
		{`"v1"`, true},
		{`""`, true},
		{`"é"`, true},
		{"", false},
		{"v1", false},
		{`"`, false},
		{`"v1`, false},
		{`W/"v1"`, false},
		{`"a b"`, false},
		{`"a"b"`, false},
		{`"a", "b"`, false},
		{`"a" `, false},
		{"\"a\n\"", false},
	} {
		want := ""
		if tt.strong {
			want = tt.tag
		}
		if got := (Attributes{ETag: tt.tag}).StrongETag(); got != want {
			t.Errorf("StrongETag of %q = %q, want %q", tt.tag, got, want)
		}
	}
}

func TestAttributesOf(t *testing.T) {
	want := Attributes{Size: 5, ModTime: changed, ETag: `"x"`, ContentType: "a/b", ContentEncoding: "gzip", ContentLanguage: "pl", Metadata: map[string]string{"owner": "me"}}
	fi := want.FileInfo("dir/name")
	if fi.Name() != "name" || !fi.Mode().IsRegular() {
		t.Errorf("FileInfo: name %q, mode %v", fi.Name(), fi.Mode())
	}
	if got := AttributesOf(fi); !reflect.DeepEqual(got, want) {
		t.Errorf("AttributesOf(FileInfo()) = %+v, want %+v", got, want)
	}
	if got := AttributesOf(tagged{fi}); !reflect.DeepEqual(got, Attributes{Size: -1, ModTime: changed, ETag: `"t"`, ContentType: "c/d"}) {
		t.Errorf("AttributesOf with ETag and ContentType methods = %+v", got)
	}
}

type tagged struct{ fi fs.FileInfo }

func (t tagged) Name() string { return t.fi.Name() }

func (t tagged) Size() int64 { return -7 }

func (t tagged) Mode() fs.FileMode { return 0 }

func (t tagged) ModTime() time.Time { return t.fi.ModTime() }

func (t tagged) IsDir() bool { return false }

func (t tagged) Sys() any { return nil }

func (t tagged) ETag() string { return `"t"` }

func (t tagged) ContentType() string { return "c/d" }
