package nginx_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/proxies/nginx"
	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
)

// A store records its requests and sends the answers that a test sets.
type store struct {
	*httptest.Server

	mu       sync.Mutex
	requests []*http.Request
	answer   http.HandlerFunc
}

func newStore(t *testing.T, answer http.HandlerFunc) *store {
	t.Helper()
	s := &store{answer: answer}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, r)
		s.mu.Unlock()
		s.answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// seen returns the requests since its last call.
func (s *store) seen() []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := s.requests
	s.requests = nil
	return seen
}

// signed makes the application hand over the URL that sign returns, under the object's
// name.
func signed(sign func(r *http.Request) (u, key string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		u, key := sign(r)
		fields := described("/_s3/")
		fields.Set(nginx.URLField, u)
		if key != "" {
			fields.Set(nginx.KeyField, key)
		}
		proxytest.Answer(fields)(w, r)
	}
}

func startSigned(t *testing.T, r site.Rule, sign func(r *http.Request) (u, key string)) *proxytest.Server {
	t.Helper()
	hidden := []string(nil)
	if r.Signed != nil {
		hidden = r.Signed.Hidden
	}
	r.Rule = accel.Rule{Name: "store", Source: "s3://files/", Destination: "/_s3", Signed: &accel.Signed{Hidden: hidden}}
	return proxytest.Start(t, "nginx", site.Site{
		Upstream: proxytest.Application(t, signed(sign)),
		Rules:    []site.Rule{r},
	}, proxytest.Options{})
}

// The store gets only those fields of the client's request that a download needs, and
// the URL byte for byte.
func TestNginxStoreSees(t *testing.T) {
	s := newStore(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "object") })
	const target = "//a%2Fb/../c%20d+e%25?X-Signature=a%2Fb%3D&x=%zz&y=%E2%82%AC+"
	wanted := http.Header{
		"Range":               {"bytes=1-2"},
		"If-Match":            {`"tag"`},
		"If-None-Match":       {`"other"`},
		"If-Modified-Since":   {"Thu, 01 Jan 1970 00:00:00 GMT"},
		"If-Unmodified-Since": {"Thu, 01 Jan 2026 00:00:00 GMT"},
	}
	unwanted := http.Header{
		"Authorization":     {"Basic secret"},
		"Cookie":            {"session=secret"},
		"Referer":           {"https://app.test/secret"},
		"Origin":            {"https://app.test"},
		"User-Agent":        {"browser"},
		"Accept-Encoding":   {"gzip"},
		"X-Forwarded-For":   {"192.0.2.1"},
		"X-Real-Ip":         {"192.0.2.1"},
		"X-Amz-Acl":         {"public-read"},
		"Transfer-Encoding": {"identity"},
		"Expect":            {"nothing"},
		"X-Other":           {"secret"},
	}
	all := wanted.Clone()
	for name, values := range unwanted {
		if name != "Transfer-Encoding" && name != "Expect" {
			all[name] = values
		}
	}
	delete(unwanted, "Transfer-Encoding")
	proxy := startSigned(t, site.Rule{}, func(*http.Request) (string, string) { return s.URL + target, "key" })
	for _, method := range []string{"GET", "HEAD", "POST"} {
		resp := proxy.Do(t, method, "/x", all.Clone())
		if resp.StatusCode != 206 {
			t.Errorf("%s: %s, want 206, since nginx can do what this store can't", method, resp.Status)
		}
		requests := s.seen()
		if len(requests) != 1 {
			t.Fatalf("%s: %d requests at the store, want 1", method, len(requests))
		}
		got := requests[0]
		if got.Method != "GET" || got.RequestURI != target || "http://"+got.Host != s.URL || got.ContentLength != 0 {
			t.Errorf("%s: the store saw %s %s for %s of %d bytes, want GET %s for %s", method, got.Method, got.RequestURI, got.Host, got.ContentLength, target, s.URL)
		}
		header := got.Header.Clone()
		header.Del("Connection")
		if diff := cmp.Diff(wanted, header); diff != "" {
			t.Errorf("%s: the store saw (-want +got):\n%s", method, diff)
		}
	}

	// A multipart answer of the store would lose its type. If the store ignored
	// If-Range, the client would join parts of two objects.
	for _, header := range []http.Header{
		{"Range": {"bytes=0-0,2-2"}},
		{"Range": {"bytes=1-2"}, "If-Range": {`"tag"`}},
	} {
		proxy.Do(t, "GET", "/x", header.Clone())
		for _, r := range s.seen() {
			if got := r.Header.Get("Range") + r.Header.Get("If-Range"); got != "" {
				t.Errorf("with %v the store saw %q, want neither", header, got)
			}
		}
	}
}

