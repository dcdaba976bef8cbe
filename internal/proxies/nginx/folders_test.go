package nginx_test

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
)

// A folder is 404, whatever else nginx is told about folders, and no answer names the
// internal location or what is in the folder. error_page can't do that: it makes a 404
// of nginx's redirect and leaves Location in it.
func TestNginxFolders(t *testing.T) {
	above := t.TempDir()
	dir := filepath.Join(above, "media")
	for name, content := range map[string]string{
		"media/a.txt": "content", "media/folder/index.html": "index", "media/folder/b.txt": "b", "outside/index.html": "index", "outside.txt": "outside",
	} {
		proxytest.Write(t, above, name, content)
	}
	if err := os.Mkdir(filepath.Join(dir, "empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"inward": "folder", "outward": "../outside", "around": ".", "dangling": "none", "file": "../outside.txt"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	app := proxytest.Application(t, func(w http.ResponseWriter, r *http.Request) {
		proxytest.Answer(described("/_media"+r.URL.Path))(w, r)
	})
	for name, directives := range map[string]string{
		"printed": "", "relative redirects": "absolute_redirect off;", "index": "index index.html b.txt;", "lists": "autoindex on;",
		"all": "absolute_redirect off; port_in_redirect off; index index.html; autoindex on; open_file_cache max=10; open_file_cache_min_uses 1;",
	} {
		for _, s := range []site.Site{{}, {OpenFiles: time.Minute}, {Symlinks: site.FollowSymlinks}, {Symlinks: site.FollowSymlinks, OpenFiles: time.Minute}} {
			follows := s.Symlinks == site.FollowSymlinks
			s.Upstream = app
			s.Rules = []site.Rule{{Rule: accel.Rule{Source: dir, Destination: "/_media/"}}}
			proxy := proxytest.Start(t, "nginx", s, proxytest.Options{Edit: func(conf string) string {
				return strings.Replace(conf, "server {\n        listen", "server {\n"+directives+"\n        listen", 1)
			}})
			if directives != "" && !strings.Contains(proxy.Conf, directives) {
				t.Fatalf("%s: not in the configuration", name)
			}
			for range 2 { // from the disk, and what is in the cache
				for _, method := range []string{"GET", "HEAD", "POST"} {
					for _, target := range []string{
						"/folder", "/folder/", "/empty", "/empty/", "/", "/inward", "/inward/", "/outward", "/outward/", "/around", "/around/folder", "/around/folder/",
						"/folder/.", "/folder/index.html/", "/a.txt/", "/dangling/", "/none", "/none/",
					} {
						resp := proxy.Do(t, method, target, nil)
						body := proxytest.Body(t, resp)
						want := 404
						if !follows && s.OpenFiles > 0 && slices.Contains([]string{"/inward", "/outward", "/around"}, target) {
							want = 403 // the look refuses links, too
						}
						if resp.StatusCode != want || len(resp.Header["Location"]) != 0 {
							t.Errorf("%s, symlinks %d, %s: %s %s: %s, Location %q, want %d and none", name, s.Symlinks, s.OpenFiles, method, target, resp.Status, resp.Header["Location"], want)
						}
						if strings.Contains(body, "index") || strings.Contains(body, "_media") || strings.Contains(body, "b.txt") {
							t.Errorf("%s: %s %s: %q", name, method, target, body)
						}
						wantNoPrivate(t, target, resp)
					}
				}
				for target, want := range map[string]struct {
					refused, followed int
					body              string
				}{
					"/a.txt": {200, 200, "content"}, "/folder/b.txt": {200, 200, "b"},
					"/file": {403, 200, "outside"}, "/inward/b.txt": {404, 200, "b"}, "/outward/index.html": {404, 200, "index"}, "/around/a.txt": {404, 200, "content"},
					"/dangling": {403, 404, ""},
				} {
					status := want.refused
					if follows {
						status = want.followed
					}
					resp := proxy.Do(t, "GET", target, nil)
					if body := proxytest.Body(t, resp); resp.StatusCode != status || status == 200 && body != want.body {
						t.Errorf("%s, symlinks %d: %s: %s %q, want %d %q", name, s.Symlinks, target, resp.Status, body, status, want.body)
					}
				}
			}
		}
	}
}
