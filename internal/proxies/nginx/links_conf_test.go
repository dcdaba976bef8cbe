package nginx_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/proxies"
	"github.com/downloadview/downloadview/internal/proxies/nginx"
	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/internal/testserver"
	"github.com/downloadview/downloadview/middleware"
)

// withLinks is a site whose nginx verifies links, with its script in folder.
func withLinks(t *testing.T, folder, verify string) site.Site {
	t.Helper()
	s := full(folder)
	s.Links = &site.Links{
		Verify: verify,
		Keys:   []site.LinkKey{{ID: "k", Secret: make([]byte, 32)}},
		Paths: []site.SignedPath{
			{Path: "/", Directory: "/srv/media/", LimitRate: 1000},
			{Path: "/films/", Directory: "/srv/films", Hidden: true},
		},
		Others: []string{"/films/new/", "/reports/"},
	}
	if verify == "njs" {
		if _, err := os.Stat(module); err != nil {
			testserver.Lacking(t, "needs %s: on Debian: apt-get install libnginx-mod-http-js", module)
		}
		s.Links.Script = filepath.Join(folder, "links.js")
		s.Links.Paths[0].Inline = true
		s.Links.Paths[0].CacheControl = "private, max-age=60"
	}
	return s
}

func script(t *testing.T, s site.Site) {
	t.Helper()
	if s.Links.Verify != "njs" {
		return
	}
	var b strings.Builder
	if err := nginx.PrintScript(&b, s); err != nil {
		t.Fatal(err)
	}
	os.MkdirAll(filepath.Dir(s.Links.Script), 0o700)
	if err := os.WriteFile(s.Links.Script, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestNginxReadsLinks(t *testing.T) {
	for _, verify := range []string{"njs", "secure_link"} {
		t.Run(verify, func(t *testing.T) {
			folder := t.TempDir()
			s := withLinks(t, folder, verify)
			script(t, s)
			judge(t, folder, print(t, s, site.Whole))
			s.Links.Others = nil // there is no application
			if conf := print(t, s, site.Whole); strings.Contains(conf, "proxy_pass") {
				t.Error("nginx asks an application that it doesn't need")
			} else {
				judge(t, folder, conf)
			}

			s.Links.Paths = s.Links.Paths[1:]
			s.Rules = s.Rules[:3]
			conf := print(t, s, site.Fragment)
			var http strings.Builder
			for line := range strings.Lines(conf) {
				if inside, ok := strings.CutPrefix(line, "#     "); ok {
					http.WriteString(inside)
				}
			}
			// Only root can write to nginx's logs.
			inside := strings.NewReplacer("/var/log/nginx/", folder+"/").Replace(conf)
			judge(t, folder, fmt.Sprintf("load_module %s;\npid nginx.pid;\nevents {}\nhttp {\naccess_log off;\n%s\nserver {\nlisten 127.0.0.1:8080;\n%s\n}\n}\n", module, http.String(), inside))
		})
	}
}

// Whatever characters a value has, either an error names it, or nginx reads it as one
// value.
func TestLinksHostileValues(t *testing.T) {
	for name, set := range map[string]func(l *site.Links, n int, v string){
		"path": func(l *site.Links, n int, v string) {
			l.Paths = append(l.Paths, site.SignedPath{Path: fmt.Sprintf("/%d%s/", n, v), Directory: "/srv/a"})
		},
		"directory": func(l *site.Links, n int, v string) {
			l.Paths = append(l.Paths, site.SignedPath{Path: fmt.Sprintf("/%d/", n), Directory: "/srv/a" + v})
		},
		"cache control": func(l *site.Links, n int, v string) {
			l.Paths = append(l.Paths, site.SignedPath{Path: fmt.Sprintf("/%d/", n), Directory: "/srv/a", CacheControl: "max-age=1" + v})
		},
		"other":  func(l *site.Links, n int, v string) { l.Others = append(l.Others, fmt.Sprintf("/%d%s/", n, v)) },
		"script": func(l *site.Links, _ int, v string) { l.Script += v },
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			together := withLinks(t, folder, "njs")
			base := withLinks(t, folder, "njs")
			set(base.Links, 0, "x")
			plain := directives(print(t, base, site.Whole))
			for n, v := range proxytest.Hostile {
				s := withLinks(t, folder, "njs")
				set(s.Links, n, v)
				var b strings.Builder
				if err := proxies.Print(&b, "nginx", s, site.Whole); err != nil {
					if quoted := fmt.Sprintf("%q", v); !strings.Contains(err.Error(), strings.Trim(quoted, `"`)) || b.Len() > 0 {
						t.Errorf("with %q: error %q, want one that names it", v, err)
					}
					continue
				}
				if got := directives(b.String()); got != plain {
					t.Errorf("with %q: %d lines, want %d", v, got, plain)
				}
				if name == "script" { // there is only one
					script(t, s)
					judge(t, folder, b.String())
					continue
				}
				set(together.Links, n, v)
			}
			script(t, together)
			judge(t, folder, print(t, together, site.Whole))
		})
	}
}

