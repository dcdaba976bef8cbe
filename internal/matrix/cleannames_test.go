package matrix_test

import (
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/proxies"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/internal/s3test"
	"github.com/downloadview/downloadview/middleware"
	"github.com/downloadview/downloadview/storage/disk"
	"github.com/downloadview/downloadview/storage/s3bucket"
)

// members sends those without a session to a login page.
func members(next downloadview.View) downloadview.View {
	return downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		if _, err := r.Cookie("session"); err != nil {
			return downloadview.Response{}, &downloadview.StatusError{
				Status: http.StatusFound,
				Err:    err,
				Header: http.Header{"Location": {"/login?next=" + url.QueryEscape(r.URL.EscapedPath())}},
			}
		}
		return next.Respond(r)
	})
}

// Through each server, a download has the clean name and the bytes of its key, and the
// redirect of a view arrives unchanged.
func TestCleanNamesAndRedirectsOfViews(t *testing.T) {
	const key, clean = "Se\u0301ance a:b\u200b.txt", "Séance a-b.txt"
	dir := filepath.Join(t.TempDir(), "disk")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, key))
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	content, err := os.ReadFile(filepath.Join(dir, key))
	if err != nil {
		t.Fatal(err)
	}
	srv := s3test.Start(t)
	srv.Put(t, key, content)
	local := place{name: "disk", storage: disk.New(root, nil), source: "file://" + dir, dir: dir}
	bucket := place{name: "s3", storage: s3bucket.New(srv.Client, srv.Bucket, nil), source: "s3://" + srv.Bucket}

	outside := downloadview.Use(members, middleware.CleanNames)
	for _, server := range proxies.Servers() {
		places := []place{local}
		if proxytest.KindOf(t, server).Accel().URLField != "" {
			places = append(places, bucket)
		}
		s := newSiteBelow(t, server, places, outside, nil)
		for _, p := range places {
			modes := []string{"stream", "offload"}
			if p.dir == "" {
				modes = append(modes, "redirect")
			}
			for _, mode := range modes {
				path := "/" + mode + "/" + p.name + "/" + url.PathEscape(key)
				for _, method := range []string{"GET", "HEAD"} {
					resp := visit(t, method, s.proxy.URL+path, "")
					want := "/login?next=" + url.QueryEscape(path)
					if resp.StatusCode != 302 || resp.Header.Get("Location") != want && resp.Header.Get("Location") != s.proxy.URL+want ||
						resp.Header.Get("Cache-Control") != "no-store" || resp.Header.Get("Content-Disposition") != "" {
						t.Errorf("%s, %s of %s, %s: %d, %v; want a redirect to %s", server, mode, p.name, method, resp.StatusCode, resp.Header, want)
					}
				}
				resp := visit(t, "GET", s.proxy.URL+path, "session=1")
				if mode == "redirect" {
					if resp.StatusCode != 302 {
						t.Errorf("%s, redirect: %d", server, resp.StatusCode)
					}
					resp = visit(t, "GET", resp.Header.Get("Location"), "")
				}
				body, err := io.ReadAll(resp.Body)
				if err != nil {
					t.Error(err)
				}
				_, params, err := mime.ParseMediaType(resp.Header.Get("Content-Disposition"))
				if resp.StatusCode != 200 || string(body) != string(content) || err != nil || params["filename"] != clean {
					t.Errorf("%s, %s of %s: %d, %d bytes, saved as %q (%v), want %q", server, mode, p.name, resp.StatusCode, len(body), params["filename"], err, clean)
				}
			}
		}
	}
}

// visit sends a request and doesn't follow redirects.
func visit(t *testing.T, method, to, cookie string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, to, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}
