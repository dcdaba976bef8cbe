package proxies_test

import (
	"cmp"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
)

func TestServersSendFiles(t *testing.T) {
	eachServer(t, func(t *testing.T, srv server) {
		files := srv.Traits.Files
		f := proxytest.NewFront(t, srv.Name, nil)
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
			if tt.name == "if changed" && slices.Contains(files.Own, "Last-Modified") {
				continue
			}
			t.Run(tt.name, func(t *testing.T) {
				resp := f.Send(t, tt.method, f.Value("a.bin"), tt.fields...)
				if body := proxytest.Body(t, resp); resp.StatusCode != tt.status || body != tt.body {
					t.Errorf("%s %q, want %d %q", resp.Status, body, tt.status, tt.body)
				}
				for name, want := range proxytest.Described {
					got := resp.Header.Values(name)
					switch {
					case slices.Contains(tt.drops, name), slices.Contains(files.Extended, name) && slices.Contains(got, want):
					case slices.Contains(files.Own, name):
						if len(got) != 1 || got[0] == want {
							t.Errorf("%s %q, want the server's own", name, got)
						}
					default:
						if diff := gocmp.Diff([]string{want}, got); diff != "" {
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
func TestServersSendUnderAnyURL(t *testing.T) {
	eachServer(t, func(t *testing.T, srv server) {
		f := proxytest.NewFront(t, srv.Name, nil)
		for _, target := range []string{"/send/a.bin", "/send/a.bin/", "/send/a.bin?a.bin/", "/send/%2e%2e/b"} {
			resp := f.Do(t, "GET", target, f.Answering(f.Value("a.bin")))
			if body := proxytest.Body(t, resp); resp.StatusCode != 200 || body != "0123456789" {
				t.Errorf("%s: %s %q, want the file", target, resp.Status, body)
			}
		}
	})
}

// A server evaluates preconditions by the entity tag that it sends: the application's or
// its own.
func TestServersJudgeByTheTag(t *testing.T) {
	const ours, none = `"application"`, `"none"`
	eachServer(t, func(t *testing.T, srv server) {
		f := proxytest.NewFront(t, srv.Name, nil)
		for _, tt := range []struct {
			fields    []string
			ours, own int // by the application's tag, and by the server's own
		}{
			{[]string{"If-None-Match", ours}, 304, 200},
			{[]string{"If-None-Match", none}, 200, 200},
			{[]string{"If-Match", ours}, 200, 412},
			{[]string{"If-Match", none}, 412, 412},
			{[]string{"Range", "bytes=0-1", "If-Range", ours}, 206, 200},
			{[]string{"Range", "bytes=0-1", "If-Range", none}, 200, 200},
			{[]string{"Range", "bytes=0-1", "If-Range", "W/" + ours}, 200, 200},
		} {
			want := tt.ours
			if slices.Contains(srv.Traits.Files.Own, "Etag") {
				want = tt.own
			}
			if want == http.StatusPreconditionFailed && srv.Traits.Files.IgnoresIfMatch {
				want = http.StatusOK
			}
			if resp := f.Send(t, "GET", f.Value("a.bin"), tt.fields...); resp.StatusCode != want {
				t.Errorf("%q: %s, want %d", tt.fields, resp.Status, want)
			}
		}
	})
}

// The error page for a missing file has none of the download's fields, except those
// that the server is known to keep.
func TestServersRefuse(t *testing.T) {
	eachServer(t, func(t *testing.T, srv server) {
		f := proxytest.NewFront(t, srv.Name, nil)
		proxytest.Write(t, f.Dir, "folder/index.html", "index")
		proxytest.Write(t, f.Dir, "empty/index.html/x", "x")
		proxytest.Write(t, f.Dir, "../secret.txt", "secret")
		proxytest.Write(t, f.Dir+"-private", "x", "private")
		ranges := []string{"Range", "bytes=50-"}
		files := srv.Traits.Files
		noFile := cmp.Or(files.NoFile, http.StatusNotFound)
		noRule := cmp.Or(files.NoRule, noFile)
		for _, tt := range []struct {
			name, value string
			fields      []string
			want        int
		}{
			{"missing", f.Value("b.bin"), nil, 404},
			{"folder", f.Value("folder"), nil, noFile},
			{"folder with a slash", f.Value("folder/"), nil, noFile},
			{"folder without files", f.Value("empty"), nil, noFile},
			{"the directory", f.Value(""), nil, noFile},
			{"above", f.Value("../secret.txt"), nil, noFile},
			{"above, encoded", f.Value("") + "%2e%2e/secret.txt", nil, noFile},
			{"above, with its slash", f.Value("") + "%2e%2e%2fsecret.txt", nil, noFile},
			{"a sibling", strings.TrimSuffix(f.Value(""), "/") + "-private/x", nil, noRule},
			{"elsewhere", "/etc/hostname", nil, noRule},
			{"no range of it", f.Value("a.bin"), ranges, 416},
			{"another version", f.Value("a.bin"), []string{"If-Match", `"none"`}, 412},
		} {
			if tt.want == http.StatusPreconditionFailed && files.IgnoresIfMatch {
				continue
			}
			resp := f.Send(t, "GET", tt.value, tt.fields...)
			body := proxytest.Body(t, resp)
			if tt.want == http.StatusOK { // the application is asked
				if asked := "GET " + tt.value + " " + f.Addr; resp.StatusCode != tt.want || body != asked {
					t.Errorf("%s: %s %q, want 200 %q", tt.name, resp.Status, body, asked)
				}
				continue
			}
			kept := files.KeptOnErrors[tt.want]
			if resp.StatusCode != tt.want || strings.Contains(body, "secret") || strings.Contains(body, "private") || strings.Contains(body, "index") {
				t.Errorf("%s: %s %q, want %d", tt.name, resp.Status, body, tt.want)
			}
			for _, name := range []string{"Cache-Control", "Content-Disposition", "Expires", "Last-Modified", "Location", f.Field()} {
				got := resp.Header.Values(name)
				if slices.Contains(kept, name) {
					if len(got) != 1 || (got[0] == proxytest.Described[name]) == slices.Contains(files.Own, name) {
						t.Errorf("%s: %s %q, want it as on the file", tt.name, name, got)
					}
				} else if got != nil {
					t.Errorf("%s: %s %q, want none", tt.name, name, got)
				}
			}
			got := resp.Header.Get("Content-Type")
			if typed := got == proxytest.Described["Content-Type"] && body != ""; typed != slices.Contains(kept, "Content-Type") {
				t.Errorf("%s: the page is said to be %s", tt.name, got)
			}
		}
	})
}

// A server refuses symbolic links if it can. If not, it follows them, and its printed
// configuration says so.
func TestServersSymlinks(t *testing.T) {
	eachServer(t, func(t *testing.T, srv server) {
		for _, symlinks := range []site.Symlinks{site.RefuseSymlinks, site.FollowSymlinks} {
			dir, err := filepath.EvalSymlinks(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			s := site.Site{
				Upstream: proxytest.Application(t, proxytest.SendOrEcho),
				Rules:    []site.Rule{srv.Rule("media", "/_media/", filepath.Join(dir, "media"))},
				Symlinks: symlinks,
			}
			proxytest.Write(t, dir, "media/a.bin", "0123456789")
			proxytest.Write(t, dir, "outside", "linked")
			if err := os.Symlink("../outside", filepath.Join(dir, "media", "link")); err != nil {
				t.Fatal(err)
			}
			f := &proxytest.Front{Server: proxytest.Start(t, srv.Name, s, proxytest.Options{}), Kind: srv.Kind, Dir: filepath.Join(dir, "media")}
			if body := proxytest.Body(t, f.Send(t, "GET", f.Value("a.bin"))); body != "0123456789" {
				t.Errorf("symlinks %d: a file is %q", symlinks, body)
			}
			refuses := srv.Traits.Files.RefusesSymlinks
			resp := f.Send(t, "GET", f.Value("link"))
			if symlinks == site.RefuseSymlinks && refuses {
				if resp.StatusCode != http.StatusForbidden {
					t.Errorf("a link: %s, want 403", resp.Status)
				}
			} else if body := proxytest.Body(t, resp); body != "linked" {
				t.Errorf("symlinks %d: a link is %q, want what it leads to", symlinks, body)
			}
			says := strings.Contains(f.Conf, "links below these directories are followed") || strings.Contains(f.Conf, "Symbolic links are followed")
			if follows := symlinks == site.FollowSymlinks || !refuses; symlinks == site.RefuseSymlinks && says != follows {
				t.Errorf("the configuration says that links are followed: %v, want %v", says, follows)
			}
		}
	})
}

// After a file is replaced, its new bytes are sent at once.
func TestServersReplacedFiles(t *testing.T) {
	eachServer(t, func(t *testing.T, srv server) {
		f := proxytest.NewFront(t, srv.Name, nil)
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
func TestServersWithoutRules(t *testing.T) {
	eachServer(t, func(t *testing.T, srv server) {
		dir := t.TempDir()
		proxytest.Write(t, dir, "a.bin", "0123456789")
		limited := srv.Rule("media", "/_media/", dir)
		limited.LimitRate = 1000
		without := [][]site.Rule{nil, {limited}}
		if srv.Accel().Terms.RateField != "" {
			without = without[:1] // files of the other rule are handed over
		}
		for _, rules := range without {
			proxy := proxytest.Start(t, srv.Name, site.Site{Upstream: proxytest.Application(t, proxytest.SendOrEcho), Rules: rules}, proxytest.Options{})
			f := &proxytest.Front{Server: proxy, Kind: srv.Kind, Dir: dir}
			for _, value := range []string{f.Value("a.bin"), dir + "/a.bin"} {
				if body, err := io.ReadAll(f.Send(t, "GET", value).Body); err != nil || strings.Contains(string(body), "0123456789") {
					t.Errorf("%s: %q, %v, want nothing of the file", value, body, err)
				}
			}
		}
	})
}
