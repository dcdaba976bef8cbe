package nginx_test

import (
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/proxies/nginx"
	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/internal/testserver"
)

// described has the fields that an application sends for a file, with a value for each
// field that the proxy must restore.
func described(location string) http.Header {
	h := http.Header{"X-Accel-Redirect": {location}, "Content-Type": {"text/x-own; charset=utf-8"}}
	for _, name := range nginx.PrivateFields() {
		h.Set(nginx.PrivatePrefix+name, "private "+name)
	}
	for _, name := range nginx.DroppedFields() {
		h.Set(name, "dropped "+name)
	}
	return h
}

// wantFields checks that each field of described arrived once.
func wantFields(t *testing.T, what string, resp *http.Response) {
	t.Helper()
	for _, name := range nginx.PrivateFields() {
		if diff := cmp.Diff([]string{"private " + name}, resp.Header.Values(name)); diff != "" {
			t.Errorf("%s: %s (-want +got):\n%s", what, name, diff)
		}
	}
	for _, name := range nginx.DroppedFields() {
		if diff := cmp.Diff([]string{"dropped " + name}, resp.Header.Values(name)); diff != "" {
			t.Errorf("%s: %s (-want +got):\n%s", what, name, diff)
		}
	}
}

// wantClean checks that an error page has no fields of a download.
func wantClean(t *testing.T, what string, resp *http.Response) {
	t.Helper()
	for _, name := range append(nginx.PrivateFields(), nginx.DroppedFields()...) {
		if got := resp.Header.Values(name); got != nil {
			t.Errorf("%s: %s %q, want none", what, name, got)
		}
	}
	if got, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); got != "text/html" {
		t.Errorf("%s: Content-Type %q, want that of nginx's own page", what, got)
	}
	wantNoPrivate(t, what, resp)
}

// wantNoPrivate checks that the client gets no field that is only for the proxy.
func wantNoPrivate(t *testing.T, what string, resp *http.Response) {
	t.Helper()
	for name, values := range resp.Header {
		if strings.HasPrefix(name, "X-Download-") || strings.HasPrefix(name, "X-Accel-") {
			t.Errorf("%s: the client sees %s: %q", what, name, values)
		}
	}
}

func TestNginxFields(t *testing.T) {
	dir := t.TempDir()
	proxytest.Write(t, dir, "a.txt", "0123456789")
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	written := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	if err := os.Chtimes(filepath.Join(dir, "a.txt"), written, written); err != nil {
		t.Fatal(err)
	}
	tag := fmt.Sprintf(`"%x-%x"`, written.Unix(), 10)
	proxy := proxytest.Start(t, "nginx", site.Site{
		Upstream: proxytest.Application(t, func(w http.ResponseWriter, r *http.Request) {
			proxytest.Answer(described("/_media"+r.URL.Path))(w, r)
		}),
		Rules: []site.Rule{{Rule: accel.Rule{Name: "media", Source: dir, Destination: "/_media"}}},
	}, proxytest.Options{})

	for _, tt := range []struct {
		name, target string
		header       http.Header
		status       int
		body         string
	}{
		{"whole", "/a.txt", nil, 200, "0123456789"},
		{"range", "/a.txt", http.Header{"Range": {"bytes=2-3"}}, 206, "23"},
		{"resumed", "/a.txt", http.Header{"Range": {"bytes=8-"}, "If-Range": {tag}}, 206, "89"},
		{"changed since", "/a.txt", http.Header{"Range": {"bytes=8-"}, "If-Range": {`"other"`}}, 200, "0123456789"},
		{"not modified", "/a.txt", http.Header{"If-None-Match": {tag}}, 304, ""},
	} {
		for _, method := range []string{"GET", "HEAD"} {
			t.Run(tt.name+" "+method, func(t *testing.T) {
				resp := proxy.Do(t, method, tt.target, tt.header.Clone())
				if resp.StatusCode != tt.status || resp.Header.Get("ETag") != tag {
					t.Errorf("%s, ETag %s, want %d, %s", resp.Status, resp.Header.Get("ETag"), tt.status, tag)
				}
				body := proxytest.Body(t, resp)
				if method == "GET" && body != tt.body || method == "HEAD" && body != "" {
					t.Errorf("body %q, want %q", body, tt.body)
				}
				if tt.status != 304 {
					if resp.ContentLength != int64(len(tt.body)) {
						t.Errorf("Content-Length %d, want %d", resp.ContentLength, len(tt.body))
					}
					if got := resp.Header.Get("Content-Type"); got != "text/x-own; charset=utf-8" {
						t.Errorf("Content-Type %q, want the application's", got)
					}
				}
				wantFields(t, tt.name, resp)
				wantNoPrivate(t, tt.name, resp)
			})
		}
	}

	for _, tt := range []struct {
		name, target string
		header       http.Header
		status       int
	}{
		{"missing", "/missing.txt", nil, 404},
		{"folder", "/folder", nil, 404},
		{"folder with a slash", "/folder/", nil, 404},
		{"other tag", "/a.txt", http.Header{"If-Match": {`"other"`}}, 412},
	} {
		t.Run(tt.name, func(t *testing.T) {
			resp := proxy.Do(t, "GET", tt.target, tt.header)
			if resp.StatusCode != tt.status || resp.Header.Get("Location") != "" {
				t.Errorf("%s, Location %q, want %d", resp.Status, resp.Header.Get("Location"), tt.status)
			}
			wantClean(t, tt.name, resp)
		})
	}
	t.Run("not satisfiable", func(t *testing.T) {
		resp := proxy.Do(t, "GET", "/a.txt", http.Header{"Range": {"bytes=10-"}})
		if resp.StatusCode != 416 || resp.Header.Get("Content-Range") != "bytes */10" {
			t.Errorf("%s, Content-Range %q, want 416, bytes */10", resp.Status, resp.Header.Get("Content-Range"))
		}
		wantNoPrivate(t, "416", resp)
	})
	t.Run("from outside", func(t *testing.T) {
		for _, target := range []string{"/_media/a.txt", "//_media/a.txt", "/x/../_media/a.txt", "/%5Fmedia/a.txt"} {
			if resp := proxy.Do(t, "GET", target, nil); resp.StatusCode != 404 {
				t.Errorf("%s: %s, want 404", target, resp.Status)
			}
		}
	})
}

