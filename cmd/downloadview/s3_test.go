package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/s3test"
)

// With a server that checks signatures, each download from the bucket of the URL is one
// request, and none if nginx fetches the file.
func TestBucketOfARealServer(t *testing.T) {
	server := s3test.Start(t)
	server.Put(t, "2026/a b+c.txt", []byte("0123456789"))
	t.Setenv("AWS_ACCESS_KEY_ID", server.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", server.SecretKey)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", "none")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "none")
	u := parse(t, "s3://"+server.Bucket+"?region="+server.Region+"&use_path_style=true&endpoint="+url.QueryEscape(server.Counted))
	storage, release, err := open(t.Context(), u, reach())
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	nginx, err := accel.New(accel.Nginx(), []accel.Rule{{Source: "s3://" + server.Bucket + "/2026", Destination: "/_s3/"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	key := func(r *http.Request) (string, error) { return strings.TrimPrefix(r.URL.Path, "/"), nil }
	view := downloadview.StorageView{Storage: storage, Key: key}
	streamed := downloadview.NewHandler(view, nil)
	offloaded := downloadview.NewHandler(nginx.Middleware(view), nil)
	for _, tt := range []struct {
		name     string
		h        http.Handler
		method   string
		rng      string
		status   int
		body     string
		requests int
	}{
		{"whole", streamed, "GET", "", 200, "0123456789", 1},
		{"range", streamed, "GET", "bytes=2-3", 206, "23", 1},
		{"suffix", streamed, "GET", "bytes=-1", 206, "9", 1},
		{"head", streamed, "HEAD", "", 200, "", 1},
		{"offloaded", offloaded, "GET", "", 200, "", 0},
		{"offloaded range", offloaded, "GET", "bytes=2-3", 200, "", 0},
		{"offloaded head", offloaded, "HEAD", "", 200, "", 0},
	} {
		server.Counter.Reset()
		r := httptest.NewRequest(tt.method, "/2026/a%20b+c.txt", nil)
		if tt.rng != "" {
			r.Header.Set("Range", tt.rng)
		}
		w := httptest.NewRecorder()
		tt.h.ServeHTTP(w, r)
		body, err := io.ReadAll(w.Body)
		if err != nil || w.Code != tt.status || string(body) != tt.body {
			t.Errorf("%s: %d %q, %v; want %d %q", tt.name, w.Code, body, err, tt.status, tt.body)
		}
		if n := len(server.Counter.Requests()); n != tt.requests {
			t.Errorf("%s: %d requests to the store, want %d", tt.name, n, tt.requests)
		}
		want := ""
		if strings.HasPrefix(tt.name, "offloaded") {
			want = "/_s3/a%20b%2Bc.txt"
		}
		if got := w.Header().Get("X-Accel-Redirect"); got != want {
			t.Errorf("%s: X-Accel-Redirect %q, want %q", tt.name, got, want)
		}
	}
}

// A redirect to another host gets neither a signature nor the token of a session.
func TestRedirectOfABucketGetsNoCredentials(t *testing.T) {
	var sent []http.Header
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent = append(sent, r.Header)
		io.WriteString(w, "content")
	}))
	defer other.Close()
	elsewhere := strings.Replace(other.URL, "127.0.0.1", "localhost", 1)
	var first []http.Header
	store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first = append(first, r.Header)
		http.Redirect(w, r, elsewhere+r.URL.Path, http.StatusTemporaryRedirect)
	}))
	defer store.Close()
	withoutCredentials(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_SESSION_TOKEN", "token of a session")
	storage, release, err := open(t.Context(), parse(t, "s3://b?region=us-east-1&use_path_style=true&endpoint="+url.QueryEscape(store.URL)), reach())
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	f, err := storage.File("a.txt")
	if err != nil {
		t.Fatal(err)
	}
	const token = "X-Amz-Security-Token"
	for range 6 { // the first ones are the SDK's
		h, err := f.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		h.Close()
		if got := first[len(first)-1]; got.Get("Authorization") == "" || got.Get(token) == "" {
			t.Errorf("the store got %v, want credentials", got)
		}
		if got := sent[len(sent)-1]; got.Get("Authorization") != "" || got.Get(token) != "" {
			t.Errorf("the other host got %v, want no credentials", got)
		}
	}
}
