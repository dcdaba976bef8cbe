package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/middleware"
	"github.com/downloadview/downloadview/middleware/leasetest"
	"github.com/downloadview/downloadview/middleware/memlease"
)

const tenDigits = "0123456789"

// fromHeader takes the client's address from a field of the test.
func fromHeader(r *http.Request) netip.Addr {
	ip, _ := netip.ParseAddr(r.Header.Get("Client"))
	return ip
}

func countedLinks(store middleware.LeaseStore, o *middleware.LeasesOptions) *middleware.Links {
	return middleware.NewLinks(exampleKeys, &middleware.LinksOptions{
		ClientIP: fromHeader,
		Session:  func(r *http.Request) string { return r.Header.Get("Session") },
		Leases:   middleware.NewLeases(store, o),
	})
}

func sign(t testing.TB, l *middleware.Links, path string, g middleware.Grant) string {
	t.Helper()
	if g.Expires.IsZero() {
		g.Expires = time.Now().Add(24 * time.Hour)
	}
	link, err := l.Sign(path, g)
	if err != nil {
		t.Fatal(err)
	}
	return link
}

// digits is a view of ten bytes with an entity tag.
var digits = downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
	return downloadview.Response{File: downloadview.FromString("digits", tenDigits, nil), ETag: `"v1"`}, nil
})

var quiet = &downloadview.Options{Logger: slog.New(slog.DiscardHandler)}

