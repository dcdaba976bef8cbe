package remote_test

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/remote"
)

// answer is a transport that remembers the URL of the request.
type answer struct{ asked *url.URL }

func (a *answer) RoundTrip(r *http.Request) (*http.Response, error) {
	a.asked = r.URL
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, ContentLength: -1, Request: r}, nil
}

// FuzzKey requests keys below a base and checks the URL that is sent, as an
// origin sees it that decodes it once, or repeatedly.
func FuzzKey(f *testing.F) {
	const base = "https://u:p@origin.test:8443/a%20b/files?sig=1"
	transport := &answer{}
	s, err := remote.New(&url.URL{
		Scheme: "https", User: url.UserPassword("u", "p"), Host: "origin.test:8443", Path: "/a b/files", RawQuery: "sig=1",
	}, &remote.Options{Client: &http.Client{Transport: transport}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, key string) {
		file, err := s.File(key)
		if err != nil {
			return
		}
		if _, err := downloadview.Stat(t.Context(), file); err != nil {
			t.Fatal(err)
		}
		// The origin parses the URL from the text of the request.
		u, err := url.Parse(transport.asked.String())
		if err != nil {
			t.Fatalf("%q is asked for as %q: %v", key, transport.asked, err)
		}
		raw, below := strings.CutPrefix(transport.asked.String(), strings.TrimSuffix(base, "?sig=1")+"/")
		raw, asked := strings.CutSuffix(raw, "?sig=1")
		if !below || !asked || strings.ContainsAny(raw, "?#+\\ \r\n\x00") {
			t.Fatalf("%q is asked for as %q, want it below %q", key, transport.asked, base)
		}
		if want := "/a b/files/" + key; u.Path != want || u.RawQuery != "sig=1" || u.Fragment != "" || u.Host != "origin.test:8443" {
			t.Fatalf("%q is asked for as %q, which is the path %q, want %q", key, u, u.Path, want)
		}
		for p := u.Path; ; {
			flat := strings.ReplaceAll(p, `\`, "/")
			if clean := path.Clean(flat); clean != "/a b/files" && !strings.HasPrefix(clean, "/a b/files/") {
				t.Fatalf("%q is asked for as %q, which may be read as %q", key, u, clean)
			}
			if p != path.Clean(p) {
				t.Fatalf("%q is asked for as %q, which may be read as %q", key, u, p)
			}
			again := decodedOnce(p)
			if again == p {
				break
			}
			p = again
		}
		src, ok := downloadview.SourceOf(file)
		if ok {
			t.Errorf("%q has the source %v in spite of the query", key, src)
		}
	})
}

// decodedOnce decodes the valid escapes and leaves the rest.
func decodedOnce(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if i+3 <= len(s) && s[i] == '%' {
			if c, err := url.PathUnescape(s[i : i+3]); err == nil {
				b.WriteString(c)
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
