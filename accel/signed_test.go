package accel_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
)

// A signer counts the URLs that it signs.
type signer struct {
	object
	signed *int
}

// windowed reports the options that it signs with.
type windowed struct {
	object
	got *downloadview.SignOptions
}

func (w windowed) SignedURL(_ context.Context, o downloadview.SignOptions) (string, time.Time, error) {
	*w.got = o
	return "https://store.test/a", time.Time{}, nil
}

// However late in a window a URL is signed, it is valid for as long as the rule says.
func TestSignedURLsRepeat(t *testing.T) {
	for _, expiry := range []time.Duration{time.Second, 1999 * time.Millisecond, 30400 * time.Millisecond, 30500 * time.Millisecond, 5 * time.Minute, 84 * time.Hour} {
		a := newAccelerator(t, accel.Rule{Source: "s3://reports", Destination: "/_s3/", Signed: &accel.Signed{Expiry: expiry}})
		src, _ := object("a").Source()
		h, _ := a.Offload(nil, src)
		var got downloadview.SignOptions
		if _, _, err := h.Link.Sign(t.Context(), windowed{object("a"), &got}, downloadview.SignOptions{Method: "GET", Expiry: h.Link.Expiry}); err != nil {
			t.Fatalf("%v: %v", expiry, err)
		}
		if left := got.Expiry.Truncate(time.Second) - got.Window.Truncate(time.Second); left < expiry || got.Expiry > 2*expiry {
			t.Errorf("%v: signed for %v with a window of %v, which leaves %v", expiry, got.Expiry, got.Window, left)
		}
		if expiry > 2*time.Second && got.Window < expiry-time.Second {
			t.Errorf("%v: a window of %v, want almost as much", expiry, got.Window)
		}
	}
}

func (s signer) Identity() (string, bool) { return "https://store.test/" + string(s.object), true }

func (s signer) SignedURL(_ context.Context, o downloadview.SignOptions) (string, time.Time, error) {
	*s.signed++
	return fmt.Sprintf("https://reports.example.com/%s?%s&%v&%s&%d", s.object, o.Method, o.Expiry, o.Disposition, *s.signed), time.Time{}, nil
}

// A URL is signed once, and again for another method, name or type, or when its
// remaining validity would be too short.
func TestSignedURLsAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccelerator(t, accel.Rule{
			Source: "s3://reports", Destination: "/_s3/",
			Signed: &accel.Signed{Expiry: time.Minute, Base: "https://cdn.example.com/"},
		})
		n := 0
		sign := func(name string, o downloadview.SignOptions) string {
			t.Helper()
			f := signer{object(name), &n}
			src, _ := f.Source()
			h, ok := a.Offload(nil, src)
			if !ok || h.Link == nil || h.Field != "X-Accel-Redirect" || h.Value != "/_s3/" || h.Link.Field != "X-Download-Url" {
				t.Fatalf("Offload = %+v, %v", h, ok)
			}
			o.Expiry = h.Link.Expiry
			url, _, err := h.Link.Sign(t.Context(), f, o)
			if err != nil {
				t.Fatal(err)
			}
			return url
		}
		get := downloadview.SignOptions{Method: "GET"}
		first := sign("a", get)
		if want := "https://cdn.example.com/a?GET&2m0s&&1"; first != want {
			t.Errorf("URL %q, want %q", first, want)
		}
		time.Sleep(59 * time.Second)
		if again := sign("a", get); again != first {
			t.Errorf("URL %q within its time, want %q again", again, first)
		}
		for i, other := range []downloadview.SignOptions{{Method: "HEAD"}, {Method: "GET", Disposition: "inline"}, {Method: "GET", ContentType: "a/b"}} {
			if sign("a", other); n != i+2 {
				t.Errorf("%+v: signed %d times, want %d", other, n, i+2)
			}
		}
		if sign("b", get); n != 5 {
			t.Errorf("another file: signed %d times, want 5", n)
		}
		time.Sleep(time.Second)
		if url := sign("a", get); n != 6 || !strings.HasSuffix(url, "&6") {
			t.Errorf("URL %q after a minute, signed %d times; want a new one", url, n)
		}
		for i := range 20_000 {
			sign(fmt.Sprint(i), get)
		}
		sign("a", get)
		if n != 6+20_000+1 {
			t.Errorf("signed %d times, want what is long not asked for forgotten", n)
		}
		sign("19999", get)
		sign("17000", get)
		if n != 6+20_000+1 {
			t.Errorf("signed %d times, want what is new kept", n)
		}
	})
}