// ask answers one request. client is an address, and fields are of the header.
func ask(h http.Handler, method, link, client string, fields ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, link, nil)
	r.Header.Set("Client", client)
	for i := 0; i < len(fields); i += 2 {
		r.Header.Set(fields[i], fields[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// A step is a request and its status.
type step struct {
	method, client string
	fields         []string
	status         int
}

// Each case is one link for one download, for the first in a line of requests that takes
// it.
func TestLinkForOneDownload(t *testing.T) {
	const a, b = "192.0.2.1", "192.0.2.2"
	byRange := func(r string) []string { return []string{"Range", "bytes=" + r} }
	for _, tt := range []struct {
		name  string
		steps []step
	}{
		{"two people", []step{{"GET", a, nil, 200}, {"GET", b, nil, 403}}},
		{"retries, ranges and parallel parts", []step{
			{"GET", a, byRange("0-4"), 206},
			{"GET", a, byRange("5-"), 206},
			{"GET", a, byRange("0-0,2-2"), 206},
			{"GET", a, nil, 200},
			{"GET", b, byRange("5-"), 403},
		}},
		{"without bytes there is no lease", []step{
			{"HEAD", a, nil, 200},
			{"GET", a, []string{"If-None-Match", `"v1"`}, 304},
			{"GET", a, []string{"If-Match", `"v0"`}, 412},
			{"GET", a, byRange("10-"), 416},
			{"GET", a, []string{"Sec-Purpose", "prefetch"}, 403},
			{"GET", a, []string{"Sec-Purpose", "prefetch;prerender"}, 403},
			{"GET", a, []string{"Purpose", "Prefetch"}, 403},
			{"GET", a, []string{"X-Moz", "prefetch"}, 403},
			{"GET", b, []string{"Sec-Purpose", "other"}, 200},
			{"GET", a, nil, 403},
		}},
		{"without bytes it needs none", []step{
			{"GET", a, nil, 200},
			{"HEAD", b, nil, 200},
			{"GET", b, []string{"If-None-Match", `"v1"`}, 304},
			{"GET", b, byRange("10-"), 416},
		}},
		{"one IPv6 network of 64 bits", []step{
			{"GET", "2001:db8::1", nil, 200},
			{"GET", "2001:db8::ffff:ffff:ffff:ffff", nil, 200},
			{"GET", "2001:db8:0:1::1", nil, 403},
		}},
		{"IPv4 as IPv6", []step{{"GET", "::ffff:" + a, nil, 200}, {"GET", a, nil, 200}, {"GET", "::ffff:" + b, nil, 403}}},
		{"a client without an address", []step{{"GET", "", nil, 500}, {"HEAD", "", nil, 200}, {"GET", a, nil, 200}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := countedLinks(memlease.New(nil), nil)
			for name, h := range map[string]http.Handler{
				"Handler": l.Handler(downloadview.NewHandler(digits, quiet)),
				"View":    downloadview.NewHandler(l.View(digits), quiet),
				"both":    l.Handler(downloadview.NewHandler(l.View(digits), quiet)),
			} {
				link := sign(t, l, "/"+name, middleware.Grant{Times: 1})
				for i, s := range tt.steps {
					w := ask(h, s.method, link, s.client, s.fields...)
					if w.Code != s.status {
						t.Fatalf("%s, step %d, %+v: %d %s", name, i+1, s, w.Code, w.Body)
					}
					if w.Code == 403 && (w.Body.String() != "Forbidden\n" || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Etag") != "") {
						t.Errorf("%s, step %d: refused with %v and %q", name, i+1, w.Header(), w.Body)
					}
				}
			}
		})
	}
}

// What two links or two clients share.
func TestWhatIsCountedTogether(t *testing.T) {
	const a, b = "192.0.2.1", "192.0.2.2"
	l := countedLinks(memlease.New(nil), nil)
	h := l.Handler(downloadview.NewHandler(digits, quiet))
	refused := func(link, client string, fields ...string) bool {
		t.Helper()
		w := ask(h, "GET", link, client, fields...)
		if w.Code != 200 && w.Code != 403 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		return w.Code == 403
	}
	for _, tt := range []struct {
		name          string
		first, second middleware.Grant
		paths         [2]string
		shared        bool
	}{
		{"one id", middleware.Grant{Times: 1, ID: "17"}, middleware.Grant{Times: 1, ID: "17", Expires: time.Now().Add(time.Hour)}, [2]string{"/1", "/1"}, true},
		{"two ids", middleware.Grant{Times: 1, ID: "17"}, middleware.Grant{Times: 1, ID: "18"}, [2]string{"/2", "/2"}, false},
		{"no id", middleware.Grant{Times: 1}, middleware.Grant{Times: 1}, [2]string{"/3", "/3"}, false},
		{"another path", middleware.Grant{Times: 1, ID: "17"}, middleware.Grant{Times: 1, ID: "17"}, [2]string{"/4", "/5"}, false},
		{"another query", middleware.Grant{Times: 1, ID: "17"}, middleware.Grant{Times: 1, ID: "17"}, [2]string{"/6?n=1", "/6?n=2"}, false},
		{"path and query are not joined", middleware.Grant{Times: 1, ID: "17"}, middleware.Grant{Times: 1, ID: "7"}, [2]string{"/7?n=", "/7?n=1"}, false},
	} {
		first, second := sign(t, l, tt.paths[0], tt.first), sign(t, l, tt.paths[1], tt.second)
		if refused(first, a) {
			t.Fatalf("%s: the first one is refused", tt.name)
		}
		if got := refused(second, b); got != tt.shared {
			t.Errorf("%s: the second one is refused: %v, want %v", tt.name, got, tt.shared)
		}
	}

	// Two sessions at one address are two clients.
	first := sign(t, l, "/s", middleware.Grant{Times: 1, ID: "1", Session: "alice"})
	second := sign(t, l, "/s", middleware.Grant{Times: 1, ID: "1", Session: "bob"})
	for i, alice := range []bool{true, true, false} {
		link, session := first, "alice"
		if !alice {
			link, session = second, "bob"
		}
		if got := refused(link, a, "Session", session); got == alice {
			t.Errorf("request %d, of %s: refused: %v", i+1, session, got)
		}
	}
	// A session needs no address.
	third := sign(t, l, "/s", middleware.Grant{Times: 1, Session: "alice"})
	if refused(third, "", "Session", "alice") {
		t.Error("a session without an address is refused")
	}
}

// A count outlives the key of the link: two keys, two links with one id, one download.
func TestCountOutlivesAKey(t *testing.T) {
	const secret = " AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n"
	store := memlease.New(nil)
	var links []*middleware.Links
	for _, id := range []string{"old", "new"} {
		keys, err := middleware.ParseKeys("links.keys", []byte(id+secret))
		if err != nil {
			t.Fatal(err)
		}
		links = append(links, middleware.NewLinks(keys, &middleware.LinksOptions{ClientIP: fromHeader, Leases: middleware.NewLeases(store, nil)}))
	}
	for i, want := range []int{200, 403} {
		h := links[i].Handler(downloadview.NewHandler(digits, quiet))
		if w := ask(h, "GET", sign(t, links[i], "/digits", middleware.Grant{Times: 1, ID: "17"}), fmt.Sprintf("192.0.2.%d", i)); w.Code != want {
			t.Errorf("link %d: %d, want %d", i+1, w.Code, want)
		}
	}
}

// Another version of the file is another download.
func TestVersionOfTheFile(t *testing.T) {
	l := countedLinks(memlease.New(nil), nil)
	tag := `"v1"`
	h := l.Handler(downloadview.NewHandler(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: downloadview.FromString("digits", tenDigits, nil), ETag: tag}, nil
	}), quiet))
	link := sign(t, l, "/digits", middleware.Grant{Times: 2})
	for i, want := range []int{200, 200, 403} {
		tag = fmt.Sprintf(`"v%d"`, i)
		if w := ask(h, "GET", link, "192.0.2.1"); w.Code != want {
			t.Errorf("version %d: %d, want %d", i, w.Code, want)
		}
	}
}

