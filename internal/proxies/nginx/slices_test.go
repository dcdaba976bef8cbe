package nginx_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/internal/proxies"
	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/internal/s3test"
	"github.com/downloadview/downloadview/internal/testserver"
)

// sliced returns a site with one nginx, which keeps objects in pieces.
func sliced(t *testing.T, sign func(*http.Request) (string, string)) site.Site {
	return site.Site{
		Upstream: proxytest.Application(t, signed(sign)),
		Rules: []site.Rule{{
			Rule:  accel.Rule{Name: "store", Source: "s3://files/", Destination: "/_s3", Signed: &accel.Signed{}},
			Cache: 1 << 30, Slice: piece,
		}},
	}
}

// startSliced runs it. edit changes the printed configuration; nil: nothing.
func startSliced(t *testing.T, sign func(*http.Request) (string, string), edit func(string) string) *proxytest.Server {
	t.Helper()
	return proxytest.Start(t, "nginx", sliced(t, sign), proxytest.Options{Edit: edit})
}

// tearing returns a store whose objects have the content. It breaks off within the third
// piece: of "once" the first time, of "always" each time, and of "endless" each time
// without having said how long the piece is.
func tearing(t *testing.T, content []byte) *store {
	torn := map[string]bool{}
	var mu sync.Mutex
	return newStore(t, func(w http.ResponseWriter, r *http.Request) {
		var from, to int
		if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &from, &to); err != nil {
			t.Errorf("Range %q, want a piece", r.Header.Get("Range"))
			return
		}
		mu.Lock()
		tear := from == 2*piece && (r.URL.Path != "/once" || !torn[r.URL.Path])
		torn[r.URL.Path] = torn[r.URL.Path] || tear
		mu.Unlock()
		w.Header().Set("ETag", `"one"`)
		switch {
		case !tear:
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
		case r.URL.Path == "/endless":
			c, b, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			fmt.Fprintf(b, "HTTP/1.1 206 Partial Content\r\nETag: \"one\"\r\nConnection: close\r\nContent-Range: bytes %d-%d/%d\r\n\r\n%s", from, to, len(content), content[from:from+piece/2])
			b.Flush()
			c.Close()
		default:
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to, len(content)))
			w.Header().Set("Content-Length", fmt.Sprint(piece))
			w.WriteHeader(http.StatusPartialContent)
			w.Write(content[from : from+piece/2])
			http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
	})
}

// byPath signs URLs of a store for the path of a request.
func byPath(s *store) func(*http.Request) (string, string) {
	return func(r *http.Request) (string, string) { return s.URL + r.URL.Path, "s3://files" + r.URL.Path }
}

// wantNoGap checks that a download from a store that breaks off within a piece has the
// right bytes up to where it ends, and that this is its end if the piece can be fetched.
func wantNoGap(t *testing.T, start func(sign func(*http.Request) (string, string)) *proxytest.Server) {
	t.Helper()
	content := buckettest.Numbered(3, 4*piece)
	proxy := start(byPath(tearing(t, content)))
	for _, path := range []string{"/once", "/always", "/endless"} {
		resp := proxy.Do(t, "GET", path, nil)
		body, err := io.ReadAll(resp.Body)
		whole := path == "/once"
		if whole != (err == nil) || whole != (len(body) == len(content)) || !bytes.HasPrefix(content, body) {
			t.Errorf("%s: %d bytes, error %v; the right ones: %v, want those of the object, all: %v", path, len(body), err, bytes.HasPrefix(content, body), whole)
		}
		if !whole {
			// What is there is kept, and the rest is missing as before.
			resp = proxy.Do(t, "GET", path, http.Header{"Range": {fmt.Sprintf("bytes=%d-", len(body))}})
			rest, err := io.ReadAll(resp.Body)
			if resp.StatusCode == http.StatusPartialContent && (err == nil || !bytes.HasPrefix(content[len(body):], rest)) {
				t.Errorf("%s, resumed at %d: %s, %d bytes, error %v; want the right ones and an error, or none", path, len(body), resp.Status, len(rest), err)
			}
		}
	}
}

