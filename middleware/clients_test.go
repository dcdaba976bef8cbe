package middleware

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	chi "github.com/go-chi/chi/v5/middleware"
)

// clientsOf returns Clients behind proxies: networks and "unix", separated by spaces.
func clientsOf(proxies string) *Clients {
	var o ClientsOptions
	for _, s := range strings.Fields(proxies) {
		if s == "unix" {
			o.ProxySockets = true
			continue
		}
		o.Proxies = append(o.Proxies, netip.MustParsePrefix(s))
	}
	return NewClients(&o)
}

func TestClientsIP(t *testing.T) {
	const proxies = "10.0.0.0/8 ::1/128 unix"
	const unknown = "invalid IP"
	for _, tt := range []struct {
		name, trusted, peer string
		header              http.Header
		want                string
	}{
		{"nobody is trusted", "", "10.0.0.1:1", http.Header{"X-Forwarded-For": {"192.0.2.1"}}, "10.0.0.1"},
		{"a peer that isn't", proxies, "192.0.2.9:1", http.Header{"X-Forwarded-For": {"192.0.2.1"}}, "192.0.2.9"},
		{"no field", proxies, "10.0.0.1:1", nil, "10.0.0.1"},
		{"one proxy", proxies, "10.0.0.1:1", http.Header{"X-Forwarded-For": {"192.0.2.1"}}, "192.0.2.1"},
		{"IPv4 in IPv6", proxies, "[::ffff:10.0.0.1]:1", http.Header{"X-Forwarded-For": {"::ffff:192.0.2.1"}}, "192.0.2.1"},
		{"a zone", proxies, "[::1%eth0]:1", http.Header{"X-Forwarded-For": {"fe80::1%x"}}, "fe80::1"},
		{"a socket", proxies, "@", http.Header{"X-Forwarded-For": {"192.0.2.1"}}, "192.0.2.1"},
		{"a socket that isn't trusted", "10.0.0.0/8", "@", http.Header{"X-Forwarded-For": {"192.0.2.1"}}, unknown},
		{"an invention", proxies, "@", http.Header{"X-Forwarded-For": {"203.0.113.1, 192.0.2.1"}}, "192.0.2.1"},
		{"several proxies", proxies, "@", http.Header{"X-Forwarded-For": {"203.0.113.1, 192.0.2.1 ,10.0.0.7", "10.0.0.1,unix:"}}, "192.0.2.1"},
		{"ports", proxies, "[::1]:1", http.Header{"X-Forwarded-For": {"[2001:db8::1]:443, 10.0.0.1:99"}}, "2001:db8::1"},
		{"all are proxies", proxies, "@", http.Header{"X-Forwarded-For": {"10.0.0.3, 10.0.0.2"}}, "10.0.0.3"},
		{"no address", proxies, "@", http.Header{"X-Forwarded-For": {"192.0.2.1, unknown, 10.0.0.2"}}, unknown},
		{"nothing", proxies, "@", http.Header{"X-Forwarded-For": {""}}, unknown},
		{"Forwarded", proxies, "@", http.Header{"Forwarded": {`for=203.0.113.1, for="[2001:db8::1]:4711";proto=https, By=x; FOR=10.0.0.1`}}, "2001:db8::1"},
		{"Forwarded without for", proxies, "10.0.0.1:1", http.Header{"Forwarded": {"for=192.0.2.1, proto=https"}}, unknown},
		{"Forwarded, hidden", proxies, "10.0.0.1:1", http.Header{"Forwarded": {"for=_hidden"}}, unknown},
		{"Forwarded by the client", proxies, "@", http.Header{"X-Forwarded-For": {"192.0.2.1"}, "Forwarded": {"for=203.0.113.1"}}, "192.0.2.1"},
		{"open quote", proxies, "10.0.0.1:1", http.Header{"Forwarded": {`for=203.0.113.1, for=", for=192.0.2.1`}}, unknown},
		{"line by line", proxies, "10.0.0.1:1", http.Header{"Forwarded": {`for="`, "for=192.0.2.1"}}, "192.0.2.1"},
		{"a bare address", "", "192.0.2.9", nil, "192.0.2.9"},
		{"a socket and no field", proxies, "@", nil, unknown},
		{"half a bracket", proxies, "@", http.Header{"X-Forwarded-For": {"[2001:db8::1"}}, unknown},
		{"a network in place of an address", proxies, "@", http.Header{"X-Forwarded-For": {"192.0.2.0/24"}}, unknown},
		{"a proxy with a port out of range", proxies, "@", http.Header{"X-Forwarded-For": {"192.0.2.1:65536"}}, unknown},
		{"another spelling of a proxy", "10.0.0.0/8", "10.0.0.1:1", http.Header{"X-Forwarded-For": {"192.0.2.1, ::ffff:10.0.0.2%1"}}, "192.0.2.1"},
		{"a network in IPv6", "::ffff:10.0.0.0/104", "10.0.0.1:1", http.Header{"X-Forwarded-For": {"192.0.2.1"}}, "192.0.2.1"},
		{"a network that isn't masked", "10.0.0.1/8", "10.9.9.9:1", http.Header{"X-Forwarded-For": {"192.0.2.1"}}, "192.0.2.1"},
		{"the socket's name where sockets aren't proxies", "10.0.0.0/8", "10.0.0.1:1", http.Header{"X-Forwarded-For": {"192.0.2.1, unix:"}}, unknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr, r.Header = tt.peer, tt.header
			if got := clientsOf(tt.trusted).IP(r).String(); got != tt.want {
				t.Errorf("client %s, want %s", got, tt.want)
			}
		})
	}
}

