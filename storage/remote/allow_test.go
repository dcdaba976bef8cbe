package remote

import (
	"errors"
	"net/netip"
	"testing"
)

// TestAllow calls the guard directly: the machine has no routes to all these
// addresses.
func TestAllow(t *testing.T) {
	open := Allow{
		Prefixes: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00:1::/32")},
		Ports:    []uint16{8080},
	}
	for _, tt := range []struct {
		network, address string
		public, opened   bool // allowed by the zero value, and by open
	}{
		{"tcp4", "93.184.215.14:80", true, true},
		{"tcp4", "93.184.215.14:443", true, true},
		{"tcp4", "93.184.215.14:8080", false, true},
		{"tcp4", "93.184.215.14:22", false, false},
		{"tcp6", "[2606:2800:21f:cb07::1]:443", true, true},
		{"tcp4", "10.1.2.3:443", false, true},
		{"tcp4", "10.1.2.3:22", false, false},
		{"tcp4", "10.2.2.3:443", false, false},
		{"tcp4", "127.0.0.1:80", false, false},
		{"tcp4", "0.0.0.0:80", false, false},
		{"tcp4", "169.254.169.254:80", false, false},
		{"tcp4", "100.64.0.1:80", false, false},
		{"tcp4", "192.168.1.1:80", false, false},
		{"tcp4", "198.18.0.1:80", false, false},
		{"tcp4", "224.0.0.1:80", false, false},
		{"tcp4", "240.0.0.1:80", false, false},
		{"tcp4", "255.255.255.255:80", false, false},
		{"tcp6", "[fd00:1::1]:443", false, true},
		{"tcp6", "[fd00:2::1]:443", false, false},
		{"tcp6", "[::1]:80", false, false},
		{"tcp6", "[::]:80", false, false},
		{"tcp6", "[::ffff:127.0.0.1]:80", false, false},
		{"tcp6", "[::ffff:10.1.2.3]:443", false, false},
		{"tcp6", "[::ffff:93.184.215.14]:443", false, false},
		{"tcp6", "[::127.0.0.1]:80", false, false},
		{"tcp6", "[64:ff9b::7f00:1]:80", false, false},
		{"tcp6", "[2002:7f00:1::]:80", false, false},
		{"tcp6", "[2001::1]:80", false, false},
		{"tcp6", "[fe80::1%eth0]:80", false, false},
		{"tcp6", "[fec0::1]:80", false, false},
		{"tcp6", "[ff02::1]:80", false, false},
		{"unix", "/run/x.sock", false, false},
		{"udp4", "93.184.215.14:443", false, false},
		{"tcp4", "localhost:80", false, false},
	} {
		for _, a := range []struct {
			name  string
			allow Allow
			want  bool
		}{{"the zero value", Allow{}, tt.public}, {"prefixes and a port", open, tt.opened}} {
			control, err := a.allow.control()
			if err != nil {
				t.Fatal(err)
			}
			err = control(tt.network, tt.address, nil)
			if (err == nil) != a.want || err != nil && !errors.Is(err, ErrAddress) {
				t.Errorf("%s, %s %s: %v, want it allowed: %t", a.name, tt.network, tt.address, err, a.want)
			}
		}
	}
}
