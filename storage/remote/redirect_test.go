package remote_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/remote"
)

func anywhere(_, _ *url.URL) bool { return true }

func TestSameHost(t *testing.T) {
	for _, tt := range []struct {
		from, to string
		want     bool
	}{
		{"http://h/a", "http://h/b?c", true},
		{"http://h/a", "http://H:80/b", true},
		{"https://h:443/a", "https://h/b", true},
		{"http://h:8080/a", "http://h:8080/b", true},
		{"http://h/a", "https://h/a", true},
		{"http://h:80/a", "https://h:443/a", true},
		{"http://Bücher.test/a", "http://xn--bcher-kva.test/b", true},
		{"http://xn--bcher-kva.test/a", "http://bu\u0308cher.test/b", true},
		{"http://Bücher.test/a", "http://bucher.test/b", false},
		{"http://[2001:DB8::1]/a", "http://[2001:db8::1]/b", true},
		{"http://a_b/a", "http://A_B/b", true},
		{"https://h/a", "http://h/a", false},
		{"http://h/a", "http://h:8080/a", false},
		{"http://h:8080/a", "https://h/a", false},
		{"http://h/a", "https://h:8443/a", false},
		{"http://h:443/a", "https://h:443/a", false},
		{"http://h/a", "http://www.h/a", false},
		{"http://h/a", "http://h.evil.test/a", false},
		{"http://h/a", "http://h@evil.test/a", false},
	} {
		if got := remote.SameHost(parse(t, tt.from), parse(t, tt.to)); got != tt.want {
			t.Errorf("SameHost(%s, %s) = %t, want %t", tt.from, tt.to, got, tt.want)
		}
	}
}

// The origin learns the name of its host as ASCII, and redirects to that.
func TestRedirectOfInternationalName(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/target" {
			http.Redirect(w, r, "http://"+r.Host+"/target", http.StatusFound)
			return
		}
		io.WriteString(w, r.Header.Get("Authorization"))
	}))
	t.Cleanup(srv.Close)
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, srv.Listener.Addr().String())
	}}}
	t.Cleanup(client.CloseIdleConnections)
	s, err := remote.New(parse(t, "http://bücher.test/"), &remote.Options{Client: client, Header: http.Header{"Authorization": {"key"}}})
	if err != nil {
		t.Fatal(err)
	}
	h, err := file(t, s, "a").Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := content(t, h); got != "key" {
		t.Errorf("the target got %q, want it to be the same origin", got)
	}
}

// within is an origin where "/moved" leads to "/target".
func within(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/moved" {
			http.Redirect(w, r, "/target#x", status)
			return
		}
		w.Header().Set("Content-Range", "bytes 0-0/7")
		if r.Header.Get("Range") == "bytes=0-0" {
			w.WriteHeader(http.StatusPartialContent)
			io.WriteString(w, "c")
			return
		}
		io.WriteString(w, "content")
	}
}

func TestRedirectWithin(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		s := fake(t, within(status))
		for name, open := range doors(t, file(t, s, "moved")) {
			h, err := open()
			if err != nil {
				t.Errorf("%d for %s: %v", status, name, err)
				continue
			}
			if h != nil {
				if got := content(t, h); !strings.HasPrefix("content", got) || got == "" {
					t.Errorf("%d for %s: %q, want the target's", status, name, got)
				}
			}
		}
	}
}

func TestRedirectsThatAreNotFollowed(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s was asked for %s", r.Host, r.URL)
	}))
	defer elsewhere.Close()
	for name, tt := range map[string]struct {
		to     string
		policy func(from, to *url.URL) bool
	}{
		"other port":        {elsewhere.URL + "/x?sig=secret", nil},
		"without scheme":    {strings.TrimPrefix(elsewhere.URL, "http:"), nil},
		"none at all":       {"/target", remote.NoRedirect},
		"loop":              {"/a", nil},
		"file":              {"file:///etc/passwd", anywhere},
		"gopher":            {strings.Replace(elsewhere.URL, "http", "gopher", 1), anywhere},
		"opaque":            {"http:x", anywhere},
		"no host":           {"http:///x", anywhere},
		"script":            {"javascript:alert(1)", anywhere},
		"userinfo trickery": {"http://127.0.0.1@" + strings.TrimPrefix(elsewhere.URL, "http://"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			hits := 0
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				hits++
				w.Header().Set("Location", tt.to)
				w.WriteHeader(http.StatusFound)
			}))
			defer srv.Close()
			s := below(t, srv.URL, remote.Options{Allow: loopback(t, srv.URL, elsewhere.URL), Redirect: tt.policy})
			_, err := file(t, s, "a").Open(t.Context())
			if !errors.Is(err, downloadview.ErrUpstream) || downloadview.StatusCode(err) != http.StatusBadGateway {
				t.Errorf("Open: %v, want ErrUpstream", err)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the error says %q", err)
			}
			if want := map[bool]int{true: 11, false: 1}[name == "loop"]; hits != want {
				t.Errorf("asked %d times, want %d", hits, want)
			}
		})
	}
}

