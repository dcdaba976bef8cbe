package nginx_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/middleware"
	"github.com/downloadview/downloadview/storage/disk"
)

func gateKeys(t testing.TB) *middleware.Keys {
	t.Helper()
	keys, err := middleware.ParseKeys("keys", []byte("k1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// describing returns the fields by which an answer describes its file.
func describing(h http.Header) map[string]string {
	fields := map[string]string{}
	for _, name := range []string{
		"Content-Type", "Content-Disposition", "Content-Security-Policy", "Cache-Control", "Referrer-Policy",
		"X-Content-Type-Options", "Content-Length", "Content-Range",
	} {
		if values := h.Values(name); len(values) > 0 {
			fields[name] = strings.Join(values, "; ")
		}
	}
	return fields
}

// What nginx sends with a link has the type, the name and the policies that package
// downloadview gives it.
func TestScriptDescribesFilesAsTheLibrary(t *testing.T) {
	keys := gateKeys(t)
	dir := t.TempDir()
	for _, name := range []string{"7", "page.html", "q1.pdf", "a.tar.gz", "Müll.SVG", "script.js", "a.gmap", "x.tar.gmap", "a?b#c%.txt", "b\xff\"%.pdf", "a.h\ttml", "line feed.pdf\n", "two\nlines.txt"} {
		proxytest.Write(t, dir, name, "0123456789")
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	types := downloadview.Types{"gmap": "application/x-map", "tar.gmap": "text/x-map", "svg": "image/svg+xml"}
	paths := []site.SignedPath{
		{Path: "/", Directory: dir},
		{Path: "/shown/", Directory: dir, Inline: true},
		{Path: "/kept/", Directory: dir, CacheControl: "Public, max-age=600 , immutable, s-maxage=7"},
		{Path: "/long/", Directory: dir, CacheControl: "max-age=999999999"},
		{Path: "/never/", Directory: dir, CacheControl: "no-store", Inline: true},
		{Path: "/open/", Directory: dir, CacheControl: "public"},
		{Path: "/quoted/", Directory: dir, CacheControl: `private="Set-Cookie", max-age=600`},
	}
	g := startGate(t, keys, site.Links{Verify: "njs", Paths: paths, Types: types, Others: []string{"/application/"}})
	links := middleware.NewLinks(keys, nil)
	handlers := map[string]http.Handler{}
	for _, p := range paths {
		resp := downloadview.Response{CacheControl: p.CacheControl, Types: types}
		if p.Inline {
			resp.Disposition = downloadview.InlineActive
		}
		handlers[p.Path] = downloadview.NewHandler(links.View(downloadview.StorageView{
			Storage: disk.New(root, nil), Key: downloadview.PathKey(p.Path), Response: resp,
		}), nil)
	}
	check := func(t *testing.T, path, file, field string, grant middleware.Grant) {
		t.Helper()
		grant.Expires = time.Now().Add(time.Hour)
		link, err := links.Sign(path+file, grant)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("GET", link, nil)
		if name, value, ok := strings.Cut(field, ": "); ok {
			r.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		handlers[path].ServeHTTP(w, r)
		want := w.Result()
		if field != "" {
			field += "\r\n"
		}
		got, _ := g.raw(t, fmt.Sprintf("GET %s HTTP/1.1\r\nHost: x\r\nX-Now: %d\r\n%sConnection: close\r\n\r\n", link, time.Now().Unix(), field))
		if got.StatusCode != want.StatusCode {
			t.Errorf("%s, want %s", got.Status, want.Status)
		}
		// The rest of the hour is measured twice.
		rest := regexp.MustCompile(`max-age=3(600|59[0-9])`)
		same := cmp.Comparer(func(a, b string) bool { return rest.ReplaceAllString(a, "") == rest.ReplaceAllString(b, "") })
		if diff := cmp.Diff(describing(want.Header), describing(got.Header), same); diff != "" {
			t.Errorf("%s (-library +nginx):\n%s", link, diff)
		}
	}
	names := []string{
		"", "Q1.pdf", "Q1 ä.pdf", `a"b%c.txt`, `x/y\z.html`, "日本 €.svg", "a'b(c)*!#$&+-.^_`|~@=;,.js", "..", ".", "\u202egpj.exe", "e\u0301.txt", "noext",
		".pdf", "A.PDF", "a.tar.gz", "a.wasm", "emoji 😀.png", "a.b.tar.Gmap", "tab\u0085.csv", "\u2028", strings.Repeat("é", 120) + ".pdf", " ", "a.", "a.h\u202etml", "constructor.toString",
		"=?utf-8?B?ZXZpbC5leGU=?=.pdf", "é=?utf-8?Q?=2E=2E=2Fa.exe?=", "a==?.txt", "?=?",
	}
	random := rand.New(rand.NewPCG(2026, 1))
	letters := []rune("ab.%?/\\\"'()*;=&+-_~ ü€😀\u0301\u202e\u2028\u0085\u061c\u00a0\ufffd日本")
	for range 300 {
		var name strings.Builder
		for range 1 + random.IntN(12) {
			name.WriteRune(letters[random.IntN(len(letters))])
		}
		check(t, "/", "7", "", middleware.Grant{Name: name.String(), Disposition: "inline"})
		file := strings.NewReplacer("/", "", `\`, "").Replace(name.String()) + ".pdf"
		if file[0] == '.' { // hidden
			continue
		}
		proxytest.Write(t, dir, file, "0123456789")
		path := (&url.URL{Path: "/" + file}).EscapedPath()[1:]
		check(t, "/", strings.ReplaceAll(path, ";", "%3B"), "", middleware.Grant{})
	}
	for _, p := range paths {
		for _, disposition := range []string{"", "attachment", "inline"} {
			t.Run(p.Path+" "+disposition, func(t *testing.T) {
				for _, name := range names {
					check(t, p.Path, "7", "", middleware.Grant{Name: name, Disposition: disposition})
				}
				for _, file := range []string{"page.html", "q1.pdf", "a.tar.gz", "M%C3%BCll.SVG", "script.js", "a.gmap", "x.tar.gmap", "a%3Fb%23c%25.txt", "b%FF%22%25.pdf", "a.h%09tml", "line%20feed.pdf%0A", "two%0Alines.txt"} {
					check(t, p.Path, file, "", middleware.Grant{Disposition: disposition})
				}
				check(t, p.Path, "q1.pdf", "Range: bytes=2-4", middleware.Grant{Disposition: disposition, Name: "x.html"})
			})
		}
	}
	for _, path := range []string{"/", "/shown/"} {
		link, err := links.Sign(path+"page.html", middleware.Grant{Expires: time.Now().Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		ask := func(method, field string) *http.Response {
			resp, body := g.raw(t, fmt.Sprintf("%s %s HTTP/1.1\r\nHost: x\r\nX-Now: %d\r\n%sConnection: close\r\n\r\n", method, link, time.Now().Unix(), field))
			if resp.StatusCode != 200 && strings.Contains(body, "0123") {
				t.Errorf("%s with %s: %q", method, field, body)
			}
			return resp
		}
		tag := ask("HEAD", "").Header.Get("Etag")
		if tag == "" {
			t.Error("no entity tag")
		}
		sandbox := map[string]string{"/": "", "/shown/": "sandbox"}[path]
		resp := ask("GET", "If-None-Match: "+tag+"\r\n")
		if resp.StatusCode != 304 || resp.Header.Get("Cache-Control") != "private, no-cache" || resp.Header.Get("Content-Disposition") != "" || resp.Header.Get("Content-Security-Policy") != sandbox {
			t.Errorf("%s %v, want 304", resp.Status, resp.Header)
		}
		resp = ask("GET", "Range: bytes=10-\r\n")
		if resp.StatusCode != 416 || resp.Header.Get("Cache-Control") != "no-store" || resp.Header.Get("Content-Disposition") != "" {
			t.Errorf("%s %v, want 416", resp.Status, resp.Header)
		}
	}
	missing, err := links.Sign("/missing.pdf", middleware.Grant{Expires: time.Now().Add(time.Hour), Name: "a.pdf"})
	if err != nil {
		t.Fatal(err)
	}
	resp, _ := g.raw(t, fmt.Sprintf("GET %s HTTP/1.1\r\nHost: x\r\nX-Now: %d\r\nConnection: close\r\n\r\n", missing, time.Now().Unix()))
	if resp.StatusCode != 404 || resp.Header.Get("Cache-Control") != "no-store" || resp.Header.Get("Content-Disposition") != "" {
		t.Errorf("missing: %s %v, want a bare 404", resp.Status, resp.Header)
	}
	if log := g.Process.Log(); log != "" {
		t.Errorf("nginx said %s", filepath.Base(log))
	}
}
