package middleware

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
)

var testNow = time.Unix(1790000000, 0)

func testLinks(t testing.TB, o *LinksOptions) *Links {
	t.Helper()
	l := NewLinks(mustKeys(t, "a "+secretA), o)
	setTime(l, testNow)
	return l
}

// setTime stops the clocks of l.
func setTime(l *Links, now time.Time) {
	l.now = func() time.Time { return now }
	l.second = l.now
}

func mustSign(t testing.TB, l *Links, rawURL string, g Grant) string {
	t.Helper()
	if g.Expires.IsZero() {
		g.Expires = testNow.Add(time.Hour)
	}
	s, err := l.Sign(rawURL, g)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func reasonOf(t testing.TB, err error) LinkReason {
	t.Helper()
	if err == nil {
		return ""
	}
	e, ok := errors.AsType[*LinkError](err)
	if !ok {
		t.Fatalf("error %v, want a *LinkError", err)
	}
	return e.Reason
}

func get(h http.Handler, method, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestSignRefuses(t *testing.T) {
	hour := testNow.Add(time.Hour)
	for _, tt := range []struct {
		name, url string
		g         Grant
		want      string
	}{
		{"no expiry", "/a", Grant{}, "Expires is not set"},
		{"over", "/a", Grant{Expires: testNow}, "is over"},
		{"too far", "/a", Grant{Expires: time.Unix(1e11, 0)}, "between 1970 and 5138"},
		{"never valid", "/a", Grant{Expires: hour, NotBefore: hour}, "before NotBefore"},
		{"before 1970", "/a", Grant{Expires: hour, NotBefore: time.Unix(-1, 0)}, "NotBefore"},
		{"no slash", "a", Grant{Expires: hour}, "want a path"},
		{"two slashes", "/a//b", Grant{Expires: hour}, "want a path"},
		{"dots", "/a/../b", Grant{Expires: hour}, "want a path"},
		{"encoded dots", "/a/%2e%2e/b", Grant{Expires: hour}, "want a path"},
		{"encoded slash", "/a%2Fb", Grant{Expires: hour}, "want a path"},
		{"backslash", "/%5Ca", Grant{Expires: hour}, "want a path"},
		{"NUL", "/a%00", Grant{Expires: hour}, "want a path"},
		{"semicolon", "/a;b", Grant{Expires: hour}, "want a path"},
		{"fragment", "/a#b", Grant{Expires: hour}, "fragment"},
		{"no URL", "/%zz", Grant{Expires: hour}, "%zz"},
		{"token there", "/a?dv=1", Grant{Expires: hour}, `parameter "dv"`},
		{"parameter without a name", "/a?=1", Grant{Expires: hour}, `parameter ""`},
		{"bad query", "/a?b=%zz", Grant{Expires: hour}, "query"},
		{"no host", "/a", Grant{Expires: hour, ThisHost: true}, "ThisHost"},
		{"host with other letters", "https://bücher.example/a", Grant{Expires: hour, ThisHost: true}, "in ASCII"},
		{"disposition", "/a", Grant{Expires: hour, Disposition: "show"}, `"show"`},
		{"line in a name", "/a", Grant{Expires: hour, Name: "a\nb"}, `"a\nb"`},
		{"long name", "/a", Grant{Expires: hour, Name: strings.Repeat("n", 256)}, "255 bytes"},
		{"broken id", "/a", Grant{Expires: hour, ID: "\xff"}, "UTF-8"},
		{"negative times", "/a", Grant{Expires: hour, Times: -1}, "negative"},
		{"negative window", "/a", Grant{Expires: hour, Window: -1}, "negative"},
		{"network without length", "/a", Grant{Expires: hour, Network: netip.PrefixFrom(netip.MustParseAddr("10.0.0.0"), 33)}, "Network"},
		{"mapped network", "/a", Grant{Expires: hour, Network: netip.MustParsePrefix("::ffff:10.0.0.0/104")}, "want it as IPv4"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := testLinks(t, nil).Sign(tt.url, tt.g)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Sign(%q) = %q, %v, want an error with %q", tt.url, got, err, tt.want)
			}
		})
	}
	l := testLinks(t, nil)
	l.keys = new(Keys)
	if _, err := l.Sign("/a", Grant{Expires: hour}); err == nil || !strings.Contains(err.Error(), "no key signs") {
		t.Errorf("without a key: %v", err)
	}
	l.keys = mustKeys(t, "a "+secretA+" accept-until="+testNow.Add(time.Minute).UTC().Format(time.RFC3339))
	if _, err := l.Sign("/a", Grant{Expires: hour}); err == nil || !strings.Contains(err.Error(), "the key a is accepted until") {
		t.Errorf("with a key that ends before: %v", err)
	}
}