func TestSlicesStoreBreaksOff(t *testing.T) {
	wantNoGap(t, func(sign func(*http.Request) (string, string)) *proxytest.Server { return startSliced(t, sign, nil) })
}

// The reason for the detour: if nginx asks the store for a piece by itself, a download
// has a gap.
func TestSlicesAloneLeaveGap(t *testing.T) {
	content := buckettest.Numbered(3, 4*piece)
	proxy := startSliced(t, byPath(tearing(t, content)), func(conf string) string {
		return strings.Replace(conf, "proxy_pass http://downloadview_self$downloadview_pieces;", "proxy_pass $downloadview_url;", 1)
	})
	resp := proxy.Do(t, "GET", "/once", http.Header{"Connection": {"close"}})
	body, err := io.ReadAll(resp.Body)
	gap := bytes.Equal(body[:min(len(body), 2*piece+piece/2)], content[:2*piece+piece/2]) && bytes.HasSuffix(body, content[3*piece:])
	if err == nil || !gap || len(body) != 3*piece+piece/2 {
		t.Errorf("%d bytes, error %v, with a gap in the third piece: %v; if nginx doesn't leave it any more, it can do without its detour", len(body), err, gap)
	}
}

// A fragment, with its lines for http {}, leaves no gap either, whatever else http {} has
// for pages.
func TestSlicesOfFragment(t *testing.T) {
	var proxy *proxytest.Server
	missing := newStore(t, http.NotFound)
	wantNoGap(t, func(sign func(*http.Request) (string, string)) *proxytest.Server {
		s := sliced(t, func(r *http.Request) (string, string) {
			if r.URL.Path == "/missing" {
				return missing.URL, ""
			}
			return sign(r)
		})
		s.Listen, s.Folder = fmt.Sprintf("127.0.0.1:%d", testserver.FreePort(t)), t.TempDir()
		proxy = proxytest.Start(t, "nginx", s, proxytest.Options{Edit: func(string) string {
			fragment := print(t, s, site.Fragment)
			const pages = "error_page 404 502 =200 /page; proxy_intercept_errors on; add_header X-Page yes; auth_basic all; auth_basic_user_file /dev/null; gzip on; gzip_types *; expires 1h;"
			return fmt.Sprintf("daemon off; pid nginx.pid; events {} http { access_log off; deny all; %s %s server { listen %s; allow all; auth_basic off; %s } }",
				pages, linesForHTTP(fragment), s.Listen, fragment)
		}})
		return proxy
	})
	resp := proxy.Do(t, "GET", "/once", nil)
	proxytest.Body(t, resp)
	wantFields(t, "of a fragment", resp)
	if got := resp.Header.Get("X-Page"); got != "" {
		t.Errorf("X-Page %q, want none: it is for pages", got)
	}
	resp = proxy.Do(t, "GET", "/missing", nil)
	if resp.StatusCode != http.StatusNotFound {
		t.Errorf("missing: %s, want 404", resp.Status)
	}
	wantClean(t, "missing", resp)
}

// wantOneFetch checks that of clients that want a cold object at once, one fetches it, or
// each of its four pieces.
func wantOneFetch(t *testing.T, slice int64, start func(*s3test.Server) *proxytest.Server) {
	t.Helper()
	store := s3test.Start(t)
	content := buckettest.Numbered(1, 4*piece)
	store.Put(t, "a.bin", content)
	proxy := start(store)
	store.Counter.Reset()
	bodies := make([]string, 10)
	var all sync.WaitGroup
	for i := range bodies {
		all.Go(func() {
			resp, err := http.Get(proxy.URL + "/a.bin")
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			b, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Error(err)
			}
			bodies[i] = string(b)
		})
	}
	all.Wait()
	for i, body := range bodies {
		if body != string(content) {
			t.Errorf("client %d: %d bytes, want the %d of the object", i, len(body), len(content))
		}
	}
	want := 1
	if slice > 0 {
		want = 4
	}
	if got := store.Counter.Requests(); len(got) != want {
		t.Errorf("%d requests at the store for %d clients, want %d: %v", len(got), len(bodies), want, got)
	}
}

