package downloadview

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

func naming(name string, log *[]string) Middleware {
	return func(next View) View {
		return ViewFunc(func(r *http.Request) (Response, error) {
			*log = append(*log, name)
			resp, err := next.Respond(r)
			resp.Name += name
			return resp, err
		})
	}
}

func TestUseThroughRouters(t *testing.T) {
	var log []string
	view := NewHandler(fileView(newObject("x")), nil)
	send := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { SendFile(w, r, newObject("x")) })
	use := func(h http.Handler) http.Handler {
		return Use(naming("a", &log), naming("b", &log))(Use(naming("c", &log))(h))
	}
	mux := http.NewServeMux()
	mux.Handle("GET /view", view)
	mux.Handle("/send", send)
	router := chi.NewRouter()
	router.Use(use)
	router.Handle("/view", view)
	router.Handle("/send", send)
	for name, h := range map[string]http.Handler{
		"mux":     use(mux),
		"chi":     router,
		"timeout": use(http.TimeoutHandler(mux, time.Minute, "")),
		"gzip":    use(middleware.Compress(5)(mux)),
	} {
		for _, path := range []string{"/view", "/send"} {
			log = nil
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, httptest.NewRequest("GET", path, nil))
			if got := rec.Header().Get("Content-Disposition"); got != `attachment; filename="cba"` {
				t.Errorf("%s%s: %s", name, path, got)
			}
			if !slices.Equal(log, []string{"a", "b", "c"}) {
				t.Errorf("%s%s: middleware ran in the order %q", name, path, log)
			}
		}
	}
}

func TestUseKeepsRequestsApart(t *testing.T) {
	var log []string
	outer, inner := Use(naming("o", &log)), Use(naming("i", &log))
	h := outer(inner(NewHandler(fileView(newObject("x")), nil)))
	for range 3 {
		log = nil
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		if !slices.Equal(log, []string{"o", "i"}) {
			t.Fatalf("middleware ran in the order %q", log)
		}
	}
}

func TestUseOptions(t *testing.T) {
	var seen []string
	observed := func(name string) *Options {
		return &Options{Observer: func(*http.Request, Outcome) { seen = append(seen, name) }}
	}
	above := UseOptions(observed("above"))
	for _, tt := range []struct {
		h    http.Handler
		want string
	}{
		{above(NewHandler(fileView(newObject("x")), nil)), "above"},
		{above(NewHandler(fileView(newObject("x")), observed("own"))), "own"},
		{above(UseOptions(observed("inner"))(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			SendFile(w, r, newObject("x"))
		}))), "inner"},
	} {
		seen = nil
		tt.h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		if len(seen) != 1 || seen[0] != tt.want {
			t.Errorf("observed by %q, want %q", seen, tt.want)
		}
	}
}

func TestMiddlewareRefuses(t *testing.T) {
	deny := func(View) View {
		return ViewFunc(func(*http.Request) (Response, error) {
			return Response{}, &StatusError{Status: http.StatusForbidden, Err: errors.New("not yours")}
		})
	}
	o := newObject("x")
	s := serve(t, Use(deny)(NewHandler(fileView(o), nil)))
	if got := ask(t, s.URL, "GET"); got.status != 403 || len(o.log) != 0 {
		t.Errorf("%d after requests %q, want 403 after none", got.status, o.log)
	}
}

func TestSendHonoursTheMethod(t *testing.T) {
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		Send(w, r, Response{File: newObject("0123456789"), Name: "r.pdf"})
	}))
	got := ask(t, s.URL, "POST", "Range", "bytes=0-1")
	if got.status != 200 || got.body != "0123456789" {
		t.Errorf("POST: %d %q, want the whole", got.status, got.body)
	}
	if got := ask(t, s.URL, "POST", "If-None-Match", `"v1"`); got.status != 412 {
		t.Errorf("POST with If-None-Match: %d, want 412", got.status)
	}
	if got := ask(t, s.URL, "HEAD"); got.status != 200 || got.header.Get("Content-Type") != "application/pdf" {
		t.Errorf("HEAD: %d %v", got.status, got.header)
	}
}

