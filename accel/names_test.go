package accel_test

import (
	"fmt"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/downloadview/downloadview/internal/nginxtest"
)

// hostileNames are names of files that a part of the way from the disk to the client
// could misread.
var hostileNames = []string{
	"plain.txt",
	// Mean something in a URL.
	"a b.txt", "100%.txt", "%.txt", "%4", "%41.txt", "%2F", "%2e%2e", "%252F.txt", "%zz", "%00", "%0d%0aX-Evil: 1",
	"a?b.txt", "?", "a#b.txt", "#", "a+b.txt", "a;b.txt", "a&b.txt", "a=b.txt", "a?b=c&d#e", "~", "~user", "a@b", "a,b", "a!b", "(a)", "[a]", "{a}", "a^b",
	"http:", "a:b.txt", "C:",
	// Mean something to nginx.
	"@name", "$uri", "${uri}", "$1", "=", "_media", ".htaccess", "a.gz", "index.html",
	// Mean something in a header field.
	`a"b.txt`, `"`, "a'b.txt", `a\b.txt`, `\`, "<a>.txt", "a|b", "a*b", "a`b", "utf-8''a", `a"; filename="b`,
	// Control characters.
	"a\nb.txt", "a\r\nX-Evil: 1", "\r", "a\tb.txt", "\x01", "a\x1bb", "\x7f", "a\x0bb\x0c",
	// Dots, dashes and blanks at the ends.
	".hidden", "..x", "x..", "a..b", "...", ". .", "-dash", "--", " ", " leading", "trailing ", "trailing.", "a.",
	// Not ASCII.
	"é.txt", "e\u0301.txt", "日本語.pdf", "😀.png", "👩\u200d🚀", "\u202egpj.exe", "\ufeffbom", "a\u2028b", "a\u00a0b", "a\u0085b", "ﬀ", "ａ／ｂ",
	// Not UTF-8.
	"\xff\xfe.bin", "caf\xe9.txt", "\xc0\xaf", "\xed\xa0\x80", "a\x80",
	// As long as the file system allows.
	strings.Repeat("a", 251) + ".txt", strings.Repeat("é", 127) + "x", strings.Repeat("語", 85), strings.Repeat("%", 255), strings.Repeat(" ", 255),
}

func TestNginxSendsAnyName(t *testing.T) {
	for _, version := range []string{"1.0", "1.1"} {
		t.Run("HTTP "+version, func(t *testing.T) {
			s := newSite(t, nginxtest.Options{UpstreamHTTP: version})
			for i, name := range hostileNames {
				for _, key := range []string{name, "in/" + name + "/" + name} {
					t.Run(strconv.Quote(key), func(t *testing.T) {
						content := fmt.Sprintf("%d: the content of %q", i, key)
						if err := s.write(key, content); err != nil {
							if runtime.GOOS == "linux" {
								t.Fatal(err)
							}
							t.Logf("not a name on %s: %v", runtime.GOOS, err)
							return
						}
						checkName(t, s, key, content)
					})
				}
			}
		})
	}
}

// checkName fetches a file in both modes: whole, in part and by HEAD. Every
// field of the answers is the same.
func checkName(t *testing.T, s *site, key, content string) {
	part := http.Header{"Range": {"bytes=3-9"}}
	for _, tt := range []struct {
		name, method string
		header       http.Header
		status       int
		body, length string
		contentRange string
	}{
		{"whole", "GET", nil, 200, content, strconv.Itoa(len(content)), ""},
		{"range", "GET", part, 206, content[3:10], "7", fmt.Sprintf("bytes 3-9/%d", len(content))},
		{"HEAD", "HEAD", nil, 200, "", strconv.Itoa(len(content)), ""},
	} {
		s.streams.Store(true)
		streamed, _, o := s.get(t, tt.method, key, tt.header.Clone())
		wantStreamed(t, o)
		s.streams.Store(false)
		resp, body, o := s.get(t, tt.method, key, tt.header.Clone())
		wantOffloaded(t, o)

		if resp.StatusCode != tt.status || body != tt.body {
			t.Errorf("%s: %s %q, want %d %q", tt.name, resp.Status, body, tt.status, tt.body)
		}
		if got := resp.Header.Get("Content-Length"); got != tt.length {
			t.Errorf("%s: Content-Length %q, want %q", tt.name, got, tt.length)
		}
		if got := resp.Header.Get("Content-Range"); got != tt.contentRange {
			t.Errorf("%s: Content-Range %q, want %q", tt.name, got, tt.contentRange)
		}
		if diff := cmp.Diff(lasting(streamed.Header), lasting(resp.Header)); diff != "" {
			t.Errorf("%s: header (-streamed +offloaded):\n%s", tt.name, diff)
		}
	}
}

// lasting removes the fields that differ from one answer to the next, and a field that
// nginx doesn't send with 206, where it has no meaning.
func lasting(h http.Header) http.Header {
	h = h.Clone()
	h.Del("Date")
	h.Del("Connection")
	if h.Get("Content-Range") != "" {
		h.Del("Accept-Ranges")
	}
	return h
}