func TestLinksThatCantBePrinted(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*site.Site)
		want   string
	}{
		{"no such way", func(s *site.Site) { s.Links.Verify = "md5" }, `"md5"; want njs or secure_link`},
		{"no keys", func(s *site.Site) { s.Links.Keys = nil }, "without a key"},
		{"no paths", func(s *site.Site) { s.Links.Paths = nil }, "no path"},
		{"no script", func(s *site.Site) { s.Links.Script = "" }, `script ""`},
		{"a relative script", func(s *site.Site) { s.Links.Script = "a.js" }, `script "a.js"`},
		{"no slash", func(s *site.Site) { s.Links.Paths[0].Path = "/a" }, `path "/a"`},
		{"a path twice", func(s *site.Site) { s.Links.Others = []string{"/"} }, `path "/" is there twice`},
		{"a relative directory", func(s *site.Site) { s.Links.Paths[0].Directory = "a" }, `"a"`},
		{"an internal location", func(s *site.Site) { s.Links.Paths[0].Path = "/_media/" }, `rule "media"`},
		{"secure_link inline", func(s *site.Site) { s.Links.Verify, s.Links.Paths[0].CacheControl = "secure_link", "" }, "inline"},
		{"secure_link and Cache-Control", func(s *site.Site) { s.Links.Verify, s.Links.Paths[0].Inline = "secure_link", false }, "max-age=60"},
	} {
		s := withLinks(t, "/f", "njs")
		tt.change(&s)
		var b strings.Builder
		err := proxies.Print(&b, "nginx", s, site.Whole)
		if err == nil || !strings.Contains(err.Error(), tt.want) || b.Len() > 0 {
			t.Errorf("%s: error %v, want one with %s", tt.name, err, tt.want)
		}
	}
	s := withLinks(t, "/f", "njs")
	for _, server := range []string{"apache", "caddy", "lighttpd"} {
		s := site.Site{Listen: ":80", Upstream: "127.0.0.1:8080", Links: s.Links, Rules: []site.Rule{{Rule: accel.Rule{Source: "/srv/media", Destination: "/srv/media"}}}}
		if err := proxies.Print(new(strings.Builder), server, s, site.Whole); err == nil || !strings.Contains(err.Error(), "links") {
			t.Errorf("%s: %v, want an error that it can't verify links", server, err)
		}
	}
}

