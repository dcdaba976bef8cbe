package accel_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/nginxtest"
)

func TestInternalLocationIsClosed(t *testing.T) {
	s := newSite(t, nginxtest.Options{})
	if err := s.write("secret.txt", "the secret"); err != nil {
		t.Fatal(err)
	}
	if _, body, o := s.get(t, "GET", "secret.txt", nil); body != "the secret" {
		t.Fatalf("through the application: %q, %+v, want the secret", body, o)
	}
	for _, target := range []string{
		"/_media/secret.txt",
		"/_media/secret.txt?x",
		"//_media/secret.txt",
		"///_media//secret.txt",
		"/_media//secret.txt",
		"/./_media/secret.txt",
		"/x/../_media/secret.txt",
		"/x/%2e%2e/_media/secret.txt",
		"/_media/../_media/secret.txt",
		"/_media/x/%2E%2e/secret.txt",
		"/%5Fmedia/secret.txt",
		"/%5f%6d%65%64%69%61/secret.txt",
		"/_media%2Fsecret.txt",
		"/_media%2fsecret.txt",
		"/%2F_media/secret.txt",
		"/%252F_media/secret.txt",
		"/_MEDIA/secret.txt",
		"/_media;/secret.txt",
		"/_media/",
		"/_media",
	} {
		for _, method := range []string{"GET", "HEAD"} {
			resp := s.Do(t, method, target, nil)
			if body := nginxtest.Body(t, resp); resp.StatusCode != http.StatusNotFound || strings.Contains(body, "the secret") {
				t.Errorf("%s %s: %s %q, want 404", method, target, resp.Status, body)
			}
		}
	}
}

// Header fields by which a proxy sets the mapping in other applications change nothing
// here: neither how a file is sent nor any field of the answer, through nginx or
// directly.
func TestRequestHeadersChooseNothing(t *testing.T) {
	s := newSite(t, nginxtest.Options{})
	outside := filepath.Join(filepath.Dir(s.dir), "outside")
	for path, content := range map[string]string{
		filepath.Join(s.dir, "a.txt"):     "public",
		filepath.Join(s.dir, "b.txt"):     "another",
		filepath.Join(outside, "out.txt"): "outside",
	} {
		if err := writeFile(path, content); err != nil {
			t.Fatal(err)
		}
	}
	hostile := []http.Header{
		{"X-Accel-Redirect": {"/_media/b.txt"}},
		{"X-Accel-Mapping": {s.dir + "/=/_other/"}},
		{"X-Accel-Mapping": {outside + "/=/_media/"}, "X-Sendfile-Type": {"X-Accel-Redirect"}},
		{"X-Sendfile-Type": {"X-Sendfile"}},
		{"X-Sendfile": {s.dir + "/b.txt"}},
		{"X-Lighttpd-Send-File": {s.dir + "/b.txt"}},
		{"X-Accel-Buffering": {"no"}, "X-Accel-Limit-Rate": {"1"}, "X-Accel-Charset": {"koi8-r"}, "X-Accel-Expires": {"100"}},
		{"X-Original-Url": {"/b.txt"}, "X-Rewrite-Url": {"/b.txt"}},
	}
	for _, tt := range []struct {
		name, key, content string
		view               downloadview.StorageView
		want               func(*testing.T, downloadview.Outcome)
	}{
		{"covered", "a.txt", "public", storageView(t, s.dir), wantOffloaded},
		{"not covered", "out.txt", "outside", storageView(t, outside), wantStreamed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s.serve(tt.view.Respond)
			plain, _, _ := s.get(t, "GET", tt.key, nil)
			direct, _ := s.direct(t, tt.key, nil)
			for _, header := range hostile {
				resp, body, o := s.get(t, "GET", tt.key, header.Clone())
				tt.want(t, o)
				if resp.StatusCode != http.StatusOK || body != tt.content {
					t.Errorf("with %v: %s %q, want 200 %q", header, resp.Status, body, tt.content)
				}
				if diff := cmp.Diff(lasting(plain.Header), lasting(resp.Header)); diff != "" {
					t.Errorf("with %v: header (-without +with):\n%s", header, diff)
				}
				got, o := s.direct(t, tt.key, header.Clone())
				tt.want(t, o)
				if diff := cmp.Diff(lasting(direct.Header), lasting(got.Header)); diff != "" {
					t.Errorf("past nginx with %v: header (-without +with):\n%s", header, diff)
				}
			}
		})
	}
}

func TestSiblingIsNotServed(t *testing.T) {
	s := newSite(t, nginxtest.Options{})
	private := s.dir + "-private"
	if err := writeFile(filepath.Join(private, "a.txt"), "private"); err != nil {
		t.Fatal(err)
	}
	files := storageView(t, private)
	s.serve(files.Respond)
	_, body, o := s.get(t, "GET", "a.txt", nil)
	wantStreamed(t, o)
	if body != "private" || o.Rule != "" {
		t.Errorf("body %q by rule %q, want it streamed by none", body, o.Rule)
	}
	resp, _ := s.direct(t, "a.txt", nil)
	if got := resp.Header["X-Accel-Redirect"]; got != nil {
		t.Errorf("X-Accel-Redirect %q, want none", got)
	}

	// The sibling's file isn't sent through the internal location either.
	s.serve(storageView(t, s.dir).Respond)
	for _, target := range []string{"/-private/a.txt", "/..%2Fmedia-private/a.txt", "/_media-private/a.txt", "/_media/..%2fmedia-private/a.txt"} {
		resp := s.Do(t, "GET", target, nil)
		if body := nginxtest.Body(t, resp); resp.StatusCode < 400 || strings.Contains(body, "private") {
			t.Errorf("GET %s: %s %q, want an error", target, resp.Status, body)
		}
	}
}

func TestMissing(t *testing.T) {
	s := newSite(t, nginxtest.Options{})
	if err := os.Mkdir(filepath.Join(s.dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"missing.txt", "folder", "folder/missing.txt"} {
		for _, method := range []string{"GET", "HEAD"} {
			resp, _, o := s.get(t, method, key, nil)
			wantOffloaded(t, o)
			if resp.StatusCode != http.StatusNotFound || resp.Header.Get("Location") != "" {
				t.Errorf("blind %s %s: %s, Location %q, want 404", method, key, resp.Status, resp.Header.Get("Location"))
			}
		}
	}

	files := storageView(t, s.dir)
	files.Response.CheckFirst = true
	s.serve(files.Respond)
	for _, key := range []string{"missing.txt", "folder", "folder/missing.txt"} {
		resp, _, o := s.get(t, "GET", key, nil)
		wantStreamed(t, o)
		if o.Status != http.StatusNotFound || resp.StatusCode != http.StatusNotFound {
			t.Errorf("looked at %s: %d, %s, want 404 from the application", key, o.Status, resp.Status)
		}
		for _, name := range []string{"Content-Disposition", "ETag", "Last-Modified"} {
			if got := resp.Header.Get(name); got != "" {
				t.Errorf("looked at %s: 404 with %s: %s", key, name, got)
			}
		}
	}
	if err := s.write("there.txt", "there"); err != nil {
		t.Fatal(err)
	}
	if _, body, o := s.get(t, "GET", "there.txt", nil); body != "there" {
		t.Errorf("looked at there.txt: %q, %+v", body, o)
	} else {
		wantOffloaded(t, o)
	}
}