func TestStorageView(t *testing.T) {
	s := oneFolder{"a/b c.txt": "x"}
	mux := http.NewServeMux()
	mux.Handle("/files/{path...}", NewHandler(StorageView{Storage: s}, nil))
	mux.Handle("/shown/{id}", NewHandler(StorageView{
		Storage:  s,
		Key:      func(r *http.Request) (string, error) { return "a/" + r.PathValue("id") + ".txt", nil },
		Response: Response{Disposition: Inline, CacheControl: "public, max-age=60"},
	}, nil))
	srv := serve(t, mux)
	if got := ask(t, srv.URL+"/files/a/b%20c.txt", "GET"); got.status != 200 || got.body != "x" {
		t.Errorf("%d %q", got.status, got.body)
	}
	if got := ask(t, srv.URL+"/files/a/nothing", "GET"); got.status != 404 {
		t.Errorf("%d, want 404", got.status)
	}
	got := ask(t, srv.URL+"/shown/b%20c", "GET")
	if got.header.Get("Content-Disposition") != `inline; filename="b c.txt"` || got.header.Get("Cache-Control") != "public, max-age=60" {
		t.Errorf("%v", got.header)
	}
}

// oneFolder is a storage over a map.
type oneFolder map[string]string

func (s oneFolder) File(key string) (File, error) {
	content, ok := s[key]
	if !ok {
		return nil, fmt.Errorf("no %q: %w", key, errNotThere)
	}
	o := newObject(content)
	o.name = key
	return o, nil
}

var errNotThere = &StatusError{Status: 404}

func TestObserver(t *testing.T) {
	var seen Outcome
	h := NewHandler(fileView(newObject("0123456789")), &Options{Observer: func(_ *http.Request, o Outcome) { seen = o }})
	for _, tt := range []struct {
		method, rng string
		want        Outcome
	}{
		{"GET", "", Outcome{Status: 200, Bytes: 10}},
		{"HEAD", "", Outcome{Status: 200}},
		{"GET", "bytes=1-3", Outcome{Status: 206, Bytes: 3}},
		{"GET", "bytes=10-", Outcome{Status: 416, Bytes: 32}},
		{"PUT", "", Outcome{Status: 405, Bytes: 19}},
	} {
		r := httptest.NewRequest(tt.method, "/", nil)
		r.Header.Set("Range", tt.rng)
		h.ServeHTTP(httptest.NewRecorder(), r)
		if seen.Duration <= 0 || (seen.Err != nil) != (tt.want.Status >= 400) {
			t.Errorf("%s %s: %+v", tt.method, tt.rng, seen)
		}
		seen.Duration, seen.Err = 0, nil
		if seen != tt.want {
			t.Errorf("%s %s: %+v, want %+v", tt.method, tt.rng, seen, tt.want)
		}
	}
}

// A compressing writer gets the uncompressed bytes, and its answer is correct.
func TestBelowACompressor(t *testing.T) {
	content := strings.Repeat("many words ", 1<<15)
	s := serve(t, middleware.Compress(5)(NewHandler(fileView(newLocalFile(t, "a.txt", content)), nil)))
	got := ask(t, s.URL, "GET", "Accept-Encoding", "gzip")
	if got.header.Get("Content-Encoding") != "" {
		t.Fatalf("identity was asked for first: %v", got.header)
	}
	req, _ := http.NewRequest("GET", s.URL, nil)
	req.Header.Set("Accept-Encoding", "gzip")
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.Header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("not compressed: %v", resp.Header)
	}
	z, err := gzip.NewReader(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(z); err != nil || b.String() != content {
		t.Errorf("%d bytes, %v; want the %d that were packed", b.Len(), err, len(content))
	}
}