// If the application sends the fields under their own names, they arrive too, and once.
func TestNginxOwnNames(t *testing.T) {
	dir := t.TempDir()
	proxytest.Write(t, dir, "a.txt", "content")
	own := http.Header{
		"Cache-Control":       {"private, no-cache"},
		"Content-Disposition": {`attachment; filename="b.txt"`},
		"Expires":             {"Thu, 01 Jan 1970 00:00:00 GMT"},
	}
	fields := own.Clone()
	fields.Set("X-Accel-Redirect", "/_media/a.txt")
	proxy := proxytest.Start(t, "nginx", site.Site{
		Upstream: proxytest.Application(t, proxytest.Answer(fields)),
		Rules:    []site.Rule{{Rule: accel.Rule{Source: "file://" + dir, Destination: "/_media/"}}},
	}, proxytest.Options{})
	resp := proxy.Do(t, "GET", "/", nil)
	if resp.StatusCode != 200 {
		t.Errorf("%s, want 200", resp.Status)
	}
	for name, want := range own {
		if diff := cmp.Diff(want, resp.Header.Values(name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A streamed answer arrives complete, and so did its request.
func TestNginxPassesOn(t *testing.T) {
	var got *http.Request
	fields := described("")
	fields.Del("X-Accel-Redirect")
	fields.Set(nginx.URLField, "https://store.test/?X-Amz-Signature=secret")
	fields.Set(nginx.KeyField, "s3://bucket/key")
	fields.Set("Cache-Control", "no-store")
	fields.Set("Set-Cookie", "a=b")
	proxy := proxytest.Start(t, "nginx", site.Site{Upstream: proxytest.Application(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		proxytest.Answer(fields)(w, r)
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprint(w, "streamed")
	})}, proxytest.Options{})
	resp := proxy.Do(t, "GET", "//a%2F/../b%20c?d=%zz", http.Header{"X-Forwarded-For": {"192.0.2.1"}, "Cookie": {"a=b"}})
	if body := proxytest.Body(t, resp); resp.StatusCode != http.StatusTeapot || body != "streamed" {
		t.Errorf("%s %q, want what the application said", resp.Status, body)
	}
	if got := resp.Header.Values("Cache-Control"); len(got) != 1 || got[0] != "no-store" {
		t.Errorf("Cache-Control %q, want the application's", got)
	}
	wantNoPrivate(t, "streamed", resp)
	if got.RequestURI != "//a%2F/../b%20c?d=%zz" || got.Host != proxy.Addr || got.Proto != "HTTP/1.1" || got.Header.Get("Connection") != "" {
		t.Errorf("the application saw %s %s for %s, Connection %q", got.Proto, got.RequestURI, got.Host, got.Header.Get("Connection"))
	}
	for name, want := range map[string]string{"X-Forwarded-For": "192.0.2.1, 127.0.0.1", "X-Forwarded-Proto": "http", "Cookie": "a=b"} {
		if got := got.Header.Get(name); got != want {
			t.Errorf("the application saw %s: %q, want %q", name, got, want)
		}
	}
}

func TestNginxKeepsConnections(t *testing.T) {
	dir := t.TempDir()
	proxytest.Write(t, dir, "a.txt", "content")
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			addr, upstream := "127.0.0.1:0", ""
			if network == "unix" {
				// The folder of a test of this name is too long for some systems.
				folder, err := os.MkdirTemp("", "a b;$x")
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { os.RemoveAll(folder) })
				addr = filepath.Join(folder, "app:1.sock")
				upstream = "unix:" + addr
			}
			listener, err := net.Listen(network, addr)
			if err != nil {
				t.Fatal(err)
			}
			if upstream == "" {
				upstream = listener.Addr().String()
			}
			connections := map[net.Conn]bool{}
			app := &httptest.Server{Listener: listener, Config: &http.Server{
				Handler: proxytest.Answer(http.Header{"X-Accel-Redirect": {"/_media/a.txt"}}),
				ConnState: func(c net.Conn, state http.ConnState) {
					if state == http.StateNew {
						connections[c] = true
					}
				},
			}}
			app.Start()
			t.Cleanup(app.Close)
			proxy := proxytest.Start(t, "nginx", site.Site{
				Upstream: upstream,
				Rules:    []site.Rule{{Rule: accel.Rule{Source: dir, Destination: "/_media/"}}},
			}, proxytest.Options{})
			for range 5 {
				if body := proxytest.Body(t, proxy.Do(t, "GET", "/", nil)); body != "content" {
					t.Fatalf("body %q, want the file", body)
				}
			}
			app.Close() // no ConnState is called from here on
			if len(connections) != 1 {
				t.Errorf("%d connections for 5 requests, want 1", len(connections))
			}
			resp := proxy.Do(t, "GET", "/", nil)
			if resp.StatusCode != http.StatusBadGateway {
				t.Errorf("without the application: %s, want 502", resp.Status)
			}
			wantClean(t, "without the application", resp)
		})
	}
}