// A file whose time says nothing gets an entity tag when its digest is known. It is the
// same version before and after, so the client goes on.
func TestLeaseOutlivesTheFirstDigest(t *testing.T) {
	dir := t.TempDir()
	proxytest.Write(t, dir, "a.bin", tenDigits)
	if err := os.Chtimes(filepath.Join(dir, "a.bin"), time.Unix(1, 0), time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	log := newRecordingLog()
	d := middleware.NewDigests(log, nil)
	t.Cleanup(d.Close)
	l := countedLinks(memlease.New(nil), nil)
	h := l.Handler(downloadview.NewHandler(d.View(filesOf(openDisk(t, dir))), quiet))
	link := sign(t, l, "/a.bin", middleware.Grant{Times: 1})
	if w := ask(h, "GET", link, "192.0.2.1", "Range", "bytes=0-4"); w.Code != 206 || w.Header().Get("Etag") != "" {
		t.Fatalf("%d %v, want 206 without a tag", w.Code, w.Header())
	}
	log.wait(t)
	if w := ask(h, "GET", link, "192.0.2.1", "Range", "bytes=5-9"); w.Code != 206 || w.Header().Get("Etag") == "" {
		t.Errorf("the rest: %d %v, want 206 with a tag", w.Code, w.Header())
	}
	if w := ask(h, "GET", link, "192.0.2.2"); w.Code != 403 {
		t.Errorf("another client: %d, want 403", w.Code)
	}
}

// A faulty store answers with err, or not before the context is done.
type faulty struct{ err error }

func (s faulty) Lease(ctx context.Context, _ middleware.LeaseRequest) (middleware.LeaseState, error) {
	return middleware.LeaseNew, s.Complete(ctx, "", "")
}

func (s faulty) Complete(ctx context.Context, _, _ string) error {
	if s.err != nil {
		return s.err
	}
	<-ctx.Done()
	return ctx.Err()
}

// A store that can't be reached is 503, whatever its error is, and nothing of the file
// is sent. The client doesn't wait for longer than the timeout.
func TestFaultyStoreIs503(t *testing.T) {
	for name, store := range map[string]faulty{
		"error": {errors.New("connection refused")}, "missing": {fmt.Errorf("no socket: %w", io.ErrUnexpectedEOF)},
		"another status": {&downloadview.StatusError{Status: 404}}, "hanging": {},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := countedLinks(store, &middleware.LeasesOptions{Timeout: 5 * time.Second})
				link := sign(t, l, "/digits", middleware.Grant{Times: 1})
				plain := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, tenDigits) })
				for _, below := range []http.Handler{downloadview.NewHandler(digits, quiet), plain} {
					began := time.Now()
					w := ask(l.Handler(below), "GET", link, "192.0.2.1")
					if w.Code != 503 || w.Body.String() != "Service Unavailable\n" || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Retry-After") != "5" || w.Header().Get("Etag") != "" {
						t.Errorf("%d %q, %v, want 503", w.Code, w.Body, w.Header())
					}
					if took := time.Since(began); took > 5*time.Second {
						t.Errorf("it took %v, and the timeout is 5 s", took)
					}
					if w := ask(l.Handler(below), "HEAD", link, "192.0.2.1"); w.Code != 200 {
						t.Errorf("HEAD: %d, want 200", w.Code)
					}
				}
			})
		})
	}
}

