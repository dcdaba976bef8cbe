package proxies_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
)

func TestOthersSendFiles(t *testing.T) {
	eachOther(t, func(t *testing.T, o other) {
		f := proxytest.NewFront(t, o.Name, nil)
		for _, tt := range []struct {
			name   string
			method string
			fields []string
			status int
			body   string
			drops  []string // what of the application's fields needn't be there
		}{
			{"whole", "GET", nil, 200, "0123456789", nil},
			{"HEAD", "HEAD", nil, 200, "", nil},
			{"after HEAD", "GET", nil, 200, "0123456789", nil},
			{"other methods", "POST", nil, 200, "0123456789", nil},
			{"range", "GET", []string{"Range", "bytes=2-4"}, 206, "234", nil},
			{"suffix", "GET", []string{"Range", "bytes=-3"}, 206, "789", nil},
			{"compression", "GET", []string{"Accept-Encoding", "gzip, br"}, 200, "0123456789", nil},
			{"if changed", "GET", []string{"If-Modified-Since", "Thu, 29 Feb 2024 12:30:15 GMT"}, 304, "", []string{"Content-Type", "Last-Modified"}},
		} {
			if tt.name == "if changed" && o.Locations {
				continue // Caddy has the file's own date
			}
			t.Run(tt.name, func(t *testing.T) {
				resp := f.Send(t, tt.method, f.Value("a.bin"), tt.fields...)
				if body := proxytest.Body(t, resp); resp.StatusCode != tt.status || body != tt.body {
					t.Errorf("%s %q, want %d %q", resp.Status, body, tt.status, tt.body)
				}
				for name, want := range proxytest.Described {
					got := resp.Header.Values(name)
					switch {
					case slices.Contains(tt.drops, name),
						name == "Etag" && o.Name == "caddy@2.6",
						name == "Last-Modified" && o.Locations,
						name == "Vary" && o.Name == "caddy" && slices.Contains(got, want):
					default:
						if diff := cmp.Diff([]string{want}, got); diff != "" {
							t.Errorf("%s (-want +got):\n%s", name, diff)
						}
					}
				}
				if got := resp.Header.Values(f.Field()); got != nil {
					t.Errorf("the client sees %s: %q", f.Field(), got)
				}
			})
		}
	})
}

// The client's URL doesn't affect which file is sent.
func TestOthersSendUnderAnyURL(t *testing.T) {
	eachOther(t, func(t *testing.T, o other) {
		f := proxytest.NewFront(t, o.Name, nil)
		for _, target := range []string{"/send/a.bin", "/send/a.bin/", "/send/a.bin?a.bin/", "/send/%2e%2e/b"} {
			resp := f.Do(t, "GET", target, f.Answering(f.Value("a.bin")))
			if body := proxytest.Body(t, resp); resp.StatusCode != 200 || body != "0123456789" {
				t.Errorf("%s: %s %q, want the file", target, resp.Status, body)
			}
		}
	})
}

// Servers that evaluate preconditions by the application's entity tag do so for every
// request.
func TestOthersJudgeByTheTag(t *testing.T) {
	const ours, none = `"application"`, `"none"`
	eachOther(t, func(t *testing.T, o other) {
		f := proxytest.NewFront(t, o.Name, nil)
		for _, tt := range []struct {
			fields               []string
			ours, caddy26, light int
		}{
			{[]string{"If-None-Match", ours}, 304, 200, 304},
			{[]string{"If-None-Match", none}, 200, 200, 200},
			{[]string{"If-Match", ours}, 200, 412, 200},
			{[]string{"If-Match", none}, 412, 412, 200},
			{[]string{"Range", "bytes=0-1", "If-Range", ours}, 206, 200, 206},
			{[]string{"Range", "bytes=0-1", "If-Range", none}, 200, 200, 200},
			{[]string{"Range", "bytes=0-1", "If-Range", "W/" + ours}, 200, 200, 200},
		} {
			want := map[string]int{"caddy@2.6": tt.caddy26, "lighttpd": tt.light}[o.Name]
			if want == 0 {
				want = tt.ours
			}
			if resp := f.Send(t, "GET", f.Value("a.bin"), tt.fields...); resp.StatusCode != want {
				t.Errorf("%q: %s, want %d", tt.fields, resp.Status, want)
			}
		}
	})
}