// Clients don't name a port that is the usual one, so it is no part of a link for a host.
func TestUsualPortsOfAHost(t *testing.T) {
	h := testLinks(t, nil).Handler(http.NotFoundHandler())
	for _, tt := range []struct{ url, host string }{
		{"http://a.test:80/x", "a.test"},
		{"https://a.test:443/x", "a.test"},
		{"https://a.test:/x", "a.test"},
		{"https://[2001:db8::1]:443/x", "[2001:db8::1]"},
		{"https://a.test:80/x", "a.test:80"},
		{"http://a.test:443/x", "a.test:443"},
		{"http://a.test:8080/x", "a.test:8080"},
	} {
		link := mustSign(t, testLinks(t, nil), tt.url, Grant{ThisHost: true})
		u := mustURL(t, link)
		r := httptest.NewRequest("GET", u.RequestURI(), nil)
		r.Host = tt.host
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if u.Host != tt.host || w.Code != 404 {
			t.Errorf("%s: the link %s is %d at %s, want the host %[4]s and 404", tt.url, link, w.Code, tt.host)
		}
	}
}

func TestAKeyThatIsNotAcceptedAnyMore(t *testing.T) {
	l := testLinks(t, nil)
	link := mustSign(t, l, "/a", Grant{})
	for _, tt := range []struct {
		keys string
		want LinkReason
	}{
		{"b " + secretB + "\na " + secretA, ""},
		{"a " + secretA + " sign-from=2027-01-01T00:00:00Z", ""},
		{"a " + secretA + " accept-until=" + testNow.UTC().Format(time.RFC3339), LinkUnknownKey},
		{"b " + secretA, LinkUnknownKey},
		{"a " + secretB, LinkAltered},
	} {
		l.keys.Swap(mustKeys(t, tt.keys))
		_, err := l.verify(httptest.NewRequest("GET", link, nil))
		if got := reasonOf(t, err); got != tt.want {
			t.Errorf("keys %.30q: refused for %q, want %q", tt.keys, got, tt.want)
		}
	}
}

func TestWindow(t *testing.T) {
	l := testLinks(t, nil)
	phases := map[int64]bool{}
	for i := range 50 {
		path := fmt.Sprintf("/%d", i)
		links := map[string]bool{}
		for s := range int64(3600) {
			g := Grant{Expires: testNow.Add(time.Duration(s) * time.Second), Window: time.Hour}
			expiry := g.inWindow(path)
			if late := expiry - g.Expires.Unix(); late < 0 || late >= 3600 {
				t.Fatalf("expires %d s after it was asked to", late)
			}
			phases[expiry%3600] = true
			if s%600 == 1 {
				links[mustSign(t, l, path, g)] = true
			}
		}
		if len(links) > 2 {
			t.Errorf("%s has %d links in an hour, want at most 2", path, len(links))
		}
	}
	if len(phases) < 40 {
		t.Errorf("50 paths expire at %d seconds of the hour", len(phases))
	}
	g := Grant{Expires: testNow, Window: 100 * 365 * 24 * time.Hour}
	if got := g.inWindow("/b") - testNow.Unix(); got < 0 || got >= 100*365*24*3600 {
		t.Errorf("in a window of 100 years it expires %d s later", got)
	}
}

