package matrix_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/proxies"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/internal/s3test"
	"github.com/downloadview/downloadview/middleware"
	"github.com/downloadview/downloadview/storage/disk"
	"github.com/downloadview/downloadview/storage/s3bucket"
)

// Through each server, links of each kind let ranges, HEAD and 304 in, streamed, handed
// over and redirected, and nobody else.
func TestLinksThroughServers(t *testing.T) {
	const key = "a b/q 1;ü.txt"
	dir := filepath.Join(t.TempDir(), "disk")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, filepath.FromSlash(key)))
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	content := content(filepath.Base(key))
	srv := s3test.Start(t)
	srv.Put(t, key, []byte(content))
	local := place{name: "disk", storage: disk.New(root, nil), source: "file://" + dir, dir: dir}
	bucket := place{name: "s3", storage: s3bucket.New(srv.Client, srv.Bucket, nil), source: "s3://" + srv.Bucket}

	keys, err := middleware.ParseKeys("links.keys", []byte("a AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"))
	if err != nil {
		t.Fatal(err)
	}
	links := middleware.NewLinks(keys, nil)
	grant := middleware.Grant{Expires: time.Now().Add(time.Minute), Disposition: "attachment"}
	outside := func(app http.Handler) http.Handler { return links.Handler(downloadview.Use(cachedForAnHour)(app)) }
	for _, server := range proxies.Servers() {
		places := []place{local}
		if proxytest.KindOf(t, server).Accel().URLField != "" {
			places = append(places, bucket)
		}
		s := newSiteBelow(t, server, places, outside, nil)
		for _, p := range places {
			modes := map[string]downloadview.Mode{"stream": downloadview.Streamed, "offload": downloadview.Offloaded}
			if p.dir == "" {
				modes["redirect"] = downloadview.Redirected
			}
			for mode, want := range modes {
				visitLinks(t, s, visited{links, grant, server + ", " + mode, "/" + mode + "/" + p.name + "/", "a%20b/q%201%3B%C3%BC.txt", content, want})
			}
		}
	}
}

func cachedForAnHour(next downloadview.View) downloadview.View {
	return downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		resp, err := next.Respond(r)
		resp.CacheControl = "max-age=3600"
		return resp, err
	})
}

// visited is what visitLinks asks for.
type visited struct {
	links       *middleware.Links
	grant       middleware.Grant
	name        string
	folder, key string // escaped
	content     string
	mode        downloadview.Mode
}

