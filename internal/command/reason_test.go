package command

import (
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestReason(t *testing.T) {
	for text, want := range map[string]string{
		"open a.txt: no such file": "open a.txt: no such file",
		`Get "https://s3.test/b/k?X-Amz-Signature=abc&X-Amz-Date=1": dial tcp: refused`: `Get "https://s3.test/b/k?xxxxx": dial tcp: refused`,
		"GET /b/k?token=abc failed":                       "GET /b/k?xxxxx failed",
		"postgres://user:pass@db.test/files: refused":     "postgres://xxxxx@db.test/files: refused",
		"session_token=abc, secret_access_key=def; key=1": "session_token=xxxxx, secret_access_key=xxxxx; key=1",
		"the request asks for ?opaque":                    "the request asks for ?xxxxx",
		"what? a=b":                                       "what? a=b",
	} {
		if got := reason(httptest.NewRequest("GET", "/a?opaque", nil), errors.New(text)); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// For any error, the reason has a bounded length and nothing of the request's query, and
// is one line in the log.
func FuzzReason(f *testing.F) {
	f.Add("x", "q")
	f.Add(strings.Repeat("\u20ac", 200), "a=b")
	f.Add("\n level=ERROR", "x&y")
	f.Add("\xdf", "\xba") // half a character each
	f.Fuzz(func(t *testing.T, text, query string) {
		const secret = "5ecret"
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.RawQuery = query + secret
		got := reason(r, errors.New(text+" /key?"+query+secret))
		if len(got) > longestReason || utf8.ValidString(text) && utf8.ValidString(query) && !utf8.ValidString(got) {
			t.Errorf("reason of %d bytes, %q", len(got), got)
		}
		if strings.Contains(got, secret) && !strings.Contains(text, secret) {
			t.Errorf("reason %q has the query in it", got)
		}
		line := (&accessLine{reason: got}).attrs()
		var b strings.Builder
		slog.New(slog.NewTextHandler(&b, nil)).LogAttrs(t.Context(), slog.LevelInfo, accessMessage, line...)
		if strings.Count(b.String(), "\n") != 1 {
			t.Errorf("%q is no line", &b)
		}
	})
}

// Errors in other lines of the log have no secrets either.
func TestLogHidesSecrets(t *testing.T) {
	var b strings.Builder
	slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{ReplaceAttr: hideSecrets})).
		Error("download failed", "path", "/what?a=b", "error", errors.New("Get https://u:p@s3.test/b?X-Amz-Signature=abc: refused"))
	if got, want := b.String(), `path="/what?a=b" error="Get https://xxxxx@s3.test/b?xxxxx refused"`; !strings.Contains(got, want) {
		t.Errorf("line %swant %s", got, want)
	}
}