// Where nginx verifies links, it shows no folder, and follows no symbolic link, whether
// files stay open or not.
func TestLinksRefuseFoldersAndSymlinks(t *testing.T) {
	keys := gateKeys(t)
	for _, verify := range []string{"njs", "secure_link"} {
		for _, open := range []time.Duration{0, time.Minute} {
			folder := t.TempDir()
			s := withLinks(t, folder, verify)
			s.Listen, s.Rules, s.OpenFiles = "", nil, open
			s.Links.Paths = s.Links.Paths[:1]
			s.Links.Paths[0].Directory = filepath.Join(folder, "media")
			purpose := middleware.LinkPurpose
			if verify == "secure_link" {
				purpose = middleware.SecureLinkPurpose
			}
			subkeys, err := keys.Subkeys(purpose)
			if err != nil {
				t.Fatal(err)
			}
			s.Links.Keys = []site.LinkKey{site.LinkKey(subkeys[0])}
			proxytest.Write(t, folder, "media/folder/a.txt", "the file")
			proxytest.Write(t, folder, "outside/a.txt", "outside")
			for name, target := range map[string]string{"outward": "../outside", "file": "../outside/a.txt", "inward": "folder"} {
				if err := os.Symlink(target, filepath.Join(folder, "media", name)); err != nil {
					t.Fatal(err)
				}
			}
			script(t, s)
			proxy := proxytest.Start(t, "nginx", s, proxytest.Options{})
			links := middleware.NewLinks(keys, nil)
			for range 2 {
				for path, want := range map[string]int{
					"/folder/a.txt": 200, "/folder": 404, "/outward/a.txt": 404, "/inward/a.txt": 404, "/file": 403, "/none": 404,
				} {
					expires := time.Now().Add(time.Hour)
					link, err := links.Sign(path, middleware.Grant{Expires: expires})
					if verify == "secure_link" {
						link, err = links.SignSecureLink(path, expires)
					}
					if err != nil {
						t.Fatal(err)
					}
					resp := proxy.Do(t, "GET", link, nil)
					body := proxytest.Body(t, resp)
					if resp.StatusCode != want || want == 200 && body != "the file" || resp.Header.Get("Location") != "" {
						t.Errorf("%s, open for %s, %s: %s %q, Location %q, want %d", verify, open, path, resp.Status, body, resp.Header.Get("Location"), want)
					}
				}
			}
		}
	}
}

