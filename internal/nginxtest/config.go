package nginxtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// configuration returns nginx's configuration files by name. They are those of
// testdata/nginx, with this test's addresses, paths and HTTP version.
func configuration(t testing.TB, o Options, addr string) map[string]string {
	t.Helper()
	if o.Upstream == "" || !filepath.IsAbs(o.Directory) {
		t.Fatalf("nginxtest: want an Upstream and an absolute Directory, got %q and %q", o.Upstream, o.Directory)
	}
	version := o.UpstreamHTTP
	switch version {
	case "":
		version = "1.1"
	case "1.0", "1.1":
	default:
		t.Fatalf("nginxtest: UpstreamHTTP is %q, want \"1.0\" or \"1.1\"", version)
	}
	return map[string]string{
		"nginx.conf": replace(t, read(t, "nginx.conf"), map[string]string{
			"127.0.0.1:8000": addr,
		}),
		"downloads.conf": replace(t, read(t, "downloads.conf"), map[string]string{
			"http://127.0.0.1:8080;":  "http://" + o.Upstream + ";",
			"alias /srv/media/;":      "alias " + quote(strings.TrimSuffix(filepath.ToSlash(o.Directory), "/")+"/") + ";",
			"proxy_http_version 1.1;": "proxy_http_version " + version + ";",
		}),
		"extra.conf": o.Extra,
	}
}

// replace replaces each old text, which must occur, once.
func replace(t testing.TB, s string, texts map[string]string) string {
	t.Helper()
	for old, text := range texts {
		if n := strings.Count(s, old); n != 1 {
			t.Fatalf("nginxtest: %q stands %d times in the configuration, want once", old, n)
		}
		s = strings.Replace(s, old, text, 1)
	}
	return s
}

// quote returns a path as one word of nginx's configuration.
func quote(path string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(path) + `"`
}

// read returns a file of testdata/nginx, which is in the module's top folder.
func read(t testing.TB, name string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		content, err := os.ReadFile(filepath.Join(dir, "testdata", "nginx", name))
		if err == nil {
			return string(content)
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatalf("nginxtest: no testdata/nginx/%s in this folder or above it", name)
		}
		dir = parent
	}
}
