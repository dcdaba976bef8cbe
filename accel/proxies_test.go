package accel_test

import (
	"strings"
	"testing"

	"github.com/downloadview/downloadview/accel"
)

// The value of each server's field for a name; "" if the field can't carry it.
func TestEncoders(t *testing.T) {
	proxies := []struct {
		proxy       accel.Proxy
		destination string
	}{
		{accel.Nginx(), "/_in 1/"},
		{accel.Apache(), "/mnt/in 1"},
		{accel.Apache10(), "/mnt/in 1"},
		{accel.Lighttpd(), "/mnt/in 1"},
		{accel.Caddy(), "/_in 1/"},
		{accel.Caddy26(), "/_in 1/"},
	}
	for _, tt := range []struct {
		rest string
		want [6]string // what follows the destination
	}{
		{"a b.txt", [6]string{"a%20b.txt", "a b.txt", "a%20b.txt", "a%20b.txt", "a%20b.txt", "a b.txt"}},
		{"100%25.txt", [6]string{"100%2525.txt", "100%25.txt", "100%2525.txt", "100%2525.txt", "100%2525.txt", "100%25.txt"}},
		{"a?b", [6]string{"a%3Fb", "a?b", "a%3Fb", "a%3Fb", "a%3Fb", ""}},
		{"ä", [6]string{"%C3%A4", "ä", "%C3%A4", "%C3%A4", "%C3%A4", "ä"}},
		{"\xff", [6]string{"%FF", "\xff", "%FF", "", "%FF", "\xff"}},
		{"a\nb", [6]string{"a%0Ab", "", "a%0Ab", "", "a%0Ab", ""}},
		{"a ", [6]string{"a%20", "", "a%20", "a%20", "a%20", ""}},
		{strings.Repeat("a", 2049), [6]string{}},
	} {
		for i, p := range proxies {
			a, err := accel.New(p.proxy, []accel.Rule{{Source: "/srv", Destination: p.destination}}, nil)
			if err != nil {
				t.Fatal(err)
			}
			want := tt.want[i]
			if want != "" {
				want = map[bool]string{true: "/_in", false: "/mnt/in"}[i == 0 || i > 3] +
					map[bool]string{true: " 1/", false: "%201/"}[i == 1 || i == 5] + want
			}
			if got, ok := a.Match(local("/srv/" + tt.rest)); got != want || ok != (want != "") {
				t.Errorf("%s: %.40q, %v for %.40q, want %.40q", p.proxy.Name, got, ok, tt.rest, want)
			}
		}
	}
}

// A destination of the wrong kind is an error when the accelerator is made.
func TestDestinations(t *testing.T) {
	for _, tt := range []struct {
		proxy       accel.Proxy
		destination string
		want        string // in the error; "": fine
	}{
		{accel.Apache(), "/srv/media", ""},
		{accel.Apache(), "C:/srv/media", ""},
		{accel.Apache(), "/", ""},
		{accel.Apache(), "", `destination "" is empty; want an absolute path of a directory`},
		{accel.Apache(), "srv/media", `destination "srv/media" is not absolute`},
		{accel.Apache(), "https://media", `destination "https://media" is a URL`},
		{accel.Apache(), "/srv/../etc", `has a segment ".." in it`},
		{accel.Apache(), "/srv//media", `has a segment "" in it`},
		{accel.Lighttpd(), "/srv/a\nb", "has a control character in it"},
		{accel.Lighttpd(), "/" + strings.Repeat("a", 3000), "is longer than 2048 bytes"},
		{accel.Lighttpd(), "/" + strings.Repeat("ä", 500), "is longer than 2048 bytes when it is encoded"},
		{accel.Caddy(), "C:/srv", "does not begin with a slash; want an internal location"},
		{accel.Caddy26(), "/_media?", `has "?" or "#" in it`},
		{accel.Caddy26(), "/_100%", ""},
	} {
		_, err := accel.New(tt.proxy, []accel.Rule{{Source: "/srv", Destination: tt.destination}}, nil)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %.60q: error %v, want %q", tt.proxy.Name, tt.destination, err, tt.want)
		}
	}
}
