package middleware

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
)

func mustSignPrefix(t testing.TB, l *Links, rawURL string, g Grant) string {
	t.Helper()
	if g.Expires.IsZero() {
		g.Expires = testNow.Add(time.Hour)
	}
	s, err := l.SignPrefix(rawURL, g)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mustCookie(t testing.TB, l *Links, rawURL string, g Grant) *http.Cookie {
	t.Helper()
	if g.Expires.IsZero() {
		g.Expires = testNow.Add(time.Hour)
	}
	c, err := l.Cookie(rawURL, g)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSignPrefixRefuses(t *testing.T) {
	l := testLinks(t, nil)
	signed := mustSignPrefix(t, l, "/a/", Grant{})
	for _, tt := range []struct {
		name, url string
		g         Grant
		want      string
	}{
		{"a file", "/a", Grant{}, `ends in "/"`},
		{"no path", "https://example.test", Grant{}, `begins with one "/"`},
		{"name", "/a/", Grant{Name: "n"}, `without Name "n"`},
		{"times", "/a/", Grant{Times: 3}, "Times 3"},
		{"query", "/a/?b=1", Grant{}, "without a query"},
		{"empty query", "/a/?", Grant{}, "without a query"},
		{"two slashes", "/a//", Grant{}, "without empty"},
		{"dots", "/a/../", Grant{}, `".."`},
		{"semicolon", "/a;/", Grant{}, `";"`},
		{"encoded slash", "/a%2F/", Grant{}, "%2F"},
		{"a link", signed, Grant{}, `begins with "~1."`},
		{"a path that would be one", "/~1./", Grant{}, `begins with "~1."`},
		{"a segment like a token", "/a/~1.b/", Grant{}, `begins with "~1."`},
		{"no host", "/a/", Grant{ThisHost: true}, "ThisHost"},
		{"no expiry", "/a/", Grant{Expires: time.Time{}.Add(1)}, "Expires"},
		{"not a URL", "/%zz" + signed, Grant{}, `"%zz"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.g.Expires.IsZero() {
				tt.g.Expires = testNow.Add(time.Hour)
			}
			link, err := l.SignPrefix(tt.url, tt.g)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("SignPrefix(%q) = %q, %v, want an error with %q", tt.url, link, err, tt.want)
			}
			if tokenText.MatchString(err.Error()) {
				t.Errorf("a token is in the error %v", err)
			}
			if c, errCookie := l.Cookie(tt.url, tt.g); errCookie == nil || errCookie.Error() != err.Error() {
				t.Errorf("Cookie(%q) = %v, %v, want the error %v", tt.url, c, errCookie, err)
			}
		})
	}
	if _, err := l.Sign("/~1.txt", Grant{Expires: testNow.Add(time.Hour)}); err == nil {
		t.Error("Sign takes a path that a verifier takes for a token")
	}
}

// tokenText finds tokens wherever they are.
var tokenText = regexp.MustCompile(`1\.[\w-]{1,32}\.\d{1,11}\.[\w-]+\.[\w-]{22}`)

func TestWithoutTokens(t *testing.T) {
	const token = "1.a.1800000000.-.AAAAAAAAAAAAAAAAAAAAAA"
	for text, want := range map[string]string{
		"": "", "/a": "/a", "/1.txt": "/1.txt", "1.": "1.", "/1.2.3.4.5": "/1.2.3.4.5", token: "*", "/~" + token + "/a": "/~*/a",
		"/" + token + "/" + token: "/*/*", "/1.1." + token + token: "/1.1.**", "/x" + token + "x": "/x*x", token[1:]: token[1:], token[:len(token)-1]: token[:len(token)-1],
		"/1.1.1.1.1" + token: "/1.1.1.1.1*", "/1.a.1." + token: "/1.a.1.*", "/1." + token + ".1.": "/1.*.1.", "/?dv=" + token + "&a": "/?dv=*&a",
	} {
		if got := withoutTokens(text); got != want {
			t.Errorf("withoutTokens(%q) = %q, want %q", text, got, want)
		}
	}
	long := strings.Repeat("1.a.1.", 1<<17) + strings.Repeat(token, 1<<14) // a request can have a MiB
	if got := withoutTokens(long); tokenText.MatchString(got) {
		t.Error("tokens are left")
	}
}

// below are the parts of a request that a handler below Links sees.
type below struct{ url, path, rawPath, uri, cookie, referer string }

func seenBelow(l *Links, r *http.Request) (b below, status int) {
	h := l.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b = below{r.URL.String(), r.URL.Path, r.URL.RawPath, r.RequestURI, r.Header.Get("Cookie"), r.Referer()}
	}))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return b, w.Code
}

// Below the handler a request is as it would be without a link.
func TestTheRequestBelowAPrefix(t *testing.T) {
	l := testLinks(t, nil)
	prefix := mustSignPrefix(t, l, "/a%20b/%C3%BC/", Grant{})
	cookie := mustCookie(t, l, "/a%20b/%C3%BC/", Grant{})
	other := mustCookie(t, l, "/c/", Grant{})
	for _, tt := range []struct {
		name, target, cookie, referer string
		want                          below
	}{
		{"prefix", prefix + "x.ts?page=2", "", "", below{url: "/a%20b/%C3%BC/x.ts", path: "/a b/ü/x.ts", uri: "/a%20b/%C3%BC/x.ts"}},
		{"the prefix itself", prefix, "", "", below{url: "/a%20b/%C3%BC/", path: "/a b/ü/", uri: "/a%20b/%C3%BC/"}},
		{"semicolon", prefix + "..%3B/x", "", "", below{url: "/a%20b/%C3%BC/..%3B/x", path: "/a b/ü/..;/x", rawPath: "/a%20b/%C3%BC/..%3B/x", uri: "/a%20b/%C3%BC/..%3B/x"}},
		{"cookies beside a prefix", prefix + "x", "sid=1; " + other.Name + "=" + other.Value, "", below{url: "/a%20b/%C3%BC/x", path: "/a b/ü/x", uri: "/a%20b/%C3%BC/x", cookie: "sid=1"}},
		{"Referer", prefix + "x", "", "https://example.test" + prefix + "list.html", below{url: "/a%20b/%C3%BC/x", path: "/a b/ü/x", uri: "/a%20b/%C3%BC/x"}},
		{"another Referer", prefix + "x", "", "https://example.test/", below{url: "/a%20b/%C3%BC/x", path: "/a b/ü/x", uri: "/a%20b/%C3%BC/x", referer: "https://example.test/"}},
		{"cookie", "/a%20b/%C3%BC/x?page=2", "sid=1; " + cookie.Name + "=" + cookie.Value + "; theme=dark", "", below{url: "/a%20b/%C3%BC/x", path: "/a b/ü/x", uri: "/a%20b/%C3%BC/x", cookie: "sid=1; theme=dark"}},
		{"only cookies of links", "/a%20b/%C3%BC/x", cookie.Name + "=" + cookie.Value + "; " + other.Name + "=" + other.Value, "", below{url: "/a%20b/%C3%BC/x", path: "/a b/ü/x", uri: "/a%20b/%C3%BC/x"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", tt.target, nil)
			if tt.cookie != "" {
				r.Header.Set("Cookie", tt.cookie)
			}
			if tt.referer != "" {
				r.Header.Set("Referer", tt.referer)
			}
			got, status := seenBelow(l, r)
			if status != 200 || got != tt.want {
				t.Errorf("%d, below it is %+v, want %+v", status, got, tt.want)
			}
			if h := r.Header; h.Get("Cookie") != tt.cookie || h.Get("Referer") != tt.referer || r.URL.String() != tt.target {
				t.Errorf("the request of the handlers outside was changed: %v %v", r.URL, h)
			}
		})
	}
}

// Session and Version are asked with the path that is served.
func TestBindingsOfAPrefix(t *testing.T) {
	var asked []string
	l := testLinks(t, &LinksOptions{
		Session: func(r *http.Request) string { asked = append(asked, r.URL.String()); return "user-7" },
		Version: func(r *http.Request) (string, error) { asked = append(asked, r.URL.String()); return "3", nil },
	})
	g := Grant{Session: "user-7", Version: "3"}
	if _, err := l.verify(httptest.NewRequest("GET", mustSignPrefix(t, l, "/a/", g)+"x", nil)); err != nil {
		t.Error(err)
	}
	r := httptest.NewRequest("GET", "/a/x", nil)
	for _, p := range []string{"/b/", "/c/", "/a/"} {
		r.AddCookie(mustCookie(t, l, p, g))
	}
	if _, err := l.verify(r); err != nil {
		t.Error(err)
	}
	if got := fmt.Sprint(asked); got != "[/a/x /a/x /a/x /a/x]" {
		t.Errorf("asked with %s, want /a/x twice for each request", got)
	}
}

// An application that raises the generation of a folder ends all older links to it.
func TestGenerationsEndOlderLinks(t *testing.T) {
	generation := 1
	l := testLinks(t, &LinksOptions{Version: func(*http.Request) (string, error) { return fmt.Sprint(generation), nil }})
	file, prefix := mustSign(t, l, "/a/x", Grant{Version: "1"}), mustSignPrefix(t, l, "/a/", Grant{Version: "1"})
	for generation = 1; generation <= 2; generation++ {
		want := LinkReason("")
		if generation > 1 {
			want = LinkAltered
		}
		for _, link := range []string{file, prefix + "x"} {
			_, err := l.verify(httptest.NewRequest("GET", link, nil))
			if got := reasonOf(t, err); got != want {
				t.Errorf("generation %d: refused for %q, want %q", generation, got, want)
			}
		}
	}
}

// The age of a cookie is an int, which may have 32 bits, and a Duration ends after 292
// years. Browsers keep a cookie for 400 days.
func TestCookieThatLastsForEver(t *testing.T) {
	l := testLinks(t, nil)
	for _, years := range []int{60, 100, 300, 3000} {
		c := mustCookie(t, l, "/a/", Grant{Expires: testNow.AddDate(years, 0, 0)})
		if c.MaxAge < 60*365*24*3600 || c.MaxAge > math.MaxInt32 {
			t.Errorf("in %d years: Max-Age %d, want what 32 bits hold", years, c.MaxAge)
		}
	}
}

// A browser keeps a cookie for each prefix, and sends them all.
func TestCookiesOfABrowser(t *testing.T) {
	l := NewLinks(mustKeys(t, "a "+secretA), nil)
	var grants []string
	mux := http.NewServeMux()
	mux.HandleFunc("/grant", func(w http.ResponseWriter, _ *http.Request) {
		for _, p := range grants {
			c, err := l.Cookie(p, Grant{Expires: time.Now().Add(time.Hour)})
			if err != nil {
				t.Error(err)
				return
			}
			http.SetCookie(w, c)
		}
	})
	mux.Handle("/", l.Handler(downloadview.NewHandler(testView(downloadview.Response{}), nil)))
	srv := httptest.NewTLSServer(mux)
	t.Cleanup(srv.Close)
	client := srv.Client()
	var err error
	if client.Jar, err = cookiejar.New(nil); err != nil {
		t.Fatal(err)
	}
	status := func(path string) int {
		t.Helper()
		resp, err := client.Get(srv.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	grants = []string{"/videos/a/", "/videos/b/"}
	status("/grant")
	grants = []string{"/videos/a/"} // once more
	status("/grant")
	for path, want := range map[string]int{"/videos/a/x": 200, "/videos/b/x": 200, "/videos/c/x": 403, "/": 403} {
		if got := status(path); got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
	if u, _ := url.Parse(srv.URL); len(client.Jar.Cookies(u)) != 2 {
		t.Errorf("the browser has %d cookies, want one for each prefix", len(client.Jar.Cookies(u)))
	}
	c := mustCookie(t, testLinks(t, nil), "/a/", Grant{})
	if got := c.String(); !strings.HasPrefix(got, "__Host-dv-") || !strings.HasSuffix(got, "; Path=/; Expires=Mon, 21 Sep 2026 15:13:20 GMT; Max-Age=3600; HttpOnly; Secure; SameSite=Lax") {
		t.Errorf("Set-Cookie: %s", got)
	}
}

func TestVersionOfACookieThatCannotBeAsked(t *testing.T) {
	broken := errors.New("broken")
	l := testLinks(t, &LinksOptions{Version: func(*http.Request) (string, error) { return "", broken }})
	r := httptest.NewRequest("GET", "/a/x", nil)
	r.AddCookie(mustCookie(t, l, "/a/", Grant{}))
	if _, err := l.verify(r); !errors.Is(err, broken) {
		t.Errorf("error %v, want that of Version", err)
	}
}
