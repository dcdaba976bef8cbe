package nginx_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview/internal/proxies/nginx"
	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/internal/testserver"
	"github.com/downloadview/downloadview/middleware"
)

// module is where Debian has njs.
const module = "/usr/lib/nginx/modules/ngx_http_js_module.so"

// A gate is an nginx that verifies links by itself, in front of an application that
// fails the test when it is asked.
type gate struct {
	*proxytest.Server
	dir string
}

// startGate runs nginx with links to the files of a directory at "/". Tests set the
// time, in seconds, in the field X-Now, and the client's address in X-Client. The
// answer has the reason for a refusal in X-Reason.
func startGate(t testing.TB, keys *middleware.Keys, links site.Links) *gate {
	t.Helper()
	purpose := middleware.SecureLinkPurpose
	folder := t.TempDir()
	if links.Verify == "njs" {
		if _, err := os.Stat(module); err != nil {
			testserver.Lacking(t, "needs %s: on Debian: apt-get install libnginx-mod-http-js", module)
		}
		purpose = middleware.LinkPurpose
		links.Script = filepath.Join(folder, "links.js")
	}
	subkeys, err := keys.Subkeys(purpose)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range subkeys {
		links.Keys = append(links.Keys, site.LinkKey(k))
	}
	dir := filepath.Join(folder, "media")
	if links.Paths == nil {
		links.Paths = []site.SignedPath{{Path: "/", Directory: dir}}
	}
	s := site.Site{
		Upstream: proxytest.Application(t, func(w http.ResponseWriter, r *http.Request) {
			t.Errorf("the application was asked for %s", r.RequestURI)
		}),
		Folder: folder,
		Links:  &links,
	}
	if links.Verify == "njs" {
		var script strings.Builder
		if err := nginx.PrintScript(&script, s); err != nil {
			t.Fatal(err)
		}
		timed := strings.Replace(script.String(), "r.variables.msec", "r.headersIn['X-Now']", 1)
		if timed == script.String() {
			t.Fatal("the script has no clock")
		}
		if err := os.WriteFile(links.Script, []byte(timed), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return &gate{proxytest.Start(t, "nginx", s, proxytest.Options{Edit: func(conf string) string {
		if links.Verify != "njs" {
			return conf
		}
		conf = strings.Replace(conf, "js_var $downloadview_refused \"\";", "js_var $downloadview_refused \"\";\nset_real_ip_from 127.0.0.1;\nreal_ip_header X-Client;", 1)
		return strings.ReplaceAll(conf, "add_header Referrer-Policy", "add_header X-Reason $downloadview_refused always;\nadd_header Referrer-Policy")
	}}), dir}
}

// only leaves one file in the directory, for a decoded path. For a folder's path, it is
// in the folder.
func (g *gate) only(t testing.TB, file string) {
	t.Helper()
	if err := os.RemoveAll(g.dir); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(g.dir, filepath.FromSlash(strings.ReplaceAll(file, "\x00", "0")))
	if strings.HasSuffix(file, "/") {
		path = filepath.Join(path, "index.html")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("the file"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// raw sends a request byte for byte, and returns the answer with its body.
func (g *gate) raw(t testing.TB, request string) (*http.Response, string) {
	t.Helper()
	conn, err := net.Dial("tcp", g.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(request, " ")
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	return resp, string(body)
}

// A vector is one of the links that were made without package middleware.
type vector struct {
	Name, URL, Client, Cookie, Session, Version, Reason string
	Now                                                 int64
}

func readVectors(t testing.TB, file string) ([]vector, *middleware.Keys) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		Keys  map[string]string
		Links []vector
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	for id, key := range all.Keys {
		lines.WriteString(id + " " + key + "\n")
	}
	keys, err := middleware.ParseKeys("keys", []byte(lines.String()))
	if err != nil {
		t.Fatal(err)
	}
	return all.Links, keys
}

// get returns the request for a vector.
func (v *vector) get() string {
	target, host := v.URL, "example.test"
	if rest, ok := strings.CutPrefix(target, "https://"); ok {
		i := strings.IndexByte(rest, '/')
		host, target = rest[:i], rest[i:]
	}
	request := "GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\nX-Now: " + strconv.FormatInt(v.Now, 10) + "\r\nX-Client: " + v.Client + "\r\nConnection: close\r\n"
	if v.Cookie != "" {
		request += "Cookie: " + v.Cookie + "\r\n"
	}
	return request + "\r\n"
}

// file returns the decoded path of the file that a vector is for.
func (v *vector) file(t testing.TB) string {
	t.Helper()
	path, _, _ := strings.Cut(v.URL, "?")
	if rest, ok := strings.CutPrefix(path, "https://"); ok {
		path = rest[strings.IndexByte(rest, '/'):]
	}
	file, err := url.PathUnescape(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(file, "/~1.") {
		_, file, _ = strings.Cut(file[1:], "/")
		file = "/" + file
	}
	return file
}

// nginx with njs lets in what package middleware lets in, and refuses the rest for the
// same reasons.
func TestScriptVerifiesVectors(t *testing.T) {
	all, keys := readVectors(t, "../../../middleware/testdata/links.json")
	g := startGate(t, keys, site.Links{Verify: "njs", Others: []string{"/application/"}})
	accepted := 0
	for _, v := range all {
		t.Run(v.Name, func(t *testing.T) {
			file := v.file(t)
			g.only(t, file)
			want := v.Reason
			if want == "" && v.Session+v.Version != "" {
				want = "altered" // nginx knows no sessions and versions
			}
			resp, body := g.raw(t, v.get())
			switch {
			case want == "" && strings.HasSuffix(file, "/"):
				if resp.StatusCode != 404 {
					t.Errorf("%s for a folder, want 404", resp.Status)
				}
			case want == "":
				accepted++
				if resp.StatusCode != 200 || body != "the file" {
					t.Errorf("%s %q (%s), want the file", resp.Status, body, resp.Header.Get("X-Reason"))
				}
			case resp.StatusCode == 400 && want == "malformed": // nginx parses no NUL
			case resp.StatusCode != 403:
				t.Errorf("%s, want 403 for %q", resp.Status, want)
			default:
				if got := resp.Header.Get("X-Reason"); got != want && file != "/" { // of "/~1.x" nginx knows without the script
					t.Errorf("refused for %q, want %q", got, want)
				}
				if got := resp.Header.Get("Cache-Control"); got != "no-store" {
					t.Errorf("Cache-Control %q, want no-store", got)
				}
			}
			if got := resp.Header.Get("Referrer-Policy"); resp.StatusCode != 400 && got != "no-referrer" {
				t.Errorf("Referrer-Policy %q", got)
			}
		})
	}
	if accepted < 10 {
		t.Errorf("%d accepted", accepted)
	}
}

// The same with secure_link, and its own vectors.
func TestSecureLinkVerifiesVectors(t *testing.T) {
	const file = "../../../middleware/testdata/securelinks.json"
	_, keys := readVectors(t, file)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		Links []struct {
			Name, URL string
			Refused   bool
		}
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	g := startGate(t, keys, site.Links{Verify: "secure_link", Others: []string{"/application/"}})
	accepted := 0
	for _, v := range all.Links {
		t.Run(v.Name, func(t *testing.T) {
			link := vector{URL: v.URL}
			g.only(t, link.file(t))
			resp, body := g.raw(t, link.get())
			switch {
			case !v.Refused:
				accepted++
				if resp.StatusCode != 200 || body != "the file" || resp.Header.Get("Cache-Control") != "private, no-cache" {
					t.Errorf("%s %q, Cache-Control %q, want the file", resp.Status, body, resp.Header.Get("Cache-Control"))
				}
				if got := resp.Header.Get("Content-Type") + ", " + resp.Header.Get("Content-Disposition"); got != "application/octet-stream, attachment" {
					t.Errorf("sent as %s", got)
				}
			case resp.StatusCode == 400 && v.Name == "NUL":
			case resp.StatusCode != 403 || resp.Header.Get("Cache-Control") != "no-store":
				t.Errorf("%s, Cache-Control %q, want 403, no-store", resp.Status, resp.Header.Get("Cache-Control"))
			}
			if got := resp.Header.Get("Referrer-Policy"); resp.StatusCode != 400 && got != "no-referrer" {
				t.Errorf("Referrer-Policy %q", got)
			}
		})
	}
	if accepted < 8 {
		t.Errorf("%d accepted", accepted)
	}
}

// Key ids are told apart by case, and none is a word of nginx's configuration.
func TestKeyIDs(t *testing.T) {
	const secrets = "default AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8 accept-until=2090-01-01T00:00:00Z\n" +
		"k ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8 accept-until=2091-01-01T00:00:00Z\nK QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8"
	keys, err := middleware.ParseKeys("keys", []byte(secrets))
	if err != nil {
		t.Fatal(err)
	}
	for _, verify := range []string{"njs", "secure_link"} {
		g := startGate(t, keys, site.Links{Verify: verify})
		g.only(t, "/a")
		for _, line := range strings.Split(secrets, "\n") {
			one, err := middleware.ParseKeys("keys", []byte(line))
			if err != nil {
				t.Fatal(err)
			}
			id := one.List(time.Now())[0].ID
			sign := func(until time.Time) string {
				if verify == "secure_link" {
					link, err := middleware.NewLinks(one, nil).SignSecureLink("/a", until)
					if err != nil {
						t.Fatal(err)
					}
					return link
				}
				link, err := middleware.NewLinks(one, nil).Sign("/a", middleware.Grant{Expires: until})
				if err != nil {
					t.Fatal(err)
				}
				return link
			}
			link := sign(time.Now().Add(time.Hour))
			if resp, _ := g.raw(t, (&vector{URL: link, Now: time.Now().Unix(), Client: "192.0.2.1"}).get()); resp.StatusCode != 200 {
				t.Errorf("%s, key %s: %s (%s), want 200", verify, id, resp.Status, resp.Header.Get("X-Reason"))
			}
			other := strings.Replace(link, "="+id+".", "="+strings.ToUpper(id)+".", 1)
			other = strings.Replace(other, "=1."+id+".", "=1."+strings.ToUpper(id)+".", 1)
			if id == "K" {
				continue
			}
			if resp, _ := g.raw(t, (&vector{URL: other, Now: time.Now().Unix(), Client: "192.0.2.1"}).get()); other == link || resp.StatusCode != 403 {
				t.Errorf("%s, %s: %s, want 403", verify, other, resp.Status)
			}
		}
	}
}

// A key is refused from its accept-until on, though its links are valid for longer.
func TestScriptHeedsAcceptUntil(t *testing.T) {
	const secret = "k AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
	signing, err := middleware.ParseKeys("keys", []byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	ending, err := middleware.ParseKeys("keys", []byte(secret+" accept-until=2090-01-01T00:00:00Z"))
	if err != nil {
		t.Fatal(err)
	}
	g := startGate(t, ending, site.Links{Verify: "njs"})
	g.only(t, "/a")
	link, err := middleware.NewLinks(signing, nil).Sign("/a", middleware.Grant{Expires: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	end := time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	for now, want := range map[int64]string{end - 1: "", end: "unknown key"} {
		resp, _ := g.raw(t, (&vector{URL: link, Now: now, Client: "192.0.2.1"}).get())
		if got := resp.Header.Get("X-Reason"); got != want || (resp.StatusCode == 200) != (want == "") {
			t.Errorf("at %d: %s, refused for %q, want %q", now, resp.Status, got, want)
		}
	}
}

// A link for secure_link expires in the second that it was signed for.
func TestSecureLinkExpires(t *testing.T) {
	keys := gateKeys(t)
	g := startGate(t, keys, site.Links{Verify: "secure_link"})
	g.only(t, "/a")
	expires := time.Now().Truncate(time.Second).Add(2 * time.Second)
	link, err := middleware.NewLinks(keys, nil).SignSecureLink("/a", expires)
	if err != nil {
		t.Fatal(err)
	}
	for {
		before := time.Now()
		resp, _ := g.raw(t, (&vector{URL: link}).get())
		after := time.Now()
		switch {
		case resp.StatusCode == 200 && !before.Before(expires), resp.StatusCode != 200 && after.Before(expires):
			t.Fatalf("%s between %v and %v, though it expires at %v", resp.Status, before, after, expires)
		case resp.StatusCode != 200:
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}
