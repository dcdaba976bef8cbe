package matrix_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
)

// All elements of a list arrive, from one line or several, whichever server sends the
// file: nginx before 1.23 keeps only the first line of a field in a hand-over.
func TestListsInSeveralLines(t *testing.T) {
	outside := http.Header{
		"Vary":                          {"Accept-Encoding", "Origin"},
		"Link":                          {"</a>; rel=preload", "</b>; rel=preload"},
		"Content-Security-Policy":       {"default-src 'self'", "img-src 'none'"},
		"Access-Control-Expose-Headers": {"Etag"},
		"Set-Cookie":                    {"session=1; Path=/"},
	}
	view := http.Header{
		"link":                          {"</c>; rel=preload"},
		"Content-Security-Policy":       {"script-src 'none'"},
		"Access-Control-Expose-Headers": {"X-Job", "Content-Language"},
		"Server-Timing":                 {"a;dur=1", "b;dur=2"},
		"X-Robots-Tag":                  {"noindex", "noarchive"},
		"Set-Cookie":                    {"seen=1, maybe; Path=/", "third=3"},
	}
	want := map[string][]string{
		"Vary":                          {"Accept-Encoding", "Origin", "Cookie"},
		"Link":                          {"</a>; rel=preload", "</b>; rel=preload", "</c>; rel=preload"},
		"Content-Security-Policy":       {"default-src 'self'", "img-src 'none'", "script-src 'none'"},
		"Access-Control-Expose-Headers": {"Etag", "X-Job", "Content-Language"},
		"Server-Timing":                 {"a;dur=1", "b;dur=2"},
		"X-Robots-Tag":                  {"noindex", "noarchive"},
		"Content-Language":              {"de"},
	}
	cookies := []string{"session=1; Path=/", "seen=1, maybe; Path=/", "third=3"}
	below := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for key, values := range outside {
				w.Header()[key] = slices.Clone(values)
			}
			h.ServeHTTP(w, r)
		})
	}
	check := func(t *testing.T, server string, places []place, key string) {
		s := newSiteBelow(t, server, places, below, view)
		for mode, by := range map[string]downloadview.Mode{"offload": downloadview.Offloaded, "stream": downloadview.Streamed} {
			got := s.get(t, mode, places[0].name, key, request{method: "GET"}, "")
			if got.status != 200 || got.mode != by {
				t.Fatalf("%s: status %d, %v", mode, got.status, got.mode)
			}
			for key, members := range want {
				if said := membersOf(got.header[key]); !slices.Equal(said, members) {
					t.Errorf("%s: %s %q, want %q", mode, key, got.header[key], members)
				}
			}
			if !slices.Equal(got.header["Set-Cookie"], cookies) {
				t.Errorf("%s: Set-Cookie %q, want %q", mode, got.header["Set-Cookie"], cookies)
			}
			if policy := got.header.Get("Cache-Control"); policy != "private, no-cache" {
				t.Errorf("%s: Cache-Control %q", mode, policy)
			}
		}
	}
	all := places(t)
	for _, server := range servers {
		t.Run(server, func(t *testing.T) { check(t, server, all, "plain.txt") })
	}
	for _, server := range signing(t) {
		t.Run("signed "+server, func(t *testing.T) { check(t, server, []place{objects(t)}, "plain.txt") })
	}
}

// membersOf returns each member of a list once. Apache removes the spaces from Vary,
// and Caddy adds the fields that its file server depends on.
func membersOf(lines []string) (members []string) {
	for m := range strings.SplitSeq(strings.Join(lines, ","), ",") {
		if m = strings.TrimSpace(m); !slices.Contains(members, m) {
			members = append(members, m)
		}
	}
	return members
}
