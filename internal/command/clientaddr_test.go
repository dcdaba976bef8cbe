package command

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestClientAddress(t *testing.T) {
	const proxies = "10.0.0.0/8 ::1 unix"
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
		{"a socket that isn't trusted", "10.0.0.0/8", "@", http.Header{"X-Forwarded-For": {"192.0.2.1"}}, "unix"},
		{"an invention", proxies, "@", http.Header{"X-Forwarded-For": {"203.0.113.1, 192.0.2.1"}}, "192.0.2.1"},
		{"several proxies", proxies, "@", http.Header{"X-Forwarded-For": {"203.0.113.1, 192.0.2.1 ,10.0.0.7", "10.0.0.1,unix:"}}, "192.0.2.1"},
		{"ports", proxies, "[::1]:1", http.Header{"X-Forwarded-For": {"[2001:db8::1]:443, 10.0.0.1:99"}}, "2001:db8::1"},
		{"all are proxies", proxies, "@", http.Header{"X-Forwarded-For": {"10.0.0.3, 10.0.0.2"}}, "10.0.0.3"},
		{"no address", proxies, "@", http.Header{"X-Forwarded-For": {"192.0.2.1, unknown, 10.0.0.2"}}, "10.0.0.2"},
		{"nothing", proxies, "@", http.Header{"X-Forwarded-For": {""}}, "unix"},
		{"Forwarded", proxies, "@", http.Header{"Forwarded": {`for=203.0.113.1, for="[2001:db8::1]:4711";proto=https, By=x; FOR=10.0.0.1`}}, "2001:db8::1"},
		{"Forwarded without for", proxies, "10.0.0.1:1", http.Header{"Forwarded": {"for=192.0.2.1, proto=https"}}, "10.0.0.1"},
		{"Forwarded, hidden", proxies, "10.0.0.1:1", http.Header{"Forwarded": {"for=_hidden"}}, "10.0.0.1"},
		{"Forwarded by the client", proxies, "@", http.Header{"X-Forwarded-For": {"192.0.2.1"}, "Forwarded": {"for=203.0.113.1"}}, "192.0.2.1"},
		{"open quote", proxies, "10.0.0.1:1", http.Header{"Forwarded": {`for=203.0.113.1, for=", for=192.0.2.1`}}, "10.0.0.1"},
		{"line by line", proxies, "10.0.0.1:1", http.Header{"Forwarded": {`for="`, "for=192.0.2.1"}}, "192.0.2.1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			peers, err := parseTrusted(strings.Fields(tt.trusted))
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr, r.Header = tt.peer, tt.header
			if got := peers.client(r); got != tt.want {
				t.Errorf("client %s, want %s", got, tt.want)
			}
		})
	}
}

// For any field that a client sends, if a trusted proxy appends the client's address,
// the log has that address, or the proxy's, and never another.
func FuzzClientAddress(f *testing.F) {
	for _, s := range []string{"", "203.0.113.1", "10.0.0.1", `for="`, `for=203.0.113.1;host="`, `for=203.0.113.1, for="a\`, "unix:", ",", "[::1"} {
		f.Add(s)
	}
	peers, err := parseTrusted([]string{"10.0.0.0/8", "unix"})
	if err != nil {
		f.Fatal(err)
	}
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
			if got := peers.client(r); got != "192.0.2.1" && got != "10.0.0.1" {
				t.Errorf("%q: client %s", header, got)
			}
		}
	})
}

func TestTrustedProxiesAreChecked(t *testing.T) {
	for text, want := range map[string]string{
		"10.0.0.1/8": `"10.0.0.1/8" is an address with the length of a network; want the network 10.0.0.0/8`,
		"proxy.test": `"proxy.test" is not an address; want one such as 127.0.0.1, a network such as 10.0.0.0/8, or unix`,
		"":           `"" is not an address`,
	} {
		if _, err := parseTrusted([]string{"unix", text}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