// The Observer gets each answer of the store, and none for requests that need no lease.
func TestObserverOfLeases(t *testing.T) {
	var seen []string
	note := func(s middleware.LeaseState, err error) {
		if err != nil {
			seen = append(seen, err.Error())
			return
		}
		seen = append(seen, s.String())
	}
	for _, tt := range []struct {
		store middleware.LeaseStore
		want  []string
	}{
		{memlease.New(nil), []string{"new", "same", "used up"}},
		{faulty{errors.New("refused")}, []string{"refused", "refused", "refused"}},
	} {
		seen = nil
		l := countedLinks(tt.store, &middleware.LeasesOptions{Observer: note})
		link := sign(t, l, "/digits", middleware.Grant{Times: 1})
		h := l.Handler(downloadview.NewHandler(digits, quiet))
		ask(h, "HEAD", link, "192.0.2.1")
		ask(h, "GET", link, "192.0.2.1")
		ask(h, "GET", link, "192.0.2.1")
		ask(h, "GET", link, "192.0.2.2")
		if !slices.Equal(seen, tt.want) {
			t.Errorf("%T: seen %q, want %q", tt.store, seen, tt.want)
		}
	}
}

// A client that leaves while the store is asked is no failure of the store.
func TestClientLeavesWhileALeaseIsTaken(t *testing.T) {
	for name, plain := range map[string]bool{"view": false, "plain handler": true} {
		t.Run(name, func(t *testing.T) {
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			l := countedLinks(leaving{faulty{}, leave}, &middleware.LeasesOptions{Observer: func(_ middleware.LeaseState, err error) {
				t.Errorf("the Observer is told of %v", err)
			}})
			link := sign(t, l, "/digits", middleware.Grant{Times: 1})
			var o downloadview.Outcome
			h := downloadview.NewHandler(digits, &downloadview.Options{Logger: quiet.Logger, Observer: func(_ *http.Request, got downloadview.Outcome) { o = got }})
			if plain {
				h = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, o.Err = io.WriteString(w, tenDigits) })
			}
			leaves := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { l.Handler(h).ServeHTTP(w, r.WithContext(ctx)) })
			w := ask(leaves, "GET", link, "192.0.2.1")
			if w.Code != 503 || !plain && (!errors.Is(o.Err, context.Canceled) || o.AbortedBy != downloadview.AbortedByClient) {
				t.Errorf("%d, %v, aborted by %q; want 503, %v, the client", w.Code, o.Err, o.AbortedBy, context.Canceled)
			}
		})
	}
}

// A leaving store has the client leave when it is asked.
type leaving struct {
	faulty
	leave func()
}

func (s leaving) Lease(ctx context.Context, q middleware.LeaseRequest) (middleware.LeaseState, error) {
	s.leave()
	return s.faulty.Lease(ctx, q)
}

