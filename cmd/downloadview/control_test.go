package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Keys with control characters are served and listed, if the store allows them.
func TestControlCharacters(t *testing.T) {
	clouds(t, func(t *testing.T, c *cloud) {
		c.put(t, "plain.txt", digits[:10])
		for _, key := range c.control {
			c.put(t, key, digits[:10])
		}
		l := serve(t, "--index", c.url(t))
		page := l.get(t, "/").body
		for _, key := range append(c.control, "plain.txt") {
			path := "/" + url.PathEscape(key)
			got := l.get(t, path)
			if got.StatusCode != http.StatusOK || got.body != string(digits[:10]) {
				t.Errorf("%q: %d %q", key, got.StatusCode, got.body)
			}
			if d := got.Header.Get("Content-Disposition"); !strings.HasPrefix(d, "attachment") || strings.ContainsFunc(d, func(r rune) bool { return r < ' ' || r == 0x7f }) {
				t.Errorf("%q: Content-Disposition %q", key, d)
			}
			if got := l.ask(t, "GET", path, "Range", "bytes=2-3"); got.StatusCode != http.StatusPartialContent || got.body != "23" {
				t.Errorf("%q, a range: %d %q", key, got.StatusCode, got.body)
			}
			// versitygw doesn't encode what XML can't carry.
			if (c.s3 == nil || !strings.Contains(key, "\x01")) && !strings.Contains(page, path[1:]) {
				t.Errorf("%q isn't listed:\n%s", key, page)
			}
		}
		if got := l.get(t, "/"+url.PathEscape("none\x01")); got.StatusCode != http.StatusNotFound {
			t.Errorf("a key that isn't there: %d", got.StatusCode)
		}
	})
}