func visitLinks(t *testing.T, s *site, v visited) {
	t.Helper()
	file, err := v.links.Sign(v.folder+v.key, v.grant)
	if err != nil {
		t.Fatal(err)
	}
	prefix, err := v.links.SignPrefix(v.folder, v.grant)
	if err != nil {
		t.Fatal(err)
	}
	cookie, err := v.links.Cookie(v.folder, v.grant)
	if err != nil {
		t.Fatal(err)
	}
	inCookie := "sid=1; " + cookie.Name + "=" + cookie.Value
	token := strings.TrimSuffix(prefix, v.folder)
	for _, tt := range []struct {
		kind, target, cookie string
	}{
		{"query", file + "&utm_source=mail", ""},
		{"path", prefix + v.key + "?utm_source=mail", ""},
		{"cookie", v.folder + v.key, inCookie},
	} {
		for _, q := range []struct {
			method, field, value string
			status               int
			body                 string
		}{
			{"GET", "Accept", "*/*", 200, v.content},
			{"GET", "Range", "bytes=5-9", 206, v.content[5:10]},
			{"HEAD", "Accept", "*/*", 200, ""},
			{"GET", "If-None-Match", "TAG", 304, ""},
		} {
			name := v.name + ", " + tt.kind + ", " + q.method + " " + q.field
			header := http.Header{q.field: {q.value}}
			if tt.cookie != "" {
				header.Set("Cookie", tt.cookie)
			}
			if q.value == "TAG" {
				if v.mode == downloadview.Redirected {
					continue // the store answers it
				}
				tag := admitted(t, s, "GET", tt.target, header).header.Get("ETag")
				if tag == "" {
					t.Errorf("%s: no entity tag", name)
				}
				header.Set(q.field, tag)
			}
			got := admitted(t, s, q.method, tt.target, header)
			if cc := got.header.Get("Cache-Control"); !strings.HasPrefix(cc, "private, max-age=") || longerThan(cc, time.Minute) {
				t.Errorf("%s: Cache-Control %q, want a private one for the rest of the link's minute", name, cc)
			}
			if q.method == "GET" && q.status != 304 && got.mode != v.mode {
				t.Errorf("%s: %v, want %v", name, got.mode, v.mode)
			}
			if v.mode == downloadview.Redirected && q.method == "GET" {
				if got.status != http.StatusFound {
					t.Errorf("%s: %d, want a redirect", name, got.status)
					continue
				}
				if to := got.header.Get("Location"); strings.Contains(to, "dv=") || strings.Contains(to, "~1.") {
					t.Errorf("%s: the store learns the link: %s", name, to)
				}
				header.Del("Cookie")
				r, _ := http.NewRequestWithContext(t.Context(), q.method, got.header.Get("Location"), http.NoBody)
				r.Header = header
				resp, err := http.DefaultClient.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				got = readAll(t, resp)
			}
			if got.status != q.status || got.body != q.body {
				t.Errorf("%s: %d, %d bytes, want %d, %d bytes", name, got.status, len(got.body), q.status, len(q.body))
			}
			if want := "attachment; "; q.status != 304 && !strings.HasPrefix(got.header.Get("Content-Disposition"), want) {
				t.Errorf("%s: Content-Disposition %q, want that of the link", name, got.header.Get("Content-Disposition"))
			}
		}
	}
	for _, tt := range []struct{ why, target, cookie string }{
		{"no link", v.folder + v.key, ""},
		{"another folder", token + "/" + strings.Trim(v.folder, "/") + "x/" + v.key, ""},
		{"out of the prefix", token + v.folder + "../" + v.key, ""},
		{"escaped out of the prefix", token + v.folder + "%2e%2e/" + v.key, ""},
		{"escaped slash", token + v.folder + "..%2F" + v.key, ""},
		{"two tokens", token + token + v.folder + v.key, ""},
		{"path and query", token + file, ""},
		{"cookie twice", v.folder + v.key, inCookie + inCookie[len("sid=1"):]},
		{"bare semicolon", token + v.folder + strings.Replace(v.key, "%3B", ";", 1), ""},
	} {
		header := http.Header{}
		if tt.cookie != "" {
			header.Set("Cookie", tt.cookie)
		}
		s.forget()
		if got := readAll(t, s.proxy.Do(t, "GET", tt.target, header)); got.status != 403 && got.status != 400 && got.status != 404 || strings.Contains(got.body, v.content) || len(s.outcomes) > 0 {
			t.Errorf("%s, %s: %d, want a refusal", v.name, tt.why, got.status)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

// admitted returns the answer to a request that reaches the view.
func admitted(t *testing.T, s *site, method, target string, header http.Header) answer {
	t.Helper()
	a := readAll(t, s.proxy.Do(t, method, target, header))
	select {
	case o := <-s.outcomes:
		a.mode = o.Mode
	case <-time.After(30 * time.Second):
		t.Fatalf("%s %s: %d, and the view got no request", method, target, a.status)
	}
	return a
}

func readAll(t *testing.T, resp *http.Response) answer {
	t.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	return answer{status: resp.StatusCode, header: resp.Header, body: string(body)}
}

var maxAge = regexp.MustCompile(`max-age=(\d+)`)

// longerThan reports whether a Cache-Control keeps an answer longer than d.
func longerThan(policy string, d time.Duration) bool {
	m := maxAge.FindStringSubmatch(policy)
	if m == nil {
		return false
	}
	n, err := strconv.Atoi(m[1])
	return err != nil || time.Duration(n)*time.Second > d
}