// The error hook of a view, and Refused for a plain handler, learn why.
func TestUsedUpIsToldToTheHooks(t *testing.T) {
	var reasons []string
	note := func(err error) {
		if e, ok := errors.AsType[*middleware.LinkError](err); ok {
			reasons = append(reasons, string(e.Reason)+" "+e.ID)
		}
	}
	l := middleware.NewLinks(exampleKeys, &middleware.LinksOptions{
		ClientIP: fromHeader, Leases: middleware.NewLeases(memlease.New(nil), nil),
		Refused: func(w http.ResponseWriter, r *http.Request, err error) {
			note(err)
			if r.URL.RawQuery != "" {
				t.Errorf("Refused sees the query %q", r.URL.RawQuery)
			}
			w.WriteHeader(403)
			io.WriteString(w, "gone\n")
		},
	})
	view := downloadview.NewHandler(digits, &downloadview.Options{Error: func(w http.ResponseWriter, r *http.Request, status int, err error) {
		note(err)
		w.WriteHeader(status)
		io.WriteString(w, "gone\n")
	}})
	plain := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, tenDigits) })
	for _, below := range []http.Handler{view, plain} {
		reasons = nil
		link := sign(t, l, "/digits", middleware.Grant{Times: 1, ID: fmt.Sprintf("%T", below)})
		ask(l.Handler(below), "GET", link, "192.0.2.1")
		w := ask(l.Handler(below), "GET", link, "192.0.2.2")
		if want := fmt.Sprintf("used up %T", below); w.Body.String() != "gone\n" || len(reasons) != 1 || reasons[0] != want {
			t.Errorf("%T: %q, told %q, want %q", below, w.Body, reasons, want)
		}
	}
}

// aborting answers like ask and reports whether the handler broke the answer off.
func aborting(h http.Handler, link, client string) (aborted bool) {
	defer func() {
		if p := recover(); p != nil {
			aborted = true
		}
	}()
	ask(h, "GET", link, client)
	return false
}

// A download that ends early gives its count back when its lease is over, but not more
// often than Provisional says.
func TestOnComplete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := countedLinks(memlease.New(nil), &middleware.LeasesOptions{Count: middleware.OnComplete, TTL: time.Minute, Provisional: 2})
		var broken bool
		h := l.Handler(downloadview.NewHandler(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
			f := downloadview.FromFunc("a", func(_ context.Context, w io.Writer) error {
				_, _ = io.WriteString(w, strings.Repeat("x", 1<<20))
				if broken {
					return errors.New("the source broke")
				}
				return nil
			}, nil)
			return downloadview.Response{File: f}, nil
		}), quiet))
		link := sign(t, l, "/a", middleware.Grant{Times: 1})
		broken = true
		if !aborting(h, link, "192.0.2.1") {
			t.Fatal("the first download is not broken")
		}
		if w := ask(h, "GET", link, "192.0.2.2"); w.Code != 403 {
			t.Errorf("another client within the lease: %d, want 403", w.Code)
		}
		if !aborting(h, link, "192.0.2.1") { // comes back, and breaks off again
			t.Error("the same client is refused within its lease")
		}
		time.Sleep(2 * time.Minute)
		if !aborting(h, link, "192.0.2.2") {
			t.Error("another client after the lease is refused")
		}
		time.Sleep(2 * time.Minute)
		if !aborting(h, link, "192.0.2.3") { // counts at once
			t.Error("the third client is refused")
		}
		time.Sleep(2 * time.Minute)
		if w := ask(h, "GET", link, "192.0.2.4"); w.Code != 403 {
			t.Errorf("after two provisional leases and one that counts: %d, want 403", w.Code)
		}

		broken = false
		link = sign(t, l, "/a", middleware.Grant{Times: 1})
		if w := ask(h, "GET", link, "192.0.2.1"); w.Code != 200 || w.Body.Len() != 1<<20 {
			t.Errorf("%d, %d bytes", w.Code, w.Body.Len())
		}
		time.Sleep(2 * time.Minute)
		if w := ask(h, "GET", link, "192.0.2.2"); w.Code != 403 {
			t.Errorf("after a complete download: %d, want 403", w.Code)
		}
	})
}

// By parts, a download is complete when the last byte was sent.
func TestOnCompleteByParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := countedLinks(memlease.New(nil), &middleware.LeasesOptions{Count: middleware.OnComplete, TTL: time.Minute})
		h := l.Handler(downloadview.NewHandler(digits, quiet))
		for _, tt := range []struct {
			part string
			want int
		}{{"0-4", 206}, {"5-8", 206}, {"5-9", 403}} {
			link := sign(t, l, "/a", middleware.Grant{Times: 1})
			if w := ask(h, "GET", link, "192.0.2.1", "Range", "bytes="+tt.part); w.Code != 206 {
				t.Fatalf("%s: %d", tt.part, w.Code)
			}
			time.Sleep(2 * time.Minute)
			if w := ask(h, "GET", link, "192.0.2.2", "Range", "bytes=0-0"); w.Code != tt.want {
				t.Errorf("after %s, another client: %d, want %d", tt.part, w.Code, tt.want)
			}
		}
	})
}