func TestSignedRules(t *testing.T) {
	for _, tt := range []struct {
		rule  accel.Rule
		proxy accel.Proxy
		want  string
	}{
		{accel.Rule{Source: "s3://b", Destination: "/_s3/", Signed: &accel.Signed{}}, accel.Nginx(), ""},
		{accel.Rule{Source: "s3://b", Signed: &accel.Signed{Redirect: 302}}, accel.Apache(), ""},
		{accel.Rule{Source: "s3://b", Signed: &accel.Signed{}}, accel.Nginx(), `destination "" is empty`},
		{accel.Rule{Source: "/srv", Destination: "/_s3/", Signed: &accel.Signed{}}, accel.Nginx(), "is for local files"},
		{accel.Rule{Source: "s3://b", Destination: "/srv/", Signed: &accel.Signed{}}, accel.Apache(), "which apache can't fetch; want nginx, or a redirect"},
		{accel.Rule{Source: "s3://b", Destination: "/_s3/", Signed: &accel.Signed{Redirect: 302}}, accel.Nginx(), `destination "/_s3/" is set for a rule that redirects clients`},
		{accel.Rule{Source: "s3://b", Signed: &accel.Signed{Redirect: 301}}, accel.Nginx(), "status 301; want 302 or 307"},
		{accel.Rule{Source: "s3://b", Destination: "/_s3/", Signed: &accel.Signed{Expiry: time.Millisecond}}, accel.Nginx(), "expiry 1ms"},
		{accel.Rule{Source: "s3://b", Destination: "/_s3/", Signed: &accel.Signed{Expiry: 90 * time.Hour}}, accel.Nginx(), "want from 1s to 84h"},
		{accel.Rule{Source: "s3://b", Destination: "/_s3/", Signed: &accel.Signed{Base: "cdn.example.com"}}, accel.Nginx(), `base "cdn.example.com"`},
		{accel.Rule{Source: "s3://b", Destination: "/_s3/", Signed: &accel.Signed{Base: "https://cdn/x"}}, accel.Nginx(), `base "https://cdn/x"`},
		{accel.Rule{Source: "/srv", Destination: "/_m/", LimitRate: -1}, accel.Nginx(), "limit of -1 bytes a second is negative"},
		{accel.Rule{Source: "/srv", Destination: "/_m/", Headers: 7}, accel.Nginx(), "headers 7"},
	} {
		_, err := accel.New(tt.proxy, []accel.Rule{tt.rule}, nil)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: error %v, want %q", tt.rule, err, tt.want)
		}
	}
}

func TestSignedURLWithoutAHost(t *testing.T) {
	a := newAccelerator(t, accel.Rule{Source: "s3://reports", Signed: &accel.Signed{Redirect: 302, Base: "https://cdn"}})
	f := relative{"a"}
	src, _ := f.Source()
	h, _ := a.Offload(nil, src)
	if url, _, err := h.Link.Sign(t.Context(), f, downloadview.SignOptions{Expiry: time.Minute}); err == nil || errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("URL %q, %v, want an error", url, err)
	}
}

type relative struct{ object }

func (relative) SignedURL(context.Context, downloadview.SignOptions) (string, time.Time, error) {
	return "/a", time.Time{}, nil
}

// A stored is an object of a store. Its URLs are valid until the credentials expire.
type stored struct {
	object
	store string // "": it has no identity
	end   time.Time
}

func (s stored) Identity() (string, bool) { return s.store + "/" + string(s.object), s.store != "" }

func (s stored) SignedURL(context.Context, downloadview.SignOptions) (string, time.Time, error) {
	return fmt.Sprintf("%s/%s?at=%d", s.store, s.object, time.Now().UnixNano()), s.end, nil
}

// Two stores that have a bucket of the same name share no URL. Files without an
// identity share no URL with any other file.
func TestSignedURLsAreOfOneStore(t *testing.T) {
	a := newAccelerator(t, accel.Rule{Source: "s3://reports", Destination: "/_s3/", Signed: &accel.Signed{}})
	src, _ := object("a").Source()
	h, _ := a.Offload(nil, src)
	for _, store := range []string{"https://one.test", "https://two.test", "", "https://one.test"} {
		f := stored{object("a"), store, time.Now().Add(time.Hour)}
		url, _, err := h.Link.Sign(t.Context(), f, downloadview.SignOptions{Method: "GET", Expiry: time.Minute})
		if err != nil || !strings.HasPrefix(url, store+"/a?") {
			t.Errorf("%q: URL %q, %v; want one of this store", store, url, err)
		}
	}
	n := 0
	for range 2 {
		f := struct{ nameless }{nameless{object("a"), &n}}
		if _, _, err := h.Link.Sign(t.Context(), f, downloadview.SignOptions{Method: "GET", Expiry: time.Minute}); err != nil {
			t.Fatal(err)
		}
	}
	if n != 2 {
		t.Errorf("signed %d times, want each time for a file without an identity", n)
	}
}

