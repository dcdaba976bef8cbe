package downloadview

import (
	"testing"
)

type hidden struct{ localFile }

func (hidden) Source() (Source, bool) { return Source{}, false }

func (h hidden) Unwrap() File { return h.localFile }

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