// The store's fields about the bytes reach the client, and its other fields don't.
func TestNginxStoreSays(t *testing.T) {
	bytes := http.Header{
		"Etag":             {`"store"`},
		"Last-Modified":    {"Wed, 04 Mar 2026 05:06:07 GMT"},
		"Accept-Ranges":    {"bytes"},
		"Content-Encoding": {"br"},
		"Content-Length":   {"6"},
	}
	rest := http.Header{
		"Content-Type":        {"application/xml"},
		"Set-Cookie":          {"store=1"},
		"Content-Disposition": {"inline"},
		"Cache-Control":       {"public, max-age=31536000"},
		"Expires":             {"Thu, 01 Jan 2037 00:00:00 GMT"},
		"X-Amz-Request-Id":    {"1"},
		"X-Amz-Meta-Owner":    {"somebody"},
		"X-Goog-Hash":         {"crc32c=1"},
		"X-Ms-Blob-Type":      {"BlockBlob"},
		"Alt-Svc":             {`h3=":443"`},
		"Server":              {"store"},
		"X-Accel-Redirect":    {"/_secret/"},
		"X-Accel-Limit-Rate":  {"1"},
		"X-Download-Url":      {"http://store.test/"},
		"X-Accel-Charset":     {"koi8-r"},

		"Clear-Site-Data":                   {`"*"`},
		"Refresh":                           {"0; url=http://store.test/"},
		"Service-Worker-Allowed":            {"/"},
		"X-Minio-Deployment-Id":             {"1"},
		"X-Minio-Error-Code":                {"1"},
		"Accept-Ch":                         {"DPR"},
		"Access-Control-Allow-Methods":      {"PUT"},
		"Content-Location":                  {"http://store.test/a"},
		"Location":                          {"http://store.test/b"},
		"Nel":                               {"{}"},
		"Report-To":                         {"{}"},
		"Reporting-Endpoints":               {`x="http://store.test/"`},
		"Sourcemap":                         {"/a.map"},
		"X-Sourcemap":                       {"/a.map"},
		"Speculation-Rules":                 {`"/rules"`},
		"Www-Authenticate":                  {"Basic"},
		"X-Permitted-Cross-Domain-Policies": {"all"},
		"Origin-Agent-Cluster":              {"?1"},
		"Set-Login":                         {"logged-out"},
		"Public-Key-Pins":                   {"x"},
		"Content-Md5":                       {"AAAA"},
		"X-Sendfile":                        {"/etc/passwd"},
		"Keep-Alive":                        {"timeout=9"},
		"Via":                               {"1.1 store"},
		"Age":                               {"9"},
		"Pragma":                            {"x"},
	}
	for _, name := range nginx.DroppedFields() {
		rest[name] = []string{"store's " + name}
	}
	s := newStore(t, func(w http.ResponseWriter, r *http.Request) {
		proxytest.Answer(rest)(w, r)
		proxytest.Answer(bytes)(w, r)
		fmt.Fprint(w, "object")
	})
	for _, o := range []site.Rule{
		{Rule: accel.Rule{Signed: &accel.Signed{Hidden: []string{"owner"}}}},
		{Rule: accel.Rule{Signed: &accel.Signed{Hidden: []string{"owner", "Owner"}}}, Cache: 1 << 20},
		{Rule: accel.Rule{Signed: &accel.Signed{Hidden: []string{"owner"}}}, Cache: 1 << 20, Slice: 1 << 10},
	} {
		proxy := startSigned(t, o, func(r *http.Request) (string, string) { return s.URL, "s3://files/a" })
		for _, method := range []string{"GET", "HEAD", "GET"} {
			resp := proxy.Do(t, method, "/", nil)
			body := proxytest.Body(t, resp)
			if resp.StatusCode != 200 || method == "GET" && body != "object" || method == "HEAD" && body != "" {
				t.Errorf("%s: %s %q, want the object", method, resp.Status, body)
			}
			if got := resp.Header.Get("Content-Type"); got != "text/x-own; charset=utf-8" {
				t.Errorf("%s: Content-Type %q, want the application's", method, got)
			}
			wantFields(t, method, resp)
			wantNoPrivate(t, method, resp)
			got := resp.Header.Clone()
			for name, want := range bytes {
				if diff := cmp.Diff(want, got[name]); diff != "" {
					t.Errorf("%s: %s (-want +got):\n%s", method, name, diff)
				}
				got.Del(name)
			}
			for name, values := range rest {
				if got.Get(name) == values[0] {
					t.Errorf("%s: %s: %q is the store's", method, name, values[0])
				}
				got.Del(name)
			}
			for _, name := range []string{"Date", "Connection"} {
				got.Del(name)
			}
			if len(got) != 0 {
				t.Errorf("%s: the client sees %v too", method, got)
			}
		}
	}
}

