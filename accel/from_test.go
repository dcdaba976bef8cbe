package accel_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
)

func TestFrom(t *testing.T) {
	for _, tt := range []struct {
		from   string
		remote string
		want   bool
	}{
		{"", "203.0.113.9:1", true},
		{"", "", true},
		{"127.0.0.1", "127.0.0.1:1", true},
		{"127.0.0.1", "[::ffff:127.0.0.1]:1", true},
		{"::ffff:127.0.0.1", "127.0.0.1:1", true},
		{"::ffff:10.0.0.0/104", "10.200.0.1:1", true},
		{"::ffff:10.0.0.0/104", "[::ffff:10.200.0.1]:1", true},
		{"::ffff:10.0.0.0/104", "11.0.0.1:1", false},
		{"::ffff:0:0/96", "11.0.0.1:1", true},
		{"::ffff:0:0/96", "[::1]:1", false},
		{"127.0.0.1", "127.0.0.2:1", false},
		{"127.0.0.1", "[::1]:1", false},
		{"10.1.2.3/8 ::1", "10.200.0.1:1", true},
		{"10.0.0.0/8 ::1", "[::1]:1", true},
		{"10.0.0.0/8 ::1", "11.0.0.1:1", false},
		{"fe80::/10", "[fe80::1%eth0]:1", true},
		{"127.0.0.1", "127.0.0.1", false}, // what a middleware made of it
		{"127.0.0.1", "", false},
		{"unix", "127.0.0.1:1", false},
		{"unix", "@", false}, // the connection tells, not this
	} {
		var from accel.From
		var err error
		if tt.from != "" {
			from, err = accel.ParseFrom(strings.Fields(tt.from)...)
		}
		if err != nil {
			t.Fatal(err)
		}
		a, err := accel.New(accel.Nginx(), []accel.Rule{{Source: "/srv", Destination: "/_media/"}}, &accel.Options{From: from})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = tt.remote
		h, ok := a.Offload(r, local("/srv/x"))
		if !ok || (h.Field != "") != tt.want || h.Terms.Tag != downloadview.NginxTag {
			t.Errorf("from %q, request of %q: %+v, %v; want it handed over: %v, and nginx's tag", tt.from, tt.remote, h, ok, tt.want)
		}
	}
	for _, bad := range []string{"localhost", "10.0.0.0/99", "", "unix:/run/x", "fe80::1%eth0", "::ffff:10.0.0.0/8"} {
		if _, err := accel.ParseFrom("127.0.0.1", bad); err == nil || !strings.Contains(err.Error(), `"`+bad+`"`) {
			t.Errorf("%q: error %v, want one that names it", bad, err)
		}
	}
}

// An empty list or element doesn't accept every request.
func TestFromOfNothing(t *testing.T) {
	for _, list := range [][]string{nil, {}, {""}, {"", ""}} {
		if from, err := accel.ParseFrom(list...); err == nil {
			t.Errorf("ParseFrom(%q) = %+v, want an error", list, from)
		} else if a, err := accel.New(accel.Nginx(), []accel.Rule{{Source: "/srv", Destination: "/_media/"}}, &accel.Options{From: from}); err != nil {
			t.Error(err)
		} else if h, _ := a.Offload(httptest.NewRequest("GET", "/", nil), local("/srv/x")); h.Field != "" {
			t.Errorf("ParseFrom(%q): handed over, want no request accepted after an error", list)
		}
	}
}

// Requests on a unix socket are recognised by their connection.
func TestFromUnixSocket(t *testing.T) {
	from, err := accel.ParseFrom("unix")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := writeFile(filepath.Join(dir, "a.txt"), "content"); err != nil {
		t.Fatal(err)
	}
	a, err := accel.New(accel.Nginx(), []accel.Rule{{Source: dir, Destination: "/_media/"}}, &accel.Options{From: from})
	if err != nil {
		t.Fatal(err)
	}
	h := downloadview.NewHandler(a.Middleware(storageView(t, dir)), nil)
	socket := filepath.Join(t.TempDir(), "s")
	ln, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	behind := &httptest.Server{Listener: ln, Config: &http.Server{Handler: h}}
	behind.Start()
	t.Cleanup(behind.Close)
	open := httptest.NewServer(h)
	t.Cleanup(open.Close)

	dial := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}
	t.Cleanup(dial.CloseIdleConnections)
	for url, want := range map[string]string{"http://app/a.txt": "/_media/a.txt", open.URL + "/a.txt": ""} {
		transport := http.RoundTripper(dial)
		if want == "" {
			transport = http.DefaultTransport
		}
		r, err := http.NewRequestWithContext(t.Context(), "GET", url, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := resp.Header.Get("X-Accel-Redirect"); got != want {
			t.Errorf("%s: location %q, want %q", url, got, want)
		}
	}
}