// Other hosts don't receive our header fields, and neither does the origin
// after a redirect through another host.
func TestHeaderOnRedirects(t *testing.T) {
	type request struct {
		at     string
		header http.Header
	}
	var asked []request
	note := func(at string, r *http.Request) { asked = append(asked, request{at, r.Header}) }
	var home, away *httptest.Server
	home = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		note("home"+r.URL.Path, r)
		switch r.URL.Path {
		case "/a":
			http.Redirect(w, r, home.URL+"/b?sig=secret", http.StatusFound)
		case "/b":
			http.Redirect(w, r, strings.Replace(away.URL, "://", "://their:choice@", 1)+"/c", http.StatusFound)
		}
	}))
	defer home.Close()
	away = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		note("away"+r.URL.Path, r)
		http.Redirect(w, r, home.URL+"/d", http.StatusFound)
	}))
	defer away.Close()
	base := parse(t, home.URL)
	base.User = url.UserPassword("me", "secret")
	s := below(t, base.String(), remote.Options{
		Allow:    loopback(t, home.URL, away.URL),
		Header:   http.Header{"X-Api-Key": {"secret"}, "Cookie": {"secret=1"}},
		Redirect: anywhere,
	})
	h, err := downloadview.OpenRange(t.Context(), file(t, s, "a"), 0, -1)
	if err == nil {
		h.Close()
	}
	trusted := map[string]bool{"home/a": true, "home/b": true, "away/c": false, "home/d": false}
	// "away/c" and the following ones occur once per request; the empty answer
	// ends it.
	if len(asked) != len(trusted) {
		t.Fatalf("asked %d times, want %d: %v", len(asked), len(trusted), err)
	}
	for _, r := range asked {
		for _, key := range []string{"X-Api-Key", "Cookie", "Authorization"} {
			if got := r.header.Get(key) != ""; got != trusted[r.at] {
				t.Errorf("%s is sent %s: %t, want %t", r.at, key, got, trusted[r.at])
			}
		}
		if got := r.header.Get("Referer"); got != "" {
			t.Errorf("%s is sent Referer %s", r.at, got)
		}
		if got := r.header.Get("Range") + r.header.Get("Accept-Encoding"); got != "bytes=0-identity" {
			t.Errorf("%s is asked for %q", r.at, got)
		}
	}
}

// From http to https on the same host, on the default ports; the header fields
// are kept.
func TestUpgrade(t *testing.T) {
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "content for "+r.Header.Get("X-Api-Key"))
	}))
	defer secure.Close()
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://"+r.Host+r.URL.Path, http.StatusMovedPermanently)
	}))
	defer plain.Close()
	transport := secure.Client().Transport.(*http.Transport).Clone()
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		to := map[string]string{"example.com:80": plain.Listener.Addr().String(), "example.com:443": secure.Listener.Addr().String()}
		return new(net.Dialer).DialContext(ctx, network, to[address])
	}
	s := below(t, "http://example.com/", remote.Options{
		Client: &http.Client{Transport: transport},
		Header: http.Header{"X-Api-Key": {"k"}},
	})
	h, err := file(t, s, "a").Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := content(t, h); got != "content for k" {
		t.Errorf("content %q, want that of https, asked for with our header", got)
	}
}

// Redirects can't use other schemes, even if the transport of an application's
// own Client supports them.
func TestRedirectToFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(name, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "file://host/secret")
		w.WriteHeader(http.StatusFound)
	}))
	defer srv.Close()
	transport := srv.Client().Transport.(*http.Transport)
	transport.RegisterProtocol("file", http.NewFileTransport(http.Dir(filepath.Dir(name))))
	s := below(t, srv.URL, remote.Options{Client: srv.Client(), Redirect: anywhere})
	if h, err := file(t, s, "a").Open(t.Context()); !errors.Is(err, downloadview.ErrUpstream) {
		t.Errorf("Open: %v, %v, want ErrUpstream", h, err)
	}
}

// CheckRedirect of an application's own Client is ignored.
func TestRedirectOfGivenClient(t *testing.T) {
	srv := httptest.NewServer(within(302))
	defer srv.Close()
	client := srv.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return errors.New("asked") }
	h, err := file(t, below(t, srv.URL, remote.Options{Client: client}), "moved").Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h.Close()
	if client.CheckRedirect(nil, nil) == nil {
		t.Error("the given client was changed")
	}
}
