package command

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// The log has the address of the client, or that of the connection if the client's isn't
// known.
func TestRemoteInTheLog(t *testing.T) {
	for _, tt := range []struct{ trusted, peer, forwarded, want string }{
		{"", "10.0.0.1:1", "192.0.2.1", "10.0.0.1"},
		{"", "@", "192.0.2.1", "unix"},
		{"10.0.0.0/8", "10.0.0.1:1", "192.0.2.1", "192.0.2.1"},
		{"10.0.0.0/8", "10.0.0.1:1", "unknown", "10.0.0.1"},
		{"10.0.0.1", "10.0.0.1:1", "[2001:db8::1]:80", "2001:db8::1"},
		{"10.0.0.1", "10.0.0.2:1", "192.0.2.1", "10.0.0.2"},
		{"unix", "@", "192.0.2.1", "192.0.2.1"},
		{"unix", "@", "", "unix"},
	} {
		peers, err := parseTrusted(strings.Fields(tt.trusted))
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr, r.Header = tt.peer, http.Header{"X-Forwarded-For": {tt.forwarded}}
		if got := remoteOf(peers, r); got != tt.want {
			t.Errorf("%+v: %s", tt, got)
		}
	}
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
