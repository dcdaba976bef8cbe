package remote_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/storage/remote"
)

// Errors are logged. They name the URL, without userinfo, query or header
// fields.
func TestErrorsTellNoSecret(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/gone.txt":
			http.Error(w, "secret", http.StatusNotFound)
		case "/away.txt":
			w.Header().Set("Set-Cookie", "secret")
			http.Redirect(w, r, "http://secret:secret@elsewhere.test/x?sig=secret#secret", http.StatusFound)
		case "/part.txt":
			w.Header().Set("Content-Range", "secret")
			w.WriteHeader(http.StatusPartialContent)
		case "/short.txt":
			w.Header().Set("Content-Length", "10")
			io.WriteString(w, "x")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}
	}))
	defer srv.Close()
	base := strings.Replace(srv.URL, "http://", "http://secret:secret@", 1)
	o := &remote.Options{Allow: loopback(t, srv.URL), Header: http.Header{"X-Api-Key": {"secret"}}}
	for _, name := range []string{"gone.txt", "away.txt", "part.txt", "short.txt"} {
		f, err := remote.File(base+"/"+name+"?sig=secret", o)
		if err != nil {
			t.Fatal(err)
		}
		failed := 0
		for door, open := range doors(t, f) {
			h, err := open()
			if err == nil && h != nil {
				_, err = io.ReadAll(h)
				h.Close()
			}
			if err == nil {
				continue
			}
			failed++
			if text := err.Error(); strings.Contains(text, "secret") || !strings.Contains(text, srv.URL+"/"+name) {
				t.Errorf("%s of %s: %q, want the URL and no secret", door, name, text)
			}
		}
		if failed == 0 {
			t.Errorf("nothing failed with %s", name)
		}
	}
	bad := &remote.Options{Client: srv.Client(), Header: http.Header{"X-Api-Key": {"sec\nret"}}}
	f, err := remote.File(srv.URL, bad)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Open(t.Context()); err == nil || strings.Contains(err.Error(), "sec") {
		t.Errorf("a header that can't be sent: %v, want an error without it", err)
	}
}