// No two sets of claims have the same canonical bytes: what differs in one field
// differs in the bytes, and bytes can be read back.
func TestCanonicalBytesAreUnique(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"", "0:\n", "1:a\n", "a", "\n", ":", "1", "0:\n0:\n", "\x00", "4:read\n"}
	seen := map[string][14]string{}
	for range 30000 {
		var f [14]string
		for i := range f {
			f[i] = pieces[rnd.IntN(len(pieces))] + pieces[rnd.IntN(len(pieces))]
		}
		l := link{host: f[1], path: f[2], notBefore: f[3], expiry: f[4], name: f[5], disposition: f[6], network: f[7], times: f[8], id: f[9], query: f[10], session: f[11], version: f[12], kind: f[13]}
		bytes := string(l.canonical(nil, f[0]))
		if other, ok := seen[bytes]; ok && other != f {
			t.Fatalf("%q and %q have the same canonical bytes", f, other)
		}
		seen[bytes] = f
		want := []string{f[0], "read", f[1], f[13], f[2], f[3], f[4], f[5], f[6], f[7], f[8], f[9], f[10], f[11], f[12]}
		rest, ok := strings.CutPrefix(bytes, "downloadview link 1\n")
		for _, w := range want {
			var n int
			if _, err := fmt.Sscanf(rest, "%d:", &n); err != nil || !ok {
				t.Fatalf("%q can't be read back", bytes)
			}
			_, rest, _ = strings.Cut(rest, ":")
			if rest[:n] != w || rest[n] != '\n' {
				t.Fatalf("%q has %q, want %q", bytes, rest[:n], w)
			}
			rest = rest[n+1:]
		}
	}
}

// Each field that a link has, URL or not, is in its MAC.
func TestEachFieldIsSigned(t *testing.T) {
	var l link
	plain := string(l.canonical(nil, "k"))
	for i, field := range []*string{&l.kind, &l.host, &l.path, &l.notBefore, &l.expiry, &l.times, &l.name, &l.disposition, &l.network, &l.id, &l.query, &l.session, &l.version} {
		*field = "x"
		if string(l.canonical(nil, "k")) == plain {
			t.Errorf("field %d is not signed", i)
		}
		*field = ""
	}
}

func TestTheRequestBelowHasNoToken(t *testing.T) {
	l := testLinks(t, nil)
	link := mustSign(t, l, "/a%20b?page=2", Grant{})
	var seen *http.Request
	h := l.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = r }))
	read := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // as a logger outside may do
		_ = r.ParseForm()
		h.ServeHTTP(w, r)
	})
	w := get(read, "GET", link+"&utm_source=x&page2=3&a;b&c=%zz", "Referer", "https://example.test"+link)
	if w.Code != 200 || seen == nil {
		t.Fatalf("status %d", w.Code)
	}
	if got := seen.URL.String(); got != "/a%20b?page=2" {
		t.Errorf("URL below %q", got)
	}
	if seen.RequestURI != "/a%20b?page=2" {
		t.Errorf("RequestURI below %q", seen.RequestURI)
	}
	if seen.FormValue("page") != "2" || len(seen.Form) != 1 {
		t.Errorf("Form below %v", seen.Form)
	}
	if got := seen.Referer(); got != "" {
		t.Errorf("Referer below %q", got)
	}
	if got := w.Header().Get("Referrer-Policy"); got != "no-referrer" {
		t.Errorf("Referrer-Policy %q", got)
	}
	if got := w.Header().Get("Cache-Control"); got != "private, max-age=0" {
		t.Errorf("Cache-Control %q", got)
	}
}

// A stranger sees the same answer whatever is wrong; the application learns it.
func TestAStrangerSeesOne403(t *testing.T) {
	all, keys := readVectors(t)
	for _, v := range all.Links {
		if v.Reason == "" {
			continue
		}
		var reason LinkReason
		var log bytes.Buffer
		l := v.links(keys)
		l.o.Logger = slog.New(slog.NewTextHandler(&log, nil))
		below := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error(v.Name, "came through") })
		w := httptest.NewRecorder()
		l.Handler(below).ServeHTTP(w, v.request(t))
		if w.Code != 403 || w.Body.String() != "Forbidden\n" || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Referrer-Policy") != "no-referrer" || len(w.Header()) != 4 {
			t.Errorf("%s: %d %q %v", v.Name, w.Code, w.Body, w.Header())
		}
		if !strings.Contains(log.String(), string(v.Reason)) {
			t.Errorf("%s: the log has no %q: %s", v.Name, v.Reason, &log)
		}
		l.o.Refused = func(w http.ResponseWriter, r *http.Request, err error) {
			reason = reasonOf(t, err)
			for _, secret := range v.secretsOf() {
				if strings.Contains(err.Error()+log.String()+fmt.Sprint(r.URL, r.RequestURI, r.Header), secret) {
					t.Errorf("%s: %q is told", v.Name, secret)
				}
			}
			w.WriteHeader(http.StatusGone)
		}
		if w := get(l.Handler(below), "GET", "/"); w.Code != http.StatusGone {
			t.Errorf("status %d, want that of Refused", w.Code)
		}
		w = httptest.NewRecorder()
		l.Handler(below).ServeHTTP(w, v.request(t))
		if reason != v.Reason || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: Refused learns %q, want %q; %v", v.Name, reason, v.Reason, w.Header())
		}
	}
}

