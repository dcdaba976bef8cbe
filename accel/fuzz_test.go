package accel_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
)

// A location is below the destination of a rule that covers the source, decodes to
// exactly the rest of the source, and is valid in a header field.
func FuzzMatch(f *testing.F) {
	for _, seed := range []struct{ scheme, host, path string }{
		{"file", "", "/srv/media/a.txt"},
		{"file", "", "/srv/media/100% é?#\r\n"},
		{"file", "", "/srv/media/../media-private/a"},
		{"file", "", "/srv/media-private/a"},
		{"file", "", "/srv/media/in/%2e%2e/a"},
		{"file", "", "/srv/media/in/..%2f"},
		{"file", "", "/srv/media//a"},
		{"file", "", "/srv/media/a/"},
		{"file", "", "/srv/media/\x00"},
		{"file", "host", "/srv/media/a"},
		{"s3", "reports", "2026/a b/c"},
		{"s3", "reports", "2026/a/../b"},
		{"s3", "", "reports/2026/a"},
	} {
		f.Add(seed.scheme, seed.host, seed.path)
	}
	destinations := map[string]string{ // by source, without a slash at its end
		"/srv/media":        "/_media/",
		"/srv/media/in":     "/_in side/100%/",
		"s3://reports/2026": "/_s3/",
	}
	var rules []accel.Rule
	for source, destination := range destinations {
		rules = append(rules, accel.Rule{Source: source, Destination: destination})
	}
	a := newAccelerator(f, rules...)

	f.Fuzz(func(t *testing.T, scheme, host, path string) {
		src := downloadview.Source{Scheme: scheme, Host: host, Path: path}
		location, ok := a.Match(src)
		h, covered := a.Offload(nil, src)
		if location != h.Value || ok != (h.Field != "") || !covered && h != (downloadview.Handover{}) {
			t.Fatalf("Match = %q, %v, but Offload = %+v, %v", location, ok, h, covered)
		}
		if !covered {
			return
		}
		rest, below := strings.CutPrefix(src.String(), h.Rule+"/")
		if !below {
			t.Fatalf("rule %q covers %q", h.Rule, src)
		}
		for longer := range destinations {
			if len(longer) > len(h.Rule) && strings.HasPrefix(src.String(), longer+"/") {
				t.Fatalf("rule %q covers %q, want %q", h.Rule, src, longer)
			}
		}
		for seg := range strings.SplitSeq(rest, "/") {
			if seg == "" || seg == "." || seg == ".." || strings.Contains(seg, "\x00") {
				t.Fatalf("%q is covered with the segment %q", src, seg)
			}
		}
		if !ok {
			if n := len(url.PathEscape(rest)); n < 1500 {
				t.Fatalf("%q is not handed over, with about %d bytes of location", src, n)
			}
			return
		}
		if i := strings.IndexFunc(location, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '?' || r == '#' }); i >= 0 {
			t.Fatalf("location %q has %q in it", location, location[i])
		}
		decoded, err := url.PathUnescape(location)
		if want := destinations[h.Rule] + rest; err != nil || decoded != want {
			t.Fatalf("location %q decodes to %q, %v, want %q", location, decoded, err, want)
		}
	})
}