// Links to other paths than nginx's own reach the application as they are, and no log
// has a link.
func TestLinksGoTheirWay(t *testing.T) {
	keys := gateKeys(t)
	folder := t.TempDir()
	s := withLinks(t, folder, "njs")
	s.Listen = ""
	s.Rules = nil
	subkeys, err := keys.Subkeys(middleware.LinkPurpose)
	if err != nil {
		t.Fatal(err)
	}
	s.Links.Keys = []site.LinkKey{site.LinkKey(subkeys[0])}
	for i := range s.Links.Paths {
		s.Links.Paths[i].Directory = filepath.Join(folder, strconv.Itoa(i))
	}
	proxytest.Write(t, folder, "0/a.txt", "the file")
	proxytest.Write(t, folder, "0/.hidden", "hidden")
	proxytest.Write(t, folder, "0/films/a.txt", "not this one")
	proxytest.Write(t, folder, "1/a.txt", "the film")
	proxytest.Write(t, folder, "1/a.txt\n", "the film with a line feed")
	proxytest.Write(t, folder, "1/a\nb", "the film of two lines")
	proxytest.Write(t, folder, "1/.hidden", "the hidden film")
	proxytest.Write(t, folder, "1/new/a.txt", "not this one")
	if err := os.Symlink(filepath.Join(folder, "1/a.txt"), filepath.Join(folder, "0/link.txt")); err != nil {
		t.Fatal(err)
	}
	s.Upstream = proxytest.Application(t, func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("app " + r.RequestURI)) })
	script(t, s)
	log := filepath.Join(folder, "access.log")
	g := &gate{Server: proxytest.Start(t, "nginx", s, proxytest.Options{Edit: func(conf string) string {
		conf = strings.Replace(conf, "access_log off;", "", 1)
		return strings.Replace(conf, "    server {\n", "    access_log "+log+" downloadview;\n    server {\n", 1)
	}})}
	links := middleware.NewLinks(keys, nil)
	var tokens []string
	file := func(path string) string {
		link, err := links.Sign(path, middleware.Grant{Expires: time.Now().Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, link[len(link)-22:])
		return link
	}
	below := func(prefix, rest string) string {
		link, err := links.SignPrefix(prefix, middleware.Grant{Expires: time.Now().Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		token, _, _ := strings.Cut(link[2:], "/")
		tokens = append(tokens, token[len(token)-22:])
		return link + rest
	}
	secure := func(path string) string { // with its ? escaped
		link, err := links.SignSecureLink(path, time.Now().Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, link[len(link)-22:])
		return strings.Replace(link, "?", "%3F", 1)
	}
	for _, tt := range []struct {
		link string
		want string // body, or status
	}{
		{file("/a.txt"), "the file"},
		{file("/films/a.txt"), "the film"},
		{below("/", "a.txt"), "the file"},
		{below("/", "films/a.txt"), "the film"},
		{below("/films/", "a.txt"), "the film"},
		{below("/films/", "a.txt%0A"), "the film with a line feed"},
		{below("/films/", "a%0Ab"), "the film of two lines"},
		{file("/.hidden"), "404"},
		{file("/films/.hidden"), "the hidden film"},
		{file("/missing"), "404"},
		{below("/films/", "missing"), "404"},
		{file("/link.txt"), "403"},
		{strings.Replace(file("/a.txt"), "a.txt", "b.txt", 1), "403"},
		{file("/films/new/a.txt"), "app"},
		{below("/films/", "new/a%20b?c=d"), "app"},
		{below("/films/", "new/a%0Ab"), "app"},
		{"/x" + below("/films/", "a.txt"), "403"},
		{strings.TrimSuffix(below("/reports/", ""), "/") + below("/films/", "a.txt"), "app"},
		{strings.Replace(file("/films/a.txt"), "?dv=", "%3Fdv%3D", 1), "403"},
		{secure("/a.txt"), "403"},
		{secure("/films/new/a.txt"), "app"},
		{below("/", "reports/%2e%2F//a"), "app"},
		{below("/", "reports"), "404"},
	} {
		resp, body := g.raw(t, "GET "+tt.link+" HTTP/1.1\r\nHost: x\r\nReferer: http://x"+tt.link+"\r\nConnection: close\r\n\r\n")
		want := tt.want
		if want == "app" {
			want = "app " + tt.link
		}
		if status := strconv.Itoa(resp.StatusCode); status != want && body != want {
			t.Errorf("%s: %s %q, want %q", tt.link, status, body, want)
		}
	}
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	said := g.Process.Log()
	for _, token := range tokens {
		if strings.Contains(string(text), token) || strings.Contains(said, token) {
			t.Errorf("a log has %s:\n%s%s", token, text, said)
		}
	}
	for _, want := range []string{`"GET /films/a.txt HTTP/1.1" 200 8 "-" ""`, `"GET /b.txt HTTP/1.1" 403 `, `"altered"`, `"GET /~/films/new/a b HTTP/1.1" 200`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the log has no %s:\n%s", want, text)
		}
	}
}

// What is hidden is decided by the names below a mount, as by serve: not by the path of the
// mount itself, and not for the doctor.
func TestLinksToHiddenNames(t *testing.T) {
	keys := gateKeys(t)
	links := middleware.NewLinks(keys, nil)
	names := map[string]int{
		"a.txt":                        200,
		"sub/a.txt":                    200,
		".env":                         404,
		"sub/.env":                     404,
		"sub\n/.env":                   404,
		"sub/.git/config":              404,
		".downloadview-doctor-x/a.txt": 200,
		"sub/.downloadview-doctor-x/a": 404,
		"downloadview-doctor-/.env":    404,
		"a./b":                         200,
	}
	for _, verify := range []string{"njs", "secure_link"} {
		for _, path := range []site.SignedPath{{Path: "/"}, {Path: "/.well/"}, {Path: "/a.b/{c}/"}, {Path: "/.well/.sub/", Mount: "/.well/"}} {
			path.Directory = t.TempDir()
			g := startGate(t, keys, site.Links{Verify: verify, Paths: []site.SignedPath{path}})
			for name, want := range names {
				if path.Mount != "" {
					want = 404
				}
				proxytest.Write(t, path.Directory, name, "the file")
				asked := (&url.URL{Path: path.Path + name}).EscapedPath()
				link, err := links.Sign(asked, middleware.Grant{Expires: time.Now().Add(time.Hour)})
				if verify == "secure_link" {
					link, err = links.SignSecureLink(asked, time.Now().Add(time.Hour))
				}
				if err != nil {
					t.Fatal(err)
				}
				resp, body := g.raw(t, fmt.Sprintf("GET %s HTTP/1.1\r\nHost: x\r\nX-Now: %d\r\nConnection: close\r\n\r\n", link, time.Now().Unix()))
				if resp.StatusCode != want || want == 200 && body != "the file" {
					t.Errorf("%s: %q below %q: %s %q, want %d", verify, name, path.Path, resp.Status, body, want)
				}
			}
		}
	}
}

// Mounts that go to the application beside links have all that they have without: a
// store's error is not the client's, a body arrives, and so do ranges.
func TestOthersBesideLinks(t *testing.T) {
	s := newStore(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/secret" {
			w.WriteHeader(http.StatusForbidden)
			w.Write([]byte("the store's own error"))
			return
		}
		http.ServeContent(w, r, "a", time.Time{}, strings.NewReader("0123456789"))
	})
	folder := t.TempDir()
	conf := withLinks(t, folder, "njs")
	conf.Listen = ""
	conf.Rules = []site.Rule{{Rule: accel.Rule{Name: "store", Source: "s3://files/", Destination: "/_s3", Signed: &accel.Signed{}}}}
	handOver := signed(func(r *http.Request) (string, string) {
		return s.URL + strings.TrimPrefix(r.URL.Path, "/reports"), "key"
	})
	conf.Upstream = proxytest.Application(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			body, _ := io.ReadAll(r.Body)
			fmt.Fprintf(w, "%s %s %s", r.Method, r.RequestURI, body)
			return
		}
		_, r.URL.Path, _ = strings.Cut(r.URL.Path, "/reports")
		r.URL.Path = "/reports" + r.URL.Path
		handOver(w, r)
	})
	script(t, conf)
	proxy := &gate{Server: proxytest.Start(t, "nginx", conf, proxytest.Options{})}
	for _, prefix := range []string{"", "/~1.k.1.-.x"} {
		for _, tt := range []struct {
			request, body string
			status        int
		}{
			{"GET PREFIX/reports/a HTTP/1.1", "0123456789", 200},
			{"GET PREFIX/reports/a HTTP/1.1\r\nRange: bytes=2-3", "23", 206},
			{"GET PREFIX/reports/secret HTTP/1.1", "", 404},
			{"POST PREFIX/reports/%2e%2F/a?b=c HTTP/1.1\r\nContent-Length: 4", "POST PREFIX/reports/%2e%2F/a?b=c body", 200},
		} {
			request := strings.ReplaceAll(tt.request, "PREFIX", prefix) + "\r\nHost: x\r\nConnection: close\r\n\r\n"
			if strings.HasPrefix(request, "POST") {
				request += "body"
			}
			resp, body := proxy.raw(t, request)
			want := strings.ReplaceAll(tt.body, "PREFIX", prefix)
			if resp.StatusCode != tt.status || tt.status < 400 && body != want || strings.Contains(body, "store") {
				t.Errorf("%s: %s %q, want %d %q", request, resp.Status, body, tt.status, want)
			}
		}
	}
}