type nameless struct {
	object
	signed *int
}

func (s nameless) SignedURL(context.Context, downloadview.SignOptions) (string, time.Time, error) {
	*s.signed++
	return "https://store.test/a?", time.Time{}, nil
}

// A URL isn't handed over if it is no longer valid, or soon won't be, because the
// credentials that signed it expire.
func TestSignedURLsOfCredentialsThatEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, tt := range []struct {
			expiry, end time.Duration // of the rule, of the credentials
			after       time.Duration // a second request
			first       bool          // handed over
			second      bool
			kept        bool // and the same URL
		}{
			{5 * time.Minute, time.Hour, 4 * time.Minute, true, true, true},
			{5 * time.Minute, time.Hour, 6 * time.Minute, true, true, false}, // 10 minutes were asked for
			{5 * time.Minute, 8 * time.Minute, 2 * time.Minute, true, true, true},
			{5 * time.Minute, 8 * time.Minute, 4 * time.Minute, true, true, false},
			{5 * time.Minute, 8 * time.Minute, 7*time.Minute + time.Second, true, false, false},
			{5 * time.Minute, 12 * time.Second, time.Second, false, false, false},
			{5 * time.Second, 12 * time.Second, 6 * time.Second, true, true, false},
			{5 * time.Second, 12 * time.Second, 8 * time.Second, true, false, false},
			{5 * time.Minute, -time.Second, time.Second, false, false, false},
		} {
			a := newAccelerator(t, accel.Rule{Source: "s3://reports", Destination: "/_s3/", Signed: &accel.Signed{Expiry: tt.expiry}})
			src, _ := object("a").Source()
			h, _ := a.Offload(nil, src)
			end := time.Now().Add(tt.end)
			ask := func() (string, time.Time, error) {
				f := stored{object("a"), "https://store.test", end}
				url, until, err := h.Link.Sign(t.Context(), f, downloadview.SignOptions{Method: "GET", Expiry: h.Link.Expiry})
				if err == nil && (until.After(end) || time.Until(until) < min(time.Minute, tt.expiry)) {
					t.Errorf("%+v: a URL until %v, that is for %v", tt, until, time.Until(until))
				}
				if errors.Is(err, errors.ErrUnsupported) {
					t.Errorf("%+v: %v, want an error that is logged", tt, err)
				}
				return url, until, err
			}
			firstURL, firstUntil, err := ask()
			if (err == nil) != tt.first {
				t.Errorf("%+v: %v at first", tt, err)
			}
			time.Sleep(tt.after)
			url, until, err := ask()
			if kept := err == nil && url == firstURL; (err == nil) != tt.second || kept != tt.kept || kept && !until.Equal(firstUntil) {
				t.Errorf("%+v: %q then, %v", tt, url, err)
			}
		}
	})
}

// A rule may be for the bucket of one store. It then covers neither the bucket of the
// same name in another store nor files without an identity.
func TestRuleOfOneStore(t *testing.T) {
	a := newAccelerator(t, accel.Rule{Name: "one", Source: "s3://reports", Destination: "/_one/", Store: "https://one.test/reports"})
	for _, tt := range []struct {
		name string
		f    downloadview.File
		want string // the location; "": no rule
	}{
		{"of the store", stored{object: "a", store: "https://one.test/reports"}, "/_one/a"},
		{"of another", stored{object: "a", store: "https://two.test/reports"}, ""},
		{"of one that begins so", stored{object: "a", store: "https://one.test/reports-2"}, ""},
		{"of any", object("a"), ""},
	} {
		var seen downloadview.Outcome
		h := downloadview.NewHandler(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
			return downloadview.Response{File: tt.f, Offloader: a}, nil
		}), &downloadview.Options{Logger: slog.New(slog.DiscardHandler), Observer: func(_ *http.Request, o downloadview.Outcome) { seen = o }})
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		if got := w.Header().Get("X-Accel-Redirect"); got != tt.want || (seen.Rule == "one") != (tt.want != "") {
			t.Errorf("%s: %q by rule %q, want %q", tt.name, got, seen.Rule, tt.want)
		}
	}
	for _, r := range []accel.Rule{{Source: "/srv", Destination: "/_m/", Store: "https://x"}, {Source: "s3://b", Destination: "/_m/", Store: "minio"}} {
		if _, err := accel.New(accel.Nginx(), []accel.Rule{r}, nil); err == nil || !strings.Contains(err.Error(), "store") {
			t.Errorf("%+v: error %v, want one about the store", r, err)
		}
	}
}