// A download that takes longer than a lease can be resumed: its lease is renewed while it
// is sent, and not afterwards.
func TestLongDownloadKeepsItsLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := countedLinks(memlease.New(nil), nil)
		slowly := func(w io.Writer) {
			for range 5 {
				_, _ = io.WriteString(w, "12")
				time.Sleep(time.Hour)
			}
		}
		view := downloadview.NewHandler(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
			f := downloadview.FromFunc("a", func(_ context.Context, w io.Writer) error { slowly(w); return nil }, nil)
			return downloadview.Response{File: f}, nil
		}), quiet)
		plain := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { slowly(w) })
		for _, below := range []http.Handler{view, plain} {
			h := l.Handler(below)
			link := sign(t, l, "/a", middleware.Grant{Times: 1})
			if w := ask(h, "GET", link, "192.0.2.1"); w.Code != 200 {
				t.Fatalf("%d", w.Code)
			}
			time.Sleep(time.Minute)
			if w := ask(h, "GET", link, "192.0.2.1"); w.Code != 200 {
				t.Errorf("%T: a minute after the end: %d, want 200", below, w.Code)
			}
			time.Sleep(2 * time.Hour)
			if w := ask(h, "GET", link, "192.0.2.1"); w.Code != 403 {
				t.Errorf("%T: two hours after the end: %d, want 403", below, w.Code)
			}
		}
	})
}

// The answers of plain handlers are counted when they begin.
func TestPlainHandlersAreCounted(t *testing.T) {
	for _, tt := range []struct {
		name    string
		method  string
		handler http.HandlerFunc
		counted bool
	}{
		{"write", "GET", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, tenDigits) }, true},
		{"status and write", "GET", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(206); io.WriteString(w, tenDigits) }, true},
		{"copy", "GET", func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, strings.NewReader(tenDigits)) }, true},
		{"flush", "GET", func(w http.ResponseWriter, r *http.Request) {
			_ = http.NewResponseController(w).Flush()
			io.WriteString(w, tenDigits)
		}, true},
		{"ServeContent", "GET", func(w http.ResponseWriter, r *http.Request) {
			http.ServeContent(w, r, "a", time.Now(), strings.NewReader(tenDigits))
		}, true},
		{"for a proxy", "GET", func(w http.ResponseWriter, r *http.Request) { w.Header().Set("X-Accel-Redirect", "/_m/a") }, true},
		{"redirect", "GET", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://bucket.test/a", http.StatusFound)
		}, true},
		{"early hints first", "GET", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			io.WriteString(w, tenDigits)
		}, true},
		{"HEAD", "HEAD", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(200) }, false},
		{"not modified", "GET", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(304) }, false},
		{"not found", "GET", http.NotFound, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := countedLinks(memlease.New(nil), nil)
			link := sign(t, l, "/a", middleware.Grant{Times: 1})
			s := httptest.NewServer(l.Handler(tt.handler))
			defer s.Close()
			send := func(client string) (*http.Response, string) {
				r, err := http.NewRequestWithContext(t.Context(), tt.method, s.URL+link, nil)
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("Client", client)
				resp, err := http.DefaultTransport.RoundTrip(r)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				body, err := io.ReadAll(resp.Body)
				if err != nil {
					t.Fatal(err)
				}
				return resp, string(body)
			}
			first, body := send("192.0.2.1")
			again, bodyAgain := send("192.0.2.1")
			if first.StatusCode == 403 || again.StatusCode != first.StatusCode || bodyAgain != body {
				t.Errorf("the same client: %d %q, then %d %q", first.StatusCode, body, again.StatusCode, bodyAgain)
			}
			other, body := send("192.0.2.2")
			switch {
			case !tt.counted && other.StatusCode != first.StatusCode:
				t.Errorf("another client: %d, want %d", other.StatusCode, first.StatusCode)
			case tt.counted && (other.StatusCode != 403 || body != "Forbidden\n" || other.Header.Get("X-Accel-Redirect") != "" || other.Header.Get("Location") != "" || other.Header.Get("Cache-Control") != "no-store"):
				t.Errorf("another client: %d %q, header %v, want 403", other.StatusCode, body, other.Header)
			}
		})
	}
}

