package downloadview

import (
	"bytes"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// keyEcho is a storage that has every key.
type keyEcho struct{}

func (keyEcho) File(key string) (File, error) {
	if key == "" {
		return nil, fmt.Errorf("no key: %w", fs.ErrNotExist)
	}
	return FromString("a.txt", key, nil), nil
}

// A route without a wildcard for the key is answered with 500 and logged, not 404.
func TestRouteWithoutAKey(t *testing.T) {
	mux := http.NewServeMux()
	for _, pattern := range []string{"/file/{file...}", "/bare/", "/exact", "/id/{pathid}", "GET /media/{path...}", "/one/{path}", "/deep/{path}/x"} {
		mux.Handle(pattern, NewHandler(StorageView{Storage: keyEcho{}}, nil))
	}
	for path, want := range map[string]struct {
		status int
		body   string
	}{
		"/file/a.pdf":      {500, ""},
		"/bare/a.pdf":      {500, ""},
		"/exact":           {500, ""},
		"/id/7":            {500, ""},
		"/media/a/b":       {200, "a/b"},
		"/media/a%2Fb":     {200, "a/b"},
		"/media/50%25%2Fb": {200, "50%/b"},
		"/media/":          {404, ""},
		"/one/a%2Fb":       {200, "a/b"},
		"/one/a%252Fb":     {200, "a%2Fb"},
		"/deep/a%2Fb/x":    {200, "a/b"},
	} {
		var log bytes.Buffer
		h := UseOptions(&Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})(mux)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != want.status || want.body != "" && w.Body.String() != want.body {
			t.Errorf("%s: %d %q, want %d %q", path, w.Code, w.Body, want.status, want.body)
		}
		if told := strings.Contains(log.String(), "PathKey"); told != (want.status == 500) {
			t.Errorf("%s: the log says %q", path, log.String())
		}
	}
}

// A router may set the path value itself, from the encoded path or the decoded one.
func TestWildcardOfAnotherRouter(t *testing.T) {
	for _, tt := range []struct{ path, value, want string }{
		{"/x/a%2Fb", "a%2Fb", "a/b"},
		{"/x/a%2Fb", "a/b", "a/b"},
		{"/x/100%25", "100%", "100%"},
		{"/x/100%25%2Fb", "100%25%2Fb", "100%/b"},
		{"/x/a%252F%2F", "a%252F%2F", "a%2F/"},
		{"/x/a%2Fb", "looked up 50%", "looked up 50%"},
	} {
		r := httptest.NewRequest("GET", tt.path, nil)
		r.SetPathValue("path", tt.value)
		if got, err := new(StorageView).key(r); err != nil || got != tt.want {
			t.Errorf("%s with the value %q: key %q, %v, want %q", tt.path, tt.value, got, err, tt.want)
		}
	}
}

func TestPathKey(t *testing.T) {
	for _, tt := range []struct {
		prefix, path, want string
		status             int
	}{
		{"/media/", "/media/a/b.pdf", "a/b.pdf", 200},
		{"/media/", "/media/a%2Fb%25.pdf", "a/b%.pdf", 200},
		{"/media/", "/media/%2e%2e/a", "../a", 200},
		{"/media/", "/media//a", "/a", 200},
		{"/media/", "/media/media/a", "media/a", 200},
		{"/", "/a", "a", 200},
		{"/a b/", "/a%20b/c", "c", 200},
		{"/media/", "/media/", "", 200},
		{"/media/", "/media", "", 404},
		{"/media/", "//media/a", "", 404},
		{"/media/", "/./media/a", "", 404},
		{"/media/", "/x/../media/a", "", 404},
		{"/media/", "/files/a", "", 500},
		{"/media/", "/mediaset/a", "", 500},
		{"/media/", "/", "", 500},
		{"/api/media/", "/media/a", "", 500},
	} {
		got, err := PathKey(tt.prefix)(httptest.NewRequest("GET", "http://host"+tt.path, nil))
		if got != tt.want || StatusCode(err) != tt.status {
			t.Errorf("PathKey(%q) of %q = %q, %v; want %q, status %d", tt.prefix, tt.path, got, err, tt.want, tt.status)
		}
		if tt.status == 500 && (!strings.Contains(err.Error(), fmt.Sprintf("%q", tt.prefix)) || !strings.Contains(err.Error(), "want ")) {
			t.Errorf("PathKey(%q) of %q: %q", tt.prefix, tt.path, err)
		}
	}
	if _, err := PathKey("/media/")(&http.Request{URL: new(url.URL)}); StatusCode(err) != 500 {
		t.Errorf("an empty path: %v", err)
	}
	for _, prefix := range []string{"", "media/", "/media", "/media/*", "/media/{path...}"} {
		func() {
			defer func() {
				if p := recover(); p == nil || !strings.Contains(fmt.Sprint(p), fmt.Sprintf("%q", prefix)) {
					t.Errorf("PathKey(%q) panics with %v", prefix, p)
				}
			}()
			PathKey(prefix)
		}()
	}
}