// The client gets only the kind of a store's error.
func TestNginxStoreErrors(t *testing.T) {
	const page = "<Error><Code>Whatever</Code><Key>secret</Key></Error>"
	var status int
	s := newStore(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		w.Header().Set("Location", "http://store.test/elsewhere")
		w.Header().Set("Www-Authenticate", "Store")
		w.Header().Set("X-Amz-Request-Id", "1")
		w.Header().Set("Etag", `"store"`)
		if status == 416 {
			w.Header().Set("Content-Range", "bytes */6")
		}
		w.WriteHeader(status)
		if status != 304 {
			fmt.Fprint(w, page)
		}
	})
	for _, o := range []site.Rule{{}, {Cache: 1 << 20}, {Cache: 1 << 20, Slice: 1 << 10}} {
		proxy := startSigned(t, o, func(r *http.Request) (string, string) { return s.URL + r.URL.Path, r.URL.Path })
		for store, want := range map[int]int{
			403: 404, 404: 404, 410: 404, 412: 412, 416: 416,
			301: 502, 307: 502, 400: 502, 401: 502, 405: 502, 409: 502, 411: 502, 429: 502, 500: 502, 501: 502, 503: 502, 504: 502,
			305: 502, 418: 502, 460: 502, 494: 502, 495: 502, 496: 502, 497: 502, 498: 502, 509: 502, 520: 502, 527: 502, 530: 502, 599: 502,
		} {
			for _, method := range []string{"GET", "HEAD"} {
				what := fmt.Sprintf("%+v: %s: %d", o, method, store)
				status = store
				resp := proxy.Do(t, method, fmt.Sprintf("/%d", store), http.Header{"Range": {"bytes=100-"}})
				body := proxytest.Body(t, resp)
				if resp.StatusCode != want || strings.Contains(body, "secret") {
					t.Errorf("%s: %s %q, want %d and nginx's own page", what, resp.Status, body, want)
				}
				wantClean(t, what, resp)
				// nginx can't hide WWW-Authenticate of a 401; with 502 it has no effect.
				for _, name := range []string{"Location", "X-Amz-Request-Id", "Etag", "Last-Modified"} {
					if got := resp.Header.Get(name); got != "" {
						t.Errorf("%s: %s %q, want none", what, name, got)
					}
				}
				if got := resp.Header.Get("Content-Range"); store == 416 && got != "bytes */6" {
					t.Errorf("%s: Content-Range %q, want the store's", what, got)
				}
			}
		}
	}
	t.Run("gone", func(t *testing.T) {
		proxy := startSigned(t, site.Rule{}, func(*http.Request) (string, string) { return s.URL, "" })
		s.Close()
		resp := proxy.Do(t, "GET", "/", nil)
		if resp.StatusCode != 502 {
			t.Errorf("%s, want 502", resp.Status)
		}
		wantClean(t, "gone", resp)
	})
}