// A handler that aborts when it can't write doesn't take the refusal back.
func TestRefusalBeatsAnAbort(t *testing.T) {
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, tenDigits) }))
	defer origin.Close()
	target, err := url.Parse(origin.URL)
	if err != nil {
		t.Fatal(err)
	}
	l := countedLinks(memlease.New(nil), nil)
	s := httptest.NewServer(l.Handler(httputil.NewSingleHostReverseProxy(target)))
	defer s.Close()
	link := sign(t, l, "/a", middleware.Grant{Times: 1})
	for i, want := range []int{200, 403} {
		r, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+link, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Client", fmt.Sprintf("192.0.2.%d", i))
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(resp.Body) // which ends with an error
		resp.Body.Close()
		if resp.StatusCode != want || want == 403 && string(text) != "Forbidden\n" {
			t.Errorf("client %d: %d %q, want %d", i, resp.StatusCode, text, want)
		}
	}
}

func TestStoreOfOnesOwn(t *testing.T) { leasetest.Run(t, &table{rows: map[string][]row{}}) }

func TestNewLeasesPanics(t *testing.T) {
	for name, f := range map[string]func(){
		"store":       func() { middleware.NewLeases(nil, nil) },
		"TTL":         func() { middleware.NewLeases(memlease.New(nil), &middleware.LeasesOptions{TTL: time.Millisecond}) },
		"Provisional": func() { middleware.NewLeases(memlease.New(nil), &middleware.LeasesOptions{Provisional: -1}) },
		"Timeout":     func() { middleware.NewLeases(memlease.New(nil), &middleware.LeasesOptions{Timeout: -1}) },
		"Count":       func() { middleware.NewLeases(memlease.New(nil), &middleware.LeasesOptions{Count: 2}) },
	} {
		func() {
			defer func() {
				if p := recover(); p == nil || !strings.Contains(fmt.Sprint(p), name) {
					t.Errorf("%s: panicked with %v", name, p)
				}
			}()
			f()
		}()
	}
}

// A store that panics when a lease is renewed doesn't end the program, and the lease is
// renewed later.
func TestPanicOfARenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &panickingOnce{LeaseStore: memlease.New(nil)}
		l := countedLinks(store, &middleware.LeasesOptions{TTL: time.Minute})
		f := downloadview.FromFunc("a", func(_ context.Context, w io.Writer) error {
			time.Sleep(10 * time.Minute)
			_, err := io.WriteString(w, tenDigits)
			return err
		}, &downloadview.Attributes{ETag: `"v1"`})
		h := l.Handler(downloadview.NewHandler(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
			return downloadview.Response{File: f}, nil
		}), quiet))
		link := sign(t, l, "/a", middleware.Grant{Times: 1})
		if w := ask(h, "GET", link, "192.0.2.1"); w.Code != 200 || w.Body.String() != tenDigits {
			t.Errorf("%d %q", w.Code, w.Body)
		}
		if w := ask(h, "GET", link, "192.0.2.1"); w.Code != 200 {
			t.Errorf("the same client again: %d, want 200", w.Code)
		}
	})
}

// A panickingOnce store panics at the first renewal.
type panickingOnce struct {
	middleware.LeaseStore
	asked atomic.Int64
}

func (s *panickingOnce) Lease(ctx context.Context, q middleware.LeaseRequest) (middleware.LeaseState, error) {
	if s.asked.Add(1) == 2 {
		panic("of the store")
	}
	return s.LeaseStore.Lease(ctx, q)
}