func TestNginxSymlinks(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	proxytest.Write(t, dir, "real/a.txt", "inside")
	proxytest.Write(t, outside, "a.txt", "outside")
	// Links above the directory are the operator's choice.
	entry := filepath.Join(t.TempDir(), "entry")
	for name, target := range map[string]string{
		entry:                              dir,
		filepath.Join(dir, "file.txt"):     filepath.Join(outside, "a.txt"),
		filepath.Join(dir, "folder"):       outside,
		filepath.Join(dir, "relative.txt"): "real/a.txt",
	} {
		if err := os.Symlink(target, name); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name     string
		symlinks site.Symlinks
		file     int
		folder   int
	}{{"refused", site.RefuseSymlinks, 403, 404}, {"followed", site.FollowSymlinks, 200, 200}} {
		t.Run(tt.name, func(t *testing.T) {
			proxy := proxytest.Start(t, "nginx", site.Site{
				Upstream: proxytest.Application(t, func(w http.ResponseWriter, r *http.Request) {
					proxytest.Answer(described("/_media"+r.URL.Path))(w, r)
				}),
				Rules:    []site.Rule{{Rule: accel.Rule{Source: entry, Destination: "/_media/"}}},
				Symlinks: tt.symlinks,
			}, proxytest.Options{})
			if body := proxytest.Body(t, proxy.Do(t, "GET", "/real/a.txt", nil)); body != "inside" {
				t.Errorf("a file: %q, want its content", body)
			}
			for target, want := range map[string]int{"/file.txt": tt.file, "/folder/a.txt": tt.folder, "/relative.txt": tt.file} {
				resp := proxy.Do(t, "GET", target, nil)
				if resp.StatusCode != want {
					t.Errorf("%s: %s, want %d", target, resp.Status, want)
				}
				if want != 200 {
					wantClean(t, target, resp)
				}
			}
		})
	}
}