// For any field that a client sends, if a trusted proxy appends the client's address,
// Clients find that address or none, never another one, nor that of the proxy.
func FuzzClientsIP(f *testing.F) {
	for _, s := range []string{"", "203.0.113.1", "10.0.0.1", `for="`, `for=203.0.113.1;host="`, `for=203.0.113.1, for="a\`, "unix:", ",", "[::1"} {
		f.Add(s)
	}
	clients := clientsOf("10.0.0.0/8 unix")
	f.Fuzz(func(t *testing.T, sent string) {
		for _, header := range []http.Header{
			{"X-Forwarded-For": {sent, "192.0.2.1"}},
			{"X-Forwarded-For": {sent + ", 192.0.2.1"}},
			{"X-Forwarded-For": {sent + ", 192.0.2.1"}, "Forwarded": {sent}},
			{"Forwarded": {sent, "for=192.0.2.1"}},
			{"Forwarded": {sent + ", for=192.0.2.1"}},
			{"Forwarded": {sent + `, for="192.0.2.1";host="x"`}},
		} {
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr, r.Header = "10.0.0.1:1", header
			if got := clients.IP(r); got.IsValid() && got.String() != "192.0.2.1" {
				t.Errorf("%q: client %s", header, got)
			}
		}
	})
}

// Where chi finds the client behind the same proxies, Clients find the same one.
func FuzzClientsAgreeWithChi(f *testing.F) {
	for _, s := range []string{"", "192.0.2.1", "::ffff:10.0.0.2, 10.0.0.1", "192.0.2.1, fe80::1%x", "192.0.2.1:80", "[::1]", ",192.0.2.1,", "a, 10.0.0.1"} {
		f.Add("10.0.0.1:1", s, "10.0.0.7")
		f.Add("192.0.2.9:1", s, s)
	}
	clients := clientsOf("10.0.0.0/8")
	f.Fuzz(func(t *testing.T, peer, first, second string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr, r.Header = peer, http.Header{"X-Forwarded-For": {first, second}}
		chi.ClientIPFromXFF("10.0.0.0/8")(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			want := chi.GetClientIPAddr(r.Context()).WithZone("")
			if got := clients.IP(r); want.IsValid() && got.IsValid() && got != want {
				t.Errorf("%q, %q, %q: client %v, chi's is %v", peer, first, second, got, want)
			}
		})).ServeHTTP(httptest.NewRecorder(), r)
	})
}

func TestClientsNetwork(t *testing.T) {
	for peer, want := range map[string]string{
		"192.0.2.1:1":              "192.0.2.1/32",
		"[::ffff:192.0.2.1]:1":     "192.0.2.1/32",
		"[2001:db8:1:2:3:4:5:6]:1": "2001:db8:1:2::/64",
		"[fe80::1%eth0]:1":         "fe80::/64",
		"@":                        "unknown",
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = peer
		if got := NewClients(nil).Key(r); got != want {
			t.Errorf("%s: %s, want %s", peer, got, want)
		}
		if n := new(Clients).Network(r); n.IsValid() != (want != "unknown") {
			t.Errorf("%s: the network is %v", peer, n)
		}
	}
}

func TestClientsRefuseNoNetwork(t *testing.T) {
	defer func() {
		if p, _ := recover().(string); !strings.Contains(p, "is not a network") {
			t.Errorf("it panics with %q", p)
		}
	}()
	NewClients(&ClientsOptions{Proxies: []netip.Prefix{{}}})
}
