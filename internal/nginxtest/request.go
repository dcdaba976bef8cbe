package nginxtest

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Do sends a request for target, a path that is sent byte for byte: nothing is
// cleaned or encoded again. Redirects are not followed, and nothing is
// decompressed. The caller need not close the body; it is closed when the test
// ends.
func (s *Server) Do(t testing.TB, method, target string, header http.Header) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.URL = &url.URL{Scheme: "http", Host: s.Addr, Opaque: target}
	if strings.HasPrefix(target, "//") {
		r.URL.Opaque = "//" + s.Addr + target // otherwise its first segment would be the host
	}
	if header != nil {
		r.Header = header
	}
	resp, err := s.transport.RoundTrip(r)
	if err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// Body reads the whole body and closes it.
func Body(t testing.TB, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("body of %s: %v", resp.Request.URL, err)
	}
	return string(b)
}