// Whatever the name of the directory is, nginx finds its files.
func TestNginxDirectoryNames(t *testing.T) {
	testserver.Binary(t, "nginx", "DOWNLOADVIEW_NGINX") // elsewhere such names may be impossible
	top := t.TempDir()
	s := site.Site{Upstream: proxytest.Application(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Accel-Redirect", strings.TrimPrefix(r.RequestURI, "/go"))
	})}
	names := []string{
		"plain", "a b", " a", "a;b", "a{b", "a}b", "{}", `a"b`, "a'b", `a\b`, `a\`, `a\\b`, `a\nb`, `a\"b`, "a#b", "#a",
		"a%20b", "a?b", "a*b", "a~b", "~", "=", "@a", "^~", "ü", "\xff", "a,b:c|d", "a;}server{", `"; } evil { "`, "-", "…",
	}
	for i, name := range names {
		proxytest.Write(t, top, name+"/f.txt", name)
		s.Rules = append(s.Rules,
			site.Rule{Rule: accel.Rule{Name: name + " }", Source: filepath.Join(top, name), Destination: fmt.Sprintf("/_%d/", i)}})
		if !strings.ContainsAny(name, "?#") {
			s.Rules = append(s.Rules,
				site.Rule{Rule: accel.Rule{Source: "mem://x/", Destination: "/_as/" + name}, Directory: filepath.Join(top, name) + "/"})
		}
	}
	proxy := proxytest.Start(t, "nginx", s, proxytest.Options{})
	for i, name := range names {
		targets := []string{fmt.Sprintf("/_%d/f.txt", i)}
		if !strings.ContainsAny(name, "?#") {
			targets = append(targets, "/_as/"+url.PathEscape(name)+"/f.txt")
		}
		for _, target := range targets {
			if body := proxytest.Body(t, proxy.Do(t, "GET", "/go"+target, nil)); body != name {
				t.Errorf("in directory %q, by %s: %q, want its file", name, target, body)
			}
			if resp := proxy.Do(t, "GET", target, nil); resp.StatusCode != http.StatusNotFound {
				t.Errorf("%s from outside: %s, want 404", target, resp.Status)
			}
		}
	}
}

// Settings for pages elsewhere in the configuration don't affect downloads.
func TestNginxInheritsNothing(t *testing.T) {
	dir := t.TempDir()
	proxytest.Write(t, dir, "a.php", strings.Repeat("0123456789", 1000))
	s := newStore(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"store"`)
		w.Header().Set("Content-Length", "10000")
		fmt.Fprint(w, strings.Repeat("0123456789", 1000))
	})
	proxy := proxytest.Start(t, "nginx", site.Site{
		Upstream: proxytest.Application(t, func(w http.ResponseWriter, r *http.Request) {
			fields := described(strings.TrimPrefix(r.URL.Path, "/go"))
			fields.Set(nginx.URLField, s.URL)
			proxytest.Answer(fields)(w, r)
		}),
		Rules: []site.Rule{
			{Rule: accel.Rule{Source: dir, Destination: "/_media/"}},
			{Rule: accel.Rule{Source: "s3://files/", Destination: "/_s3/", Signed: &accel.Signed{}}},
		},
	}, proxytest.Options{Edit: func(conf string) string {
		const server = "gzip on; gzip_types *; gzip_http_version 1.0; expires 1h; etag off; add_header X-Page yes; location ~ ^/_.*php$ { return 418; }"
		return strings.Replace(conf, "location / {", server+" location / {", 1)
	}})
	for _, target := range []string{"/go/_media/a.php", "/go/_s3/"} {
		resp := proxy.Do(t, "GET", target, http.Header{"Accept-Encoding": {"gzip"}})
		if resp.StatusCode != 200 || resp.Header.Get("Content-Encoding") != "" || resp.ContentLength != 10_000 || resp.Header.Get("ETag") == "" {
			t.Errorf("%s: %s, %v, want the file as it is, with a tag", target, resp.Status, resp.Header)
		}
		wantFields(t, target, resp)
	}
}