// The error page for a missing file has none of the download's fields.
func TestOthersRefuse(t *testing.T) {
	eachOther(t, func(t *testing.T, o other) {
		f := proxytest.NewFront(t, o.Name, nil)
		proxytest.Write(t, f.Dir, "folder/index.html", "index")
		proxytest.Write(t, f.Dir, "empty/index.html/x", "x")
		proxytest.Write(t, f.Dir, "../secret.txt", "secret")
		proxytest.Write(t, f.Dir+"-private", "x", "private")
		ranges := []string{"Range", "bytes=50-"}
		for _, tt := range []struct {
			name, value string
			fields      []string
			want        int
		}{
			{"missing", f.Value("b.bin"), nil, 404},
			{"folder", f.Value("folder"), nil, o.forbidden},
			{"folder with a slash", f.Value("folder/"), nil, o.forbidden},
			{"folder without files", f.Value("empty"), nil, o.forbidden},
			{"the directory", f.Value(""), nil, o.forbidden},
			{"above", f.Value("../secret.txt"), nil, o.forbidden},
			{"above, encoded", f.Value("") + "%2e%2e/secret.txt", nil, o.forbidden},
			{"above, with its slash", f.Value("") + "%2e%2e%2fsecret.txt", nil, o.forbidden},
			{"a sibling", strings.TrimSuffix(f.Value(""), "/") + "-private/x", nil, o.forbidden},
			{"elsewhere", "/etc/hostname", nil, o.forbidden},
			{"no range of it", f.Value("a.bin"), ranges, 416},
			{"another version", f.Value("a.bin"), []string{"If-Match", `"none"`}, 412},
		} {
			want := tt.want
			if o.Locations && (tt.name == "a sibling" || tt.name == "elsewhere") {
				want = 502 // there is no rule for it
			}
			if want == 412 && o.Name == "lighttpd" {
				continue // it doesn't evaluate this precondition
			}
			resp := f.Send(t, "GET", tt.value, tt.fields...)
			body := proxytest.Body(t, resp)
			if want == 412 && o.Name == "apache" || want >= 412 && want < 500 && o.Name == "caddy@2.6" {
				if resp.StatusCode != want || want == 416 && body == "" {
					t.Errorf("%s: %s %q, want %d", tt.name, resp.Status, body, want)
				}
				continue // and these keep the fields
			}
			if resp.StatusCode != want || strings.Contains(body, "secret") || strings.Contains(body, "private") || strings.Contains(body, "index") {
				t.Errorf("%s: %s %q, want %d", tt.name, resp.Status, body, want)
			}
			for _, name := range []string{"Cache-Control", "Content-Disposition", "Expires", "Last-Modified", "Location", f.Field()} {
				if got := resp.Header.Values(name); got != nil {
					t.Errorf("%s: %s %q, want none", tt.name, name, got)
				}
			}
			if got := resp.Header.Get("Content-Type"); got == proxytest.Described["Content-Type"] && body != "" {
				t.Errorf("%s: the page is said to be %s", tt.name, got)
			}
		}
	})
}

// lighttpd can refuse symbolic links. The others follow them, and their printed
// configurations say so.
func TestOthersSymlinks(t *testing.T) {
	eachOther(t, func(t *testing.T, o other) {
		for _, symlinks := range []site.Symlinks{site.RefuseSymlinks, site.FollowSymlinks} {
			dir, err := filepath.EvalSymlinks(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			s := site.Site{
				Upstream: proxytest.Application(t, proxytest.SendOrEcho),
				Rules:    []site.Rule{o.Rule("media", "/_media/", filepath.Join(dir, "media"))},
				Symlinks: symlinks,
			}
			proxytest.Write(t, dir, "media/a.bin", "0123456789")
			proxytest.Write(t, dir, "outside", "linked")
			if err := os.Symlink("../outside", filepath.Join(dir, "media", "link")); err != nil {
				t.Fatal(err)
			}
			f := &proxytest.Front{Server: proxytest.Start(t, o.Name, s, proxytest.Options{}), Kind: o.Kind, Dir: filepath.Join(dir, "media")}
			if body := proxytest.Body(t, f.Send(t, "GET", f.Value("a.bin"))); body != "0123456789" {
				t.Errorf("symlinks %d: a file is %q", symlinks, body)
			}
			resp := f.Send(t, "GET", f.Value("link"))
			if symlinks == site.RefuseSymlinks && o.Name == "lighttpd" {
				if resp.StatusCode != http.StatusForbidden {
					t.Errorf("a link: %s, want 403", resp.Status)
				}
			} else if body := proxytest.Body(t, resp); body != "linked" {
				t.Errorf("symlinks %d: a link is %q, want what it leads to", symlinks, body)
			}
			says := strings.Contains(f.Conf, "links below these directories are followed") || strings.Contains(f.Conf, "Symbolic links are followed")
			if follows := symlinks == site.FollowSymlinks || o.Name != "lighttpd"; symlinks == site.RefuseSymlinks && says != follows {
				t.Errorf("the configuration says that links are followed: %v, want %v", says, follows)
			}
		}
	})
}

// After a file is replaced, its new bytes are sent at once.
func TestOthersReplacedFiles(t *testing.T) {
	eachOther(t, func(t *testing.T, o other) {
		f := proxytest.NewFront(t, o.Name, nil)
		for _, content := range []string{"one", "two", "three"} {
			proxytest.Write(t, f.Dir, "new", content)
			if err := os.Rename(filepath.Join(f.Dir, "new"), filepath.Join(f.Dir, "a.bin")); err != nil {
				t.Fatal(err)
			}
			if body := proxytest.Body(t, f.Send(t, "GET", f.Value("a.bin"))); body != content {
				t.Errorf("%q, want %q", body, content)
			}
		}
	})
}

// Without a rule the server sends no file, whatever the application's answer says.
func TestOthersWithoutRules(t *testing.T) {
	eachOther(t, func(t *testing.T, o other) {
		dir := t.TempDir()
		proxytest.Write(t, dir, "a.bin", "0123456789")
		limited := o.Rule("media", "/_media/", dir)
		limited.LimitRate = 1000
		for _, rules := range [][]site.Rule{nil, {limited}} {
			proxy := proxytest.Start(t, o.Name, site.Site{Upstream: proxytest.Application(t, proxytest.SendOrEcho), Rules: rules}, proxytest.Options{})
			f := &proxytest.Front{Server: proxy, Kind: o.Kind, Dir: dir}
			for _, value := range []string{f.Value("a.bin"), dir + "/a.bin"} {
				if body, err := io.ReadAll(f.Send(t, "GET", value).Body); err != nil || strings.Contains(string(body), "0123456789") {
					t.Errorf("%s: %q, %v, want nothing of the file", value, body, err)
				}
			}
		}
	})
}
