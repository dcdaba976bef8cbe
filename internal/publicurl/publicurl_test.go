package publicurl

import (
	"errors"
	"net/url"
	"strings"
	"testing"
)

func TestOf(t *testing.T) {
	for _, tt := range []struct{ base, key, want string }{
		{"https://cdn.example.com", "a", "https://cdn.example.com/a"},
		{"https://cdn.example.com/", "a/b", "https://cdn.example.com/a/b"},
		{"https://cdn.example.com/media", "a b", "https://cdn.example.com/media/a%20b"},
		{"https://cdn.example.com/media/?x=1#y", "a", "https://cdn.example.com/media/a"},
		{"https://cdn.example.com/a%2Fb/", "c", "https://cdn.example.com/a%2Fb/c"},
		{"https://cdn.example.com/ä/", "ö", "https://cdn.example.com/%C3%A4/%C3%B6"},
		{"/media/", "a/b.txt", "/media/a/b.txt"},
		{"/", "a", "/a"},
		{"/", "http:x", "/http:x"},
		{"", "a", "/a"},
		{"/", "a%2Fb?c#d", "/a%252Fb%3Fc%23d"},
		{"/", "*", "/*"},
		{"https://bucket.s3.amazonaws.com", "c++ notes.txt", "https://bucket.s3.amazonaws.com/c%2B%2B%20notes.txt"},
		{"https://cdn.example.com/a+b%2Fc/", "+", "https://cdn.example.com/a+b%2Fc/%2B"},
		{"/", "\xff\n\"<", "/%FF%0A%22%3C"},
	} {
		base, err := url.Parse(tt.base)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Of(base, tt.key)
		if got != tt.want || err != nil {
			t.Errorf("Of(%q, %q) = %q, %v, want %q", tt.base, tt.key, got, err, tt.want)
		}
		if u, err := url.Parse(got); err != nil || !strings.HasSuffix(u.Path, "/"+tt.key) {
			t.Errorf("Of(%q, %q) = %q, which is not read as the key", tt.base, tt.key, got)
		}
		if base.String() != tt.base && !strings.Contains(tt.base, "ä") {
			t.Errorf("the base became %q", base)
		}
	}
	for _, key := range []string{"a//b", "/a", "a/../b", "..", "./a", "a/"} {
		if got, err := Of(&url.URL{Path: "/"}, key); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("Of(%q) = %q, %v, want errors.ErrUnsupported", key, got, err)
		}
	}
	if got, err := Of(nil, "a"); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("without a base: %q, %v, want errors.ErrUnsupported", got, err)
	}
}
