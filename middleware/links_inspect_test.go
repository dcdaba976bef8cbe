package middleware

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
)

// Inspect returns all that a link says, also of a link that is not valid here and now,
// and nothing of a link that isn't genuine.
func TestInspect(t *testing.T) {
	l := testLinks(t, &LinksOptions{Session: func(r *http.Request) string { return r.Header.Get("Session") }})
	whole := Grant{
		Expires: testNow.Add(time.Hour), NotBefore: testNow.Add(-time.Hour), Name: "Q1 sales.pdf", Disposition: "inline",
		Network: netip.MustParsePrefix("192.0.2.0/24"), ThisHost: true, ID: "7",
	}
	change := func(f func(*Grant)) Grant {
		g := whole
		f(&g)
		return g
	}
	for _, tt := range []struct {
		name   string
		sign   Grant
		reason LinkReason
	}{
		{"valid", whole, ""},
		{"least", Grant{Expires: testNow.Add(time.Second)}, ""},
		{"early", change(func(g *Grant) { g.NotBefore = testNow.Add(time.Minute) }), LinkEarly},
		{"other network", change(func(g *Grant) { g.Network = netip.MustParsePrefix("2001:db8::/32") }), LinkOtherNetwork},
		{"counted", change(func(g *Grant) { g.Times = 3 }), LinkCounted},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", mustSign(t, l, "http://a.test/reports/q%201.pdf?lang=en", tt.sign)+"&utm_source=mail", nil)
			info, err := l.Inspect(r)
			if got := reasonOf(t, err); got != tt.reason {
				t.Errorf("reason %q, want %q", got, tt.reason)
			}
			if want := (LinkInfo{Grant: tt.sign, Path: "/reports/q 1.pdf", Query: "lang=en"}); info != want {
				t.Errorf("got %+v, want %+v", info, want)
			}
		})
	}

	// A prefix, in the path and in a cookie.
	prefix := Grant{Expires: testNow.Add(time.Hour), ID: "8"}
	link, err := l.SignPrefix("/videos/a%20b/", prefix)
	if err != nil {
		t.Fatal(err)
	}
	over := prefix
	over.NotBefore = testNow.Add(time.Minute)
	cookie, err := l.Cookie("/videos/a%20b/", over)
	if err != nil {
		t.Fatal(err)
	}
	want := LinkInfo{Grant: prefix, Path: "/videos/a b/", Prefix: true}
	if info, err := l.Inspect(httptest.NewRequest("GET", link+"x.ts?q=1", nil)); info != want || err != nil {
		t.Errorf("a prefix: %+v, %v, want %+v", info, err, want)
	}
	withCookie := httptest.NewRequest("GET", "/videos/a%20b/x.ts", nil)
	withCookie.AddCookie(&http.Cookie{Name: "__Host-dv-AAAAAAAA", Value: "1.a.1.-.AAAAAAAAAAAAAAAAAAAAAA"})
	withCookie.AddCookie(cookie)
	want.Grant = over
	if info, err := l.Inspect(withCookie); info != want || reasonOf(t, err) != LinkEarly {
		t.Errorf("a cookie: %+v, %v, want %+v, which is early", info, err, want)
	}

	link = mustSign(t, l, "/a", Grant{Session: "mine", ID: "7"})
	r := httptest.NewRequest("GET", link, nil)
	if info, err := l.Inspect(r); info != (LinkInfo{}) || reasonOf(t, err) != LinkAltered {
		t.Errorf("in another session: %+v, %v", info, err)
	}
	r.Header.Set("Session", "mine")
	if info, err := l.Inspect(r); info.ID != "7" || err != nil {
		t.Errorf("in its session: %+v, %v", info, err)
	}
	setTime(l, testNow.Add(2*time.Hour))
	if info, err := l.Inspect(r); info.ID != "7" || reasonOf(t, err) != LinkExpired {
		t.Errorf("after it expired: %+v, %v", info, err)
	}
	l.keys = mustKeys(t, "b "+secretA)
	if info, err := l.Inspect(r); info != (LinkInfo{}) || reasonOf(t, err) != LinkUnknownKey {
		t.Errorf("without its key: %+v, %v", info, err)
	}
	if info, err := l.Inspect(httptest.NewRequest("GET", "/a", nil)); info != (LinkInfo{}) || reasonOf(t, err) != LinkMissing {
		t.Errorf("without a link: %+v, %v", info, err)
	}

	broken := errors.New("no version")
	l = testLinks(t, &LinksOptions{Version: func(*http.Request) (string, error) { return "", broken }})
	if info, err := l.Inspect(httptest.NewRequest("GET", mustSign(t, l, "/a", Grant{}), nil)); info != (LinkInfo{}) || !errors.Is(err, broken) {
		t.Errorf("without a version: %+v, %v", info, err)
	}
}

// Below Links, LinkOf returns what Inspect does, also behind [Links.View]; elsewhere it
// returns nothing.
func TestLinkOf(t *testing.T) {
	l := testLinks(t, nil)
	link := mustSign(t, l, "/a", Grant{Expires: testNow.Add(time.Hour), ID: "7"})
	r := httptest.NewRequest("GET", link, nil)
	if info, ok := LinkOf(r); ok || info != (LinkInfo{}) {
		t.Errorf("outside: %+v", info)
	}
	want, err := l.Inspect(r)
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	look := func(r *http.Request) {
		asked++
		if info, ok := LinkOf(r); !ok || info != want || info.ID != "7" {
			t.Errorf("%+v, %v, want %+v", info, ok, want)
		}
	}
	l.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { look(r) })).ServeHTTP(httptest.NewRecorder(), r)
	view := l.View(downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		look(r)
		return downloadview.Response{}, nil
	}))
	if _, err := view.Respond(r); err != nil || asked != 2 {
		t.Errorf("asked %d times, %v; want 2", asked, err)
	}
}
