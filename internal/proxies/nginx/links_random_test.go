package nginx_test

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/middleware"
)

// nginx and package middleware agree about links with random claims, as they are and
// after random changes.
func TestScriptAgreesAtRandom(t *testing.T) {
	keys := gateKeys(t)
	g := startGate(t, keys, site.Links{Verify: "njs"})
	paths := []string{"/a.pdf", "/b/c d.txt", "/b/ü;%.html", "/b/d/~1", "/?#&.x"}
	for _, path := range paths {
		proxytest.Write(t, g.dir, path[1:], "the file "+path)
	}
	root, err := os.OpenRoot(g.dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	links := middleware.NewLinks(keys, &middleware.LinksOptions{ClientIP: func(r *http.Request) netip.Addr {
		return netip.MustParseAddr(r.Header.Get("X-Client"))
	}})
	library := httptest.NewServer(links.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, err := root.FS().(fs.ReadFileFS).ReadFile(strings.TrimPrefix(r.URL.Path, "/"))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		w.Write(f)
	})))
	t.Cleanup(library.Close)
	direct := &gate{Server: &proxytest.Server{Addr: library.Listener.Addr().String()}}

	const seed = 2026 // another one makes other requests
	random := rand.New(rand.NewPCG(seed, 1))
	one := func(of ...string) string { return of[random.IntN(len(of))] }
	clients := []string{"192.0.2.1", "192.0.2.77", "198.51.100.3", "2001:db8::1", "2001:db8:0:1::7", "::1", "fe80::1:2", "::ffff:192.0.2.1"}
	const words = `ab.~-_/%+&=?;:#!*'()$ ü€😀"<>[]{}|\^` + "`"
	text := func() string {
		var b strings.Builder
		all := []rune(words)
		for range random.IntN(6) {
			b.WriteRune(all[random.IntN(len(all))])
		}
		return b.String()
	}
	sign := func() string {
		grant := middleware.Grant{Expires: time.Now().Add(time.Hour), ThisHost: random.IntN(4) == 0}
		if random.IntN(3) == 0 {
			grant.ID = text()
			grant.Disposition = one("", "inline", "attachment")
		}
		if random.IntN(3) == 0 {
			addr := netip.MustParseAddr(one(clients[:7]...))
			grant.Network = netip.PrefixFrom(addr, random.IntN(addr.BitLen()+1))
		}
		path := paths[random.IntN(len(paths))]
		u := url.URL{Scheme: "http", Host: "example.test:8000", Path: path}
		sign := links.Sign
		if random.IntN(3) == 0 {
			sign = links.SignPrefix
			u.Path = path[:strings.LastIndexByte(path, '/')+1]
		} else if grant.Name = text(); random.IntN(2) == 0 {
			q := url.Values{}
			for range 1 + random.IntN(3) {
				q.Add("n"+text(), text())
			}
			u.RawQuery = q.Encode()
		}
		u.RawPath = strings.ReplaceAll(u.EscapedPath(), ";", "%3B")
		link, err := sign(u.String(), grant)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		link = strings.TrimPrefix(link, "http://example.test:8000")
		if strings.HasPrefix(link, "/~1.") {
			rest := url.URL{Path: path[strings.LastIndexByte(path, '/')+1:]}
			link += strings.ReplaceAll(strings.TrimPrefix(rest.EscapedPath(), "./"), ";", "%3B")
		}
		return link
	}
	change := func(link string) string {
		i := random.IntN(len(link))
		switch random.IntN(8) {
		case 0: // one character is escaped, which may mean the same
			return link[:i] + fmt.Sprintf("%%%02x", link[i]) + link[i+1:]
		case 1:
			return link[:i] + link[i+1:]
		case 2:
			return link[:i] + one("a", "/", ".", "%", "%2F", "%2e", "&", "=", "?", "+", "~", "0", "-", "é", "%00", "%ff", "#") + link[i:]
		case 3:
			return link + one("&a=b", "&n=1", "&dv=", "%", "&%", "&a;b", "#x", ".", "=")
		case 4:
			return strings.Replace(link, one("+", "%20", "%C3", "%C3%BC", "1.", "dv"), one("%20", "+", "%c3", "ü", "2.", "d%76"), 1)
		case 5: // the same
			return strings.NewReplacer("%C3%BC", "ü", "%21", "!", "%2A", "*", "+", "%20").Replace(link)
		case 6:
			j := random.IntN(len(link))
			return link[:min(i, j)] + link[max(i, j):]
		}
		return strings.Replace(link, "dv=", one("a=b&dv=", "&dv=", "dv=1&dv=", "dv"), 1)
	}
	in := 0
	for range 1500 {
		link := sign()
		for range random.IntN(3) {
			if changed := change(link); strings.HasPrefix(changed, "/") && !strings.Contains(changed, " ") {
				link = changed
			}
		}
		request := fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\nX-Now: %d\r\nX-Client: %s\r\nConnection: close\r\n\r\n",
			link, one("example.test:8000", "Example.test:8000", "other.test"), time.Now().Unix(), one(clients...))
		want, wantBody := direct.raw(t, request)
		got, gotBody := g.raw(t, request)
		if want.StatusCode == 404 && got.StatusCode == 404 {
			continue
		}
		if (want.StatusCode == 200) != (got.StatusCode == 200) || got.StatusCode == 200 && gotBody != wantBody {
			t.Errorf("seed %d: %q: nginx %s (%s) %q, middleware %s %q", seed, request, got.Status, got.Header.Get("X-Reason"), gotBody, want.Status, wantBody)
		}
		if got.StatusCode == 200 {
			in++
		}
	}
	if in < 200 {
		t.Errorf("seed %d: only %d let in", seed, in)
	}
}