// The cache's key is the object's name alone. Objects without a name are not mixed up.
func TestNginxCacheKey(t *testing.T) {
	s := newStore(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.Path) })
	signature := 0
	proxy := startSigned(t, site.Rule{Cache: 1 << 20}, func(r *http.Request) (string, string) {
		signature++
		return fmt.Sprintf("%s%s?signature=%d", s.URL, r.URL.Path, signature), r.URL.Query().Get("key")
	})
	for _, tt := range []struct {
		target, body string
		requests     int
	}{
		{"/a?key=a", "/a", 1},
		{"/a?key=a", "/a", 0},
		{"/b?key=b", "/b", 1},
		{"/c", "/c", 1},
		{"/d", "/d", 1},
	} {
		body := proxytest.Body(t, proxy.Do(t, "GET", tt.target, nil))
		if requests := len(s.seen()); body != tt.body || requests != tt.requests {
			t.Errorf("%s: %q after %d requests at the store, want %q after %d", tt.target, body, requests, tt.body, tt.requests)
		}
	}
}

// A signed URL with a session token and a long name fits in the buffers.
func TestNginxLongHeader(t *testing.T) {
	s := newStore(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, len(r.URL.RawQuery)) })
	sign := func(*http.Request) (string, string) {
		return s.URL + "/?" + strings.Repeat("a", 8<<10), "s3://files/" + strings.Repeat("b", 3<<10)
	}
	for name, proxy := range map[string]*proxytest.Server{
		"one nginx": startSigned(t, site.Rule{}, sign),
		"slices":    startSliced(t, sign, nil),
		"a tier":    startTier(t, piece, sign, nil).edge,
	} {
		resp := proxy.Do(t, "GET", "/", nil)
		if body := proxytest.Body(t, resp); body != "8192" {
			t.Errorf("%s: %s %q, want the store to see 8192 bytes", name, resp.Status, body)
		}
	}
}

// An answer that ends with its connection may have broken off, and nginx can't tell. So
// it is not kept: the store would say again and again that its tag is right.
func TestNginxKeepsNoEndlessAnswer(t *testing.T) {
	content := strings.Repeat("0123456789", 1000)
	asked := 0
	s := newStore(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		if asked > 1 {
			w.Header().Set("Etag", `"one"`)
			http.ServeContent(w, r, "", time.Time{}, strings.NewReader(content))
			return
		}
		c, b, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		fmt.Fprintf(b, "HTTP/1.1 200 OK\r\nETag: \"one\"\r\nConnection: close\r\n\r\n%s", content[:1000])
		b.Flush()
		c.Close()
	})
	proxy := startSigned(t, site.Rule{Cache: 1 << 20}, func(*http.Request) (string, string) { return s.URL + "/a", "a" })
	if got := proxytest.Body(t, proxy.Do(t, "GET", "/a", nil)); got != content[:1000] {
		t.Fatalf("%d bytes, want those that came", len(got))
	}
	for range 2 {
		if got := proxytest.Body(t, proxy.Do(t, "GET", "/a", nil)); got != content {
			t.Errorf("%d bytes, want all %d", len(got), len(content))
		}
	}
	if asked != 2 {
		t.Errorf("the store was asked %d times, want twice: the whole object is kept", asked)
	}
}