func TestSlicesHerd(t *testing.T) {
	wantOneFetch(t, piece, func(store *s3test.Server) *proxytest.Server {
		// The signer of this test isn't for several requests at once.
		var one sync.Mutex
		sign := presigner(t, store)
		return startSliced(t, func(r *http.Request) (string, string) {
			one.Lock()
			defer one.Unlock()
			return sign(r)
		}, nil)
	})
}

// A client that goes away doesn't end the fetch of its piece: another gets it.
func TestSlicesClientGoesAway(t *testing.T) {
	content := buckettest.Numbered(1, 2*piece)
	asked, goOn := make(chan bool, 1), make(chan bool)
	s := newStore(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"one"`)
		if strings.HasPrefix(r.Header.Get("Range"), "bytes=0-") {
			asked <- true
			<-goOn
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	})
	proxy := startSliced(t, byPath(s), nil)
	ctx, leave := context.WithCancel(t.Context())
	go func() {
		<-asked
		leave()
		close(goOn)
	}()
	r, err := http.NewRequestWithContext(ctx, "GET", proxy.URL+"/a", nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := http.DefaultTransport.RoundTrip(r); err == nil {
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	if body := proxytest.Body(t, proxy.Do(t, "GET", "/a", nil)); body != string(content) {
		t.Errorf("%d bytes, want the %d of the object", len(body), len(content))
	}
	first := 0
	for _, r := range s.seen() {
		if strings.HasPrefix(r.Header.Get("Range"), "bytes=0-") {
			first++
		}
	}
	if first != 1 {
		t.Errorf("the first piece was fetched %d times, want once", first)
	}
}

// nginx waits for a piece longer than for a byte of anything else.
func TestSlicesSlowStore(t *testing.T) {
	content := buckettest.Numbered(1, 2*piece)
	s := newStore(t, func(w http.ResponseWriter, r *http.Request) {
		var from, to int
		fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &from, &to)
		w.Header().Set("ETag", `"one"`)
		w.Header().Set("Content-Length", fmt.Sprint(piece))
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to, len(content)))
		w.WriteHeader(http.StatusPartialContent)
		const steps = 16
		for i := range steps {
			w.Write(content[from+i*piece/steps : from+(i+1)*piece/steps])
			http.NewResponseController(w).Flush()
			if from == piece {
				time.Sleep(150 * time.Millisecond) // the store is slow, and not the test
			}
		}
	})
	proxy := startSliced(t, byPath(s), func(conf string) string {
		conf = strings.Replace(conf, "listen 127.", "proxy_read_timeout 1s; listen 127.", 1)
		return strings.Replace(conf, "location / {\n", "location / { proxy_read_timeout 60s;\n", 1)
	})
	body, err := io.ReadAll(proxy.Do(t, "GET", "/a", nil).Body)
	if err != nil || !bytes.Equal(body, content) {
		t.Errorf("%d bytes, error %v, want the %d of the object", len(body), err, len(content))
	}
	if got := len(s.seen()); got != 2 {
		t.Errorf("%d requests at the store, want one for each piece", got)
	}
}

// wantAnswers checks the answers for objects of a store.
func wantAnswers(t *testing.T, start func(*s3test.Server) *proxytest.Server) {
	t.Helper()
	store := s3test.Start(t)
	content := buckettest.Numbered(9, 3*piece)
	store.Put(t, "a.bin", content)
	store.Put(t, "empty", nil)
	head, err := store.Client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &store.Bucket, Key: aws.String("a.bin")})
	if err != nil {
		t.Fatal(err)
	}
	tag := *head.ETag
	proxy := start(store)
	for _, tt := range []struct {
		name, target string
		header       http.Header
		status       int
		body         string
		contentRange string
	}{
		{"range over pieces, cold", "/a.bin", http.Header{"Range": {"bytes=65530-131080"}}, 206, string(content[65530:131081]), "bytes 65530-131080/196608"},
		{"whole", "/a.bin", nil, 200, string(content), ""},
		{"range over pieces", "/a.bin", http.Header{"Range": {"bytes=65530-131080"}}, 206, string(content[65530:131081]), "bytes 65530-131080/196608"},
		{"suffix", "/a.bin", http.Header{"Range": {"bytes=-10"}}, 206, string(content[3*piece-10:]), "bytes 196598-196607/196608"},
		{"resumed", "/a.bin", http.Header{"Range": {"bytes=196600-"}, "If-Range": {tag}}, 206, string(content[196600:]), "bytes 196600-196607/196608"},
		{"changed since", "/a.bin", http.Header{"Range": {"bytes=196600-"}, "If-Range": {`"other"`}}, 200, string(content), ""},
		{"not modified", "/a.bin", http.Header{"If-None-Match": {tag}}, 304, "", ""},
		{"no match", "/a.bin", http.Header{"If-Match": {`"other"`}}, 412, "", ""},
		{"not satisfiable", "/a.bin", http.Header{"Range": {"bytes=196608-"}}, 416, "", ""},
		{"missing", "/missing", nil, 404, "", ""},
		{"refused by the store", "/refused?expired", nil, 404, "", ""},
		{"empty", "/empty", nil, 200, "", ""},
	} {
		for _, method := range []string{"GET", "HEAD"} {
			what := method + " " + tt.name
			resp := proxy.Do(t, method, tt.target, tt.header.Clone())
			body := proxytest.Body(t, resp)
			// This store doesn't say the size of an object in its 416.
			if resp.StatusCode != tt.status || tt.status != 416 && resp.Header.Get("Content-Range") != tt.contentRange {
				t.Errorf("%s: %s, Content-Range %q, want %d, %q", what, resp.Status, resp.Header.Get("Content-Range"), tt.status, tt.contentRange)
			}
			wantNoPrivate(t, what, resp)
			if tt.status >= 400 {
				if strings.Contains(body, "<Error>") {
					t.Errorf("%s: the store's page: %q", what, body)
				}
				continue
			}
			wantFields(t, what, resp)
			if tt.status == 304 {
				continue
			}
			if method == "GET" && body != tt.body || resp.ContentLength != int64(len(tt.body)) {
				t.Errorf("%s: %d bytes, Content-Length %d, want %d", what, len(body), resp.ContentLength, len(tt.body))
			}
			if got := resp.Header.Get("ETag"); tt.name != "empty" && got != tag {
				t.Errorf("%s: ETag %s, want %s", what, got, tag)
			}
		}
	}
	resp := proxy.Do(t, "GET", "/a.bin", http.Header{"Range": {"bytes=0-1,65536-65537"}})
	body := proxytest.Body(t, resp)
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/x-own; charset=utf-8" || body != string(content) {
		t.Errorf("several ranges: %s, %s, %d bytes, want the whole", resp.Status, resp.Header.Get("Content-Type"), len(body))
	}
}

func TestSlicesAnswers(t *testing.T) {
	wantAnswers(t, func(store *s3test.Server) *proxytest.Server { return startSliced(t, presigner(t, store), nil) })
}

// Two sites in one nginx don't share a server for pieces: nginx refuses their names.
func TestSlicesOfTwoSites(t *testing.T) {
	folder := t.TempDir()
	s := full(folder)
	lines := linesForHTTP(print(t, s, site.Fragment))
	out, err := check(t, folder, fmt.Sprintf("events {}\nhttp {\n%s%s}\n", lines, lines))
	if err == nil || !strings.Contains(out, "duplicate") {
		t.Errorf("nginx -t: %v %q, want that a name is a duplicate", err, out)
	}
}

// The path of the socket fits, or the folder is an error.
func TestSlicesFolder(t *testing.T) {
	s := sliced(t, func(*http.Request) (string, string) { return "", "" })
	s.Listen = "127.0.0.1:8080"
	for length, want := range map[int]string{82: "", 83: "is too long"} {
		s.Folder = "/" + strings.Repeat("a", length-1)
		err := proxies.Print(io.Discard, "nginx", s, site.Whole)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("a folder of %d bytes: error %v, want %q", length, err, want)
		}
	}
	s.Rules[0].Slice = 0
	if err := proxies.Print(io.Discard, "nginx", s, site.Whole); err != nil {
		t.Errorf("without slices: %v", err)
	}
}