// secretsOf returns the tokens that a request has, and their MACs.
func (v *vector) secretsOf() (all []string) {
	text := v.URL
	if strings.Contains(v.Cookie, cookieMark) { // another cookie is not a link's
		text += " " + v.Cookie
	}
	for _, token := range tokenText.FindAllString(text, -1) {
		all = append(all, token, token[strings.LastIndex(token, ".")+1:])
	}
	return all
}

func TestOtherMethodsAreRefused(t *testing.T) {
	l := testLinks(t, nil)
	link := mustSign(t, l, "/a", Grant{})
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "get"} {
		_, err := l.verify(&http.Request{Method: method, URL: mustURL(t, link)})
		if got := reasonOf(t, err); got != LinkMethod {
			t.Errorf("%s: %q, want %q", method, got, LinkMethod)
		}
	}
}

func mustURL(t testing.TB, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func testView(resp downloadview.Response) downloadview.View {
	return downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		if resp.File == nil {
			resp.File = downloadview.FromString("stored.pdf", "0123456789", nil)
		}
		return resp, nil
	})
}

func TestViewsGetNameAndDisposition(t *testing.T) {
	for _, tt := range []struct {
		name string
		g    Grant
		resp downloadview.Response
		want string
	}{
		{"neither", Grant{}, downloadview.Response{}, `attachment; filename="stored.pdf"`},
		{"name", Grant{Name: "Q1.pdf"}, downloadview.Response{Name: "view.pdf"}, `attachment; filename="Q1.pdf"`},
		{"inline", Grant{Disposition: "inline"}, downloadview.Response{}, `inline; filename="stored.pdf"`},
		{"attachment", Grant{Disposition: "attachment"}, downloadview.Response{Disposition: downloadview.Inline}, `attachment; filename="stored.pdf"`},
		{"the view's", Grant{}, downloadview.Response{Disposition: downloadview.Inline}, `inline; filename="stored.pdf"`},
		{"active is not shown by a link", Grant{Disposition: "inline"}, downloadview.Response{File: downloadview.FromString("a.html", "<b>", nil)}, `attachment; filename="a.html"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := testLinks(t, nil)
			link := mustSign(t, l, "/a", tt.g)
			for kind, h := range map[string]http.Handler{
				"Handler": l.Handler(downloadview.NewHandler(testView(tt.resp), nil)),
				"View":    downloadview.NewHandler(l.View(testView(tt.resp)), nil),
				"Use":     downloadview.Use(l.View)(downloadview.NewHandler(testView(tt.resp), nil)),
				"both":    l.Handler(downloadview.NewHandler(l.View(testView(tt.resp)), nil)),
			} {
				w := get(h, "GET", link)
				if got := w.Header().Get("Content-Disposition"); w.Code != 200 || got != tt.want {
					t.Errorf("%s: %d %q, want %q", kind, w.Code, got, tt.want)
				}
				if got := w.Header().Get("Referrer-Policy"); got != "no-referrer" {
					t.Errorf("%s: Referrer-Policy %q", kind, got)
				}
				w = get(h, "GET", "/a")
				if w.Code != 403 || w.Header().Get("Cache-Control") != "no-store" || w.Body.String() != "Forbidden\n" {
					t.Errorf("%s, without a link: %d %v", kind, w.Code, w.Header())
				}
			}
		})
	}
}

// The admission of one Links is none for another.
func TestLinksOfAnotherDoNotAdmit(t *testing.T) {
	outer, inner := testLinks(t, nil), NewLinks(mustKeys(t, "b "+secretB), nil)
	h := outer.Handler(downloadview.NewHandler(inner.View(testView(downloadview.Response{})), nil))
	if w := get(h, "GET", mustSign(t, outer, "/a", Grant{})); w.Code != 403 {
		t.Errorf("status %d, want 403", w.Code)
	}
}

func TestLinksComposeWithRangesHEADAnd304(t *testing.T) {
	l := testLinks(t, nil)
	send := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		downloadview.Send(w, r, downloadview.Response{File: downloadview.FromString("a", "0123456789", nil), ETag: `"v1"`})
	})
	view := testView(downloadview.Response{ETag: `"v1"`})
	cookie := mustCookie(t, l, "/a/", Grant{Disposition: "inline"})
	for kind, h := range map[string]http.Handler{
		"Handler": l.Handler(downloadview.NewHandler(view, nil)), "Handler and Send": l.Handler(send),
		"View": downloadview.NewHandler(l.View(view), nil), "Use": downloadview.Use(l.View)(downloadview.NewHandler(view, nil)), "Use and Send": downloadview.Use(l.View)(send),
	} {
		for _, link := range []struct{ target, cookie string }{
			{mustSign(t, l, "/a/x", Grant{Disposition: "inline"}), ""},
			{mustSignPrefix(t, l, "/a/", Grant{Disposition: "inline"}) + "x", ""},
			{"/a/x", cookie.Name + "=" + cookie.Value},
		} {
			for _, tt := range []struct {
				method, field, value string
				status               int
				body                 string
			}{
				{"GET", "Accept", "*/*", 200, "0123456789"},
				{"HEAD", "Accept", "*/*", 200, ""},
				{"GET", "Range", "bytes=2-4", 206, "234"},
				{"GET", "Range", "bytes=20-", 416, "Requested Range Not Satisfiable\n"},
				{"GET", "If-None-Match", `"v1"`, 304, ""},
			} {
				header := []string{tt.field, tt.value}
				if link.cookie != "" {
					header = append(header, "Cookie", link.cookie)
				}
				w := get(h, tt.method, link.target, header...)
				if w.Code != tt.status || w.Body.String() != tt.body {
					t.Errorf("%s: %s %s: %s: %s: %d %q, want %d %q", kind, tt.method, link.target, tt.field, tt.value, w.Code, w.Body, tt.status, tt.body)
				}
				if got := w.Header().Get("Content-Disposition"); tt.status < 300 && !strings.HasPrefix(got, "inline") {
					t.Errorf("%s: %s: %q, want what the link has", kind, link.target, got)
				}
			}
			if w := get(h, "GET", strings.Replace(link.target, "/a/", "/b/", 1), "Cookie", link.cookie); w.Code != 403 {
				t.Errorf("%s: %s at another path: %d", kind, link.target, w.Code)
			}
		}
	}
}

func TestAnswersAreNotCachedLongerThanTheLinkLives(t *testing.T) {
	for _, tt := range []struct{ policy, want string }{
		{"", "private, no-cache"},
		{"max-age=60", "private, max-age=60"},
		{"public, max-age=86400, s-maxage=99999", "private, max-age=3600"},
		{"max-age=31536000, immutable", "private, max-age=3600, immutable"},
		{"MAX-AGE=86400, stale-while-revalidate=600, stale-if-error=9", "private, max-age=3600"},
		{"max-age=1, max-age=86400", "private, max-age=1"},
		{"max-age=never", "private, max-age=0"},
		{"public", "private, max-age=3600"},
		{"no-store", "private, no-store"},
		{`private="a, b", max-age=86400`, "private, no-cache"},
	} {
		l := testLinks(t, nil)
		resp := downloadview.Response{CacheControl: tt.policy, Header: http.Header{
			"Surrogate-Control": {"max-age=9"}, "X-Job": {"1"}, "Cdn-Cache-Control": {"max-age=9"},
			"Edge-Control": {"max-age=9"}, "X-Accel-Expires": {"9"}, "X-LiteSpeed-Cache-Control": {"public,max-age=9"},
		}}
		w := get(l.Handler(downloadview.NewHandler(testView(resp), nil)), "GET", mustSign(t, l, "/a", Grant{}))
		if got := w.Header().Get("Cache-Control"); got != tt.want {
			t.Errorf("%q becomes %q, want %q", tt.policy, got, tt.want)
		}
		for name := range resp.Header {
			if got := w.Header().Get(name); (got != "") != (name == "X-Job") {
				t.Errorf("%s: %q", name, got)
			}
		}
		if len(resp.Header) != 6 {
			t.Errorf("the view's own header is changed: %v", resp.Header)
		}
	}
}

// No policy for shared caches that a handler outside has set for the whole site is sent with
// an answer by a link, nor with a refusal: for a cookie, both have the same URL.
func TestPoliciesOfHandlersOutside(t *testing.T) {
	l := testLinks(t, nil)
	plain := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("x")) })
	for _, below := range []http.Handler{downloadview.NewHandler(testView(downloadview.Response{}), nil), plain} {
		site := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("CDN-Cache-Control", "public, max-age=86400")
			w.Header().Set("Surrogate-Control", "max-age=86400")
			l.Handler(below).ServeHTTP(w, r)
		})
		for link, status := range map[string]int{mustSign(t, l, "/a", Grant{}): 200, "/a": 403} {
			w := get(site, "GET", link)
			if h := w.Header(); w.Code != status || h.Get("CDN-Cache-Control")+h.Get("Surrogate-Control") != "" {
				t.Errorf("%s: %d %v, want %d and no policy for shared caches", link, w.Code, h, status)
			}
		}
	}
}

func TestVersionThatCannotBeAsked(t *testing.T) {
	l := testLinks(t, &LinksOptions{Version: func(*http.Request) (string, error) { return "", fs.ErrNotExist }})
	link := mustSign(t, l, "/a", Grant{})
	for kind, h := range map[string]http.Handler{
		"Handler": l.Handler(http.NotFoundHandler()),
		"View":    downloadview.NewHandler(l.View(testView(downloadview.Response{})), nil),
	} {
		if w := get(h, "GET", link); w.Code != 404 || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v, want the 404 of the error", kind, w.Code, w.Header())
		}
	}
}

// The error of Version may be any StatusError, with its fields: a redirect to a login, or
// a store that asks to come again.
func TestVersionChoosesTheAnswer(t *testing.T) {
	for name, tt := range map[string]struct {
		err    *downloadview.StatusError
		status int
		field  string
	}{
		"login":      {&downloadview.StatusError{Status: 303, Header: http.Header{"Location": {"/login"}}}, 303, "Location"},
		"challenge":  {&downloadview.StatusError{Status: 401, Header: http.Header{"WWW-Authenticate": {"Basic"}}}, 401, "Www-Authenticate"},
		"busy":       {&downloadview.StatusError{Status: 503, Header: http.Header{"Retry-After": {"5"}}}, 503, "Retry-After"},
		"a mistake":  {&downloadview.StatusError{Status: 200, Header: http.Header{"Location": {"/login"}}}, 500, ""},
		"and two of": {&downloadview.StatusError{Status: 302, Header: http.Header{"Location": {"/a", "/b"}}}, 500, ""},
	} {
		l := testLinks(t, &LinksOptions{Version: func(*http.Request) (string, error) { return "", tt.err }})
		link := mustSign(t, l, "/a", Grant{})
		for kind, h := range map[string]http.Handler{
			"Handler": l.Handler(http.NotFoundHandler()),
			"View":    downloadview.NewHandler(l.View(testView(downloadview.Response{})), nil),
		} {
			w := get(h, "GET", link)
			header := w.Header()
			if w.Code != tt.status || header.Get("Cache-Control") != "no-store" || (tt.field == "") != (header.Get("Location")+header.Get("Www-Authenticate")+header.Get("Retry-After") == "") {
				t.Errorf("%s, %s: %d %v, want %d with %q", name, kind, w.Code, header, tt.status, tt.field)
			}
			if tt.field != "" && len(header[tt.field]) != 1 {
				t.Errorf("%s, %s: %s %q, want one", name, kind, tt.field, header[tt.field])
			}
		}
	}
}

func TestClientIP(t *testing.T) {
	var ip netip.Addr
	l := testLinks(t, &LinksOptions{ClientIP: func(*http.Request) netip.Addr { return ip }})
	link := mustSign(t, l, "/a", Grant{Network: netip.MustParsePrefix("10.1.2.3/8")})
	for addr, want := range map[string]LinkReason{"10.9.9.9": "", "::ffff:10.9.9.9": "", "11.0.0.1": LinkOtherNetwork, "": LinkOtherNetwork} {
		ip, _ = netip.ParseAddr(addr)
		_, err := l.verify(httptest.NewRequest("GET", link, nil))
		if got := reasonOf(t, err); got != want {
			t.Errorf("%q: %q, want %q", addr, got, want)
		}
	}
	l.o.ClientIP = nil
	for addr, want := range map[string]LinkReason{"10.9.9.9:1": "", "[::ffff:10.9.9.9]:1": "", "[fe80::1%eth0]:1": LinkOtherNetwork, "@": LinkOtherNetwork} {
		r := httptest.NewRequest("GET", link, nil)
		r.RemoteAddr = addr
		_, err := l.verify(r)
		if got := reasonOf(t, err); got != want {
			t.Errorf("%q: %q, want %q", addr, got, want)
		}
	}
}

func TestEscapedTokensAreTheSame(t *testing.T) {
	l := testLinks(t, nil)
	link := mustSign(t, l, "/a", Grant{})
	_, err := l.verify(httptest.NewRequest("GET", strings.ReplaceAll(link, ".", "%2E"), nil))
	if err != nil {
		t.Error(err)
	}
	for _, more := range []string{"&dv", "&%64v=", "&dv=1", "&d%76=" + link[6:]} {
		_, err := l.verify(httptest.NewRequest("GET", link+more, nil))
		if got := reasonOf(t, err); got != LinkMalformed {
			t.Errorf("a second token %q: %q, want %q", more, got, LinkMalformed)
		}
	}
}

// A set of claims has one text: each other that means the same is refused.
func TestClaimsHaveOneText(t *testing.T) {
	l := testLinks(t, nil)
	link := mustSign(t, l, "/a?p=1&q=2", Grant{Name: "n", Disposition: "inline", ID: "i", NotBefore: testNow})
	parts := strings.Split(link, ".")
	const want = "b10:1790000000n1:nd6:inlinei1:iq3:p&q"
	if text, _ := base64.RawURLEncoding.DecodeString(parts[3]); string(text) != want {
		t.Fatalf("claims %q, want %q", text, want)
	}
	for _, tt := range []struct{ name, text string }{
		{"other order", "n1:nb10:1790000000d6:inlinei1:iq3:p&q"},
		{"one twice", "b10:1790000000n1:nn1:nd6:inlinei1:iq3:p&q"},
		{"zero before a length", "b10:1790000000n01:nd6:inlinei1:iq3:p&q"},
		{"zero before a time", "b11:01790000000n1:nd6:inlinei1:iq3:p&q"},
		{"empty one", "b10:1790000000n1:nd6:inlinet0:i1:iq3:p&q"},
		{"unknown letter", want + "z1:1"},
		{"too short", want[:len(want)-1]},
		{"rest", want + "q"},
		{"names in another order", "b10:1790000000n1:nd6:inlinei1:iq3:q&p"},
		{"name twice", "b10:1790000000n1:nd6:inlinei1:iq5:p&p&q"},
		{"name escaped", "b10:1790000000n1:nd6:inlinei1:iq5:%70&q"},
		{"the token as a parameter", "b10:1790000000n1:nd6:inlinei1:iq6:dv&p&q"},
		{"nothing", ""},
		{"host", "h1:2" + want},
	} {
		parts[3] = base64.RawURLEncoding.EncodeToString([]byte(tt.text))
		_, err := l.verify(httptest.NewRequest("GET", strings.Join(parts, "."), nil))
		if got := reasonOf(t, err); got != LinkMalformed && got != LinkAltered {
			t.Errorf("%s: refused for %q, want a refusal", tt.name, got)
		}
	}
	parts[3] = base64.RawURLEncoding.EncodeToString([]byte(want)) // of which the last character has bits to spare
	parts[3] = parts[3][:len(parts[3])-1] + string(parts[3][len(parts[3])-1]+1)
	if _, err := l.verify(httptest.NewRequest("GET", strings.Join(parts, "."), nil)); reasonOf(t, err) != LinkMalformed {
		t.Errorf("loose bits: %v", err)
	}
}

// The verifier never panics, and takes nothing but what was signed.
func FuzzVerify(f *testing.F) {
	all, keys := readVectors(f)
	signed := map[string]string{} // the path or prefix that a token was made for
	for _, v := range all.Links {
		f.Add(v.URL, v.Cookie)
		if refused := (&LinkError{Reason: v.Reason}); v.Grant == nil && v.Reason != "" && !refused.isGenuine() {
			continue // it was altered
		}
		path := mustURL(f, v.URL).Path
		if _, token, ok := strings.Cut(v.URL, "dv="); ok {
			token, _, _ = strings.Cut(token, "&")
			signed[token] = path
			continue
		}
		if _, rest, ok := strings.Cut(path, "/~1."); ok {
			_, path, _ = strings.Cut(rest, "/")
			path = "/" + path
		}
		for _, token := range tokenText.FindAllString(v.URL+" "+v.Cookie, -1) {
			text, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[3])
			if _, slashes, ok := strings.Cut(string(text), "p1:"); ok && err == nil {
				n, _ := strconv.Atoi(slashes)
				segments := strings.SplitAfter(path, "/")
				signed[token] = strings.Join(segments[:min(n, len(segments))], "")
			}
		}
	}
	l := NewLinks(keys, nil)
	setTime(l, testNow)
	f.Fuzz(func(t *testing.T, target, cookie string) {
		u, err := url.ParseRequestURI(target)
		if err != nil {
			return
		}
		r := &http.Request{Method: "GET", URL: u, Host: "files.example.test", RemoteAddr: "192.0.2.7:1", Header: http.Header{"Cookie": {cookie}}}
		g, err := l.verify(r)
		if err != nil {
			reasonOf(t, err)
			return
		}
		below := l.admitted(r, g)
		path := below.URL.Path
		for _, token := range tokenText.FindAllString(unescaped(target), -1) {
			if of := signed[token]; of != "" && (of == path || strings.HasSuffix(of, "/") && strings.HasPrefix(path, of)) {
				return
			}
		}
		if token, n := tokenOf(u.RawQuery); n == 0 && !strings.HasPrefix(u.Path, pathMark) {
			for _, token := range tokenText.FindAllString(cookie, -1) {
				if of := signed[token]; strings.HasSuffix(of, "/") && strings.HasPrefix(path, of) {
					return
				}
			}
		} else if signed[token] == path {
			return
		}
		t.Errorf("%q with the cookie %q is let in, but was not signed", target, cookie)
	})
}

// verified are requests with a link of each kind.
func verified(t testing.TB, l *Links, expires time.Time) map[string]*http.Request {
	t.Helper()
	cookie := httptest.NewRequest("GET", "/reports/2026/q1.pdf", nil)
	cookie.AddCookie(mustCookie(t, l, "/reports/", Grant{Expires: expires}))
	return map[string]*http.Request{
		"plain":  httptest.NewRequest("GET", mustSign(t, l, "/reports/2026/q1.pdf", Grant{Expires: expires}), nil),
		"name":   httptest.NewRequest("GET", mustSign(t, l, "/reports/2026/q1.pdf", Grant{Expires: expires, Name: "Q1 sales.pdf", Disposition: "inline", ID: "invoice-17"}), nil),
		"prefix": httptest.NewRequest("GET", mustSignPrefix(t, l, "/reports/", Grant{Expires: expires})+"2026/q1.pdf", nil),
		"cookie": cookie,
	}
}

// The benchmarks with HMAC in their name are for the MAC of the same link alone.
func BenchmarkVerify(b *testing.B) {
	l := NewLinks(mustKeys(b, "a "+secretA), nil)
	for name, r := range verified(b, l, time.Now().Add(time.Hour)) {
		b.Run(name+"-HMAC", func(b *testing.B) {
			g, err := l.verify(r)
			if err != nil {
				b.Fatal(err)
			}
			text, mac, sum := g.canonical(nil, "a"), hmac.New(sha256.New, make([]byte, 32)), make([]byte, 0, 32)
			for b.Loop() {
				mac.Reset()
				mac.Write(text)
				mac.Sum(sum)
			}
		})
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := l.verify(r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestVerifyHasTwoAllocations(t *testing.T) {
	l := testLinks(t, nil)
	most := map[string]float64{"plain": 0, "name": 1, "prefix": 1, "cookie": 1}
	for name, r := range verified(t, l, testNow.Add(time.Hour)) {
		least := 1e9
		for range 50 { // under the race detector a pool forgets at random
			least = min(least, testing.AllocsPerRun(1, func() {
				if _, err := l.verify(r); err != nil {
					t.Fatal(err)
				}
			}))
		}
		if least > most[name] {
			t.Errorf("%s: %v allocations, want at most %v", name, least, most[name])
		}
	}
}
