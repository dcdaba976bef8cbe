package identity_test

import (
	"net/url"
	"testing"

	"github.com/downloadview/downloadview/internal/identity"
)

func TestStore(t *testing.T) {
	for object, want := range map[string]string{
		"https://b.s3.eu-central-1.amazonaws.com/k?X-Amz-Signature=1": "https://b.s3.eu-central-1.amazonaws.com",
		"http://user:secret@127.0.0.1:9000/files/k?a=b#c":             "http://127.0.0.1:9000/files",
		"https://host/files/other":                                    "",
		"/files/k":                                                    "",
		"%":                                                           "",
	} {
		if got := identity.Store(object, "k"); got != want {
			t.Errorf("Store(%q) = %q, want %q", object, got, want)
		}
	}
}

// Different objects or versions never have the same name, and a name can be
// used in a header field.
func FuzzOf(f *testing.F) {
	f.Add("a", "", "a", `"v"`)
	f.Add(`a#"v"`, "", "a", `"v"`)
	f.Add("a%23", "", "a#", "")
	f.Add("a/b", "", "a%2Fb", "")
	f.Add("\x00\n ü", "x", "\xff", "y/z")
	f.Fuzz(func(t *testing.T, key, version, key2, version2 string) {
		one, other := identity.Of("https://s", key, version), identity.Of("https://s", key2, version2)
		if same := key == key2 && version == version2; (one == other) != same {
			t.Errorf("%q of %q and %q of %q are %q and %q", version, key, version2, key2, one, other)
		}
		for _, c := range []byte(one) {
			if c <= ' ' || c > '~' {
				t.Errorf("%q has %q in it", one, c)
			}
		}
		if _, err := url.Parse(one); err != nil {
			t.Error(err)
		}
	})
}

func TestOf(t *testing.T) {
	for key, want := range map[string]string{
		"2026/report-1_final.pdf": "https://s/b/2026/report-1_final.pdf",
		"a b/ü?#%":                "https://s/b/a%20b/%C3%BC%3F%23%25",
		"a//./..":                 "https://s/b/a//./..",
		"":                        "https://s/b/",
	} {
		if got := identity.Of("https://s/b", key, ""); got != want {
			t.Errorf("Of(%q) = %q, want %q", key, got, want)
		}
	}
	if got, want := identity.Of("https://s/b", "a", "v/1 2"), "https://s/b/a#v/1%202"; got != want {
		t.Errorf("Of a version = %q, want %q", got, want)
	}
}
