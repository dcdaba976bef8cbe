package command

import (
	"net/http/httptest"
	"net/url"
	"path"
	"strings"
	"testing"
)

func TestCleanPath(t *testing.T) {
	for in, want := range map[string]string{
		"/": "/", "/a": "/a", "/a/": "/a/", "/a/b": "/a/b", "/...": "/...", "/.a": "/.a", "/a.": "/a.", "/a/..b/c": "/a/..b/c",
		"//": "/", "/./": "/", "/.": "/", "//a": "/a", "/./a": "/a", "/.//./a//b/.": "/a/b/", "/a/./": "/a/", "/a//": "/a/",
		"": "", "a//b": "", "*": "", "/..": "", "/../a": "", "/a/../b": "", "/a/..": "", "/a/b/../": "",
	} {
		got, ok := cleanPath(in)
		if want == "" && (ok || got != in) || want != "" && (!ok || got != want) {
			t.Errorf("cleanPath(%q) = %q, %v, want %q", in, got, ok, want)
		}
	}
}

// The result of cleanPath is clean. It is that of package path, apart from the slash at
// the end. A client that is redirected to it requests exactly that path.
func FuzzCleanPath(f *testing.F) {
	for _, s := range []string{"/", "//", "/./Packages", "//a%b//", "/a/.", "/é?/./#", "///.", "//other.example/a", "/a:b/.//c:d/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, p string) {
		clean, ok := cleanPath(p)
		if !ok {
			if strings.HasPrefix(p, "/") && !strings.Contains(p+"/", "/../") || clean != p {
				t.Errorf("cleanPath(%q) = %q, false", p, clean)
			}
			return
		}
		if again, ok := cleanPath(clean); !ok || again != clean || !isClean(clean) {
			t.Errorf("cleanPath(%q) = %q, which becomes %q, %v", p, clean, again, ok)
		}
		if got, want := strings.TrimSuffix(clean, "/"), strings.TrimSuffix(path.Clean(p), "/"); got != want {
			t.Errorf("cleanPath(%q) = %q, want %q", p, got, want)
		}
		asked := &url.URL{Scheme: "http", Host: "here.example", Path: p}
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.Path = p
		w := httptest.NewRecorder()
		redirectToClean(w, r, clean)
		to, err := asked.Parse(w.Header().Get("Location"))
		if err != nil || to.Host != asked.Host || to.Scheme != asked.Scheme || to.Path != clean || to.RawQuery != "" {
			t.Errorf("from %q a client is sent by %q to %v, %v, want %q", p, w.Header().Get("Location"), to, err, clean)
		}
	})
}
