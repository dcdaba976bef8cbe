package accel_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
)

// A signer counts what it signs.
type signer struct {
	object
	signed *int
}

func (s signer) SignedURL(_ context.Context, o downloadview.SignOptions) (string, error) {
	*s.signed++
	return fmt.Sprintf("https://reports.example.com/%s?%s&%v&%s&%d", s.object, o.Method, o.Expiry, o.Disposition, *s.signed), nil
}

// A URL is signed for once, and again when it would be good for too short a
// time, for another method, name or type.
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
			url, err := h.Link.Sign(t.Context(), f, o)
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
		{accel.Rule{Source: "s3://b", Destination: "/srv/", Signed: &accel.Signed{}}, accel.Apache(), "which apache can't be told; want nginx, or a redirect"},
		{accel.Rule{Source: "s3://b", Destination: "/_s3/", Signed: &accel.Signed{Redirect: 302}}, accel.Nginx(), `destination "/_s3/" of a rule that redirects`},
		{accel.Rule{Source: "s3://b", Signed: &accel.Signed{Redirect: 301}}, accel.Nginx(), "status 301; want 302 or 307"},
		{accel.Rule{Source: "s3://b", Destination: "/_s3/", Signed: &accel.Signed{Expiry: time.Millisecond}}, accel.Nginx(), "expiry 1ms"},
		{accel.Rule{Source: "s3://b", Destination: "/_s3/", Signed: &accel.Signed{Expiry: 90 * time.Hour}}, accel.Nginx(), "want from 1s to 84h"},
		{accel.Rule{Source: "s3://b", Destination: "/_s3/", Signed: &accel.Signed{Base: "cdn.example.com"}}, accel.Nginx(), `base "cdn.example.com"`},
		{accel.Rule{Source: "s3://b", Destination: "/_s3/", Signed: &accel.Signed{Base: "https://cdn/x"}}, accel.Nginx(), `base "https://cdn/x"`},
		{accel.Rule{Source: "/srv", Destination: "/_m/", LimitRate: -1}, accel.Nginx(), "limit of -1 bytes a second is negative"},
		{accel.Rule{Source: "/srv", Destination: "/_m/", Headers: 7}, accel.Nginx(), "headers 7"},
	} {
		_, err := accel.New(tt.proxy, tt.rule)
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
	if url, err := h.Link.Sign(t.Context(), f, downloadview.SignOptions{Expiry: time.Minute}); err == nil || errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("URL %q, %v, want an error", url, err)
	}
}

type relative struct{ object }

func (relative) SignedURL(context.Context, downloadview.SignOptions) (string, error) {
	return "/a", nil
}
