package remote_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/buckettest"
)

// The client receives only allowed fields, and the origin receives nothing of
// the client.
func TestNothingPassesThrough(t *testing.T) {
	var asked http.Header
	hostile := http.Header{
		"X-Accel-Redirect": {"/secret"}, "X-Accel-Buffering": {"no"}, "X-Accel-Limit-Rate": {"1"}, "X-Accel-Charset": {"x"},
		"X-Accel-Expires": {"99"}, "X-Sendfile": {"/etc/passwd"}, "X-Sendfile2": {"/etc/passwd 0-"}, "X-Lighttpd-Send-File": {"/etc/passwd"},
		"X-Reproxy-Url": {"http://10.0.0.1"}, "Set-Cookie": {"a=secret"}, "Location": {"http://secret"}, "Refresh": {"0; url=http://secret"},
		"Keep-Alive": {"timeout=secret"}, "Proxy-Authenticate": {"secret"}, "Www-Authenticate": {"secret"}, "Upgrade": {"secret"},
		"Connection": {"X-Secret"}, "X-Secret": {"secret"}, "Trailer": {"X-Late"}, "Content-Disposition": {"inline; filename=secret"},
		"Cache-Control": {"public, max-age=99"}, "Expires": {"secret"}, "Link": {"<secret>"}, "Server": {"secret"}, "Via": {"secret"},
		"Access-Control-Allow-Origin": {"*"}, "Content-Security-Policy": {"secret"}, "Strict-Transport-Security": {"secret"},
		"Accept-Ranges": {"none"}, "Content-Location": {"secret"}, "Alt-Svc": {"secret"}, "Clear-Site-Data": {"secret"}, "Vary": {"secret"},
	}
	url := buckettest.Serve(t, fake(t, func(w http.ResponseWriter, r *http.Request) {
		asked = r.Header
		for key, values := range hostile {
			w.Header()[key] = values
		}
		w.Header().Set("ETag", `"v1"`)
		w.Header().Set("Content-Type", "text/csv")
		if r.Header.Get("Range") != "" {
			w.Header().Set("Content-Range", "bytes 0-1/5000")
			w.Header().Set("Content-Length", "2")
			w.WriteHeader(http.StatusPartialContent)
			io.WriteString(w, "00")
			return
		}
		w.Header().Set("Content-Length", "5000")
		w.Write(bytes.Repeat([]byte("0"), 5000))
	}))
	fields := []string{
		"Cookie", "session=mine", "Authorization", "Bearer mine", "Proxy-Authorization", "mine", "X-Forwarded-For", "192.0.2.1",
		"Forwarded", "for=192.0.2.1", "Referer", "http://mine", "X-Accel-Mapping", "mine", "X-Sendfile-Type", "mine", "User-Agent", "mine",
		"Accept-Language", "mine", "Origin", "http://mine",
	}
	allowed := []string{
		"Accept-Ranges", "Cache-Control", "Content-Disposition", "Content-Length", "Content-Range", "Content-Type", "Date", "Etag",
		"X-Content-Type-Options",
	}
	for name, more := range map[string][]string{"whole": nil, "range": {"Range", "bytes=0-1"}, "head": nil} {
		method := "GET"
		if name == "head" {
			method = "HEAD"
		}
		resp, _, err := buckettest.Get(t, method, url+"/a.csv", append(more, fields...)...)
		if err != nil || resp.StatusCode >= 300 {
			t.Fatalf("%s: status %d, %v", name, resp.StatusCode, err)
		}
		for key, values := range resp.Header {
			if !slices.Contains(allowed, key) || strings.Contains(fmt.Sprint(values), "secret") {
				t.Errorf("%s: the client sees %s: %q", name, key, values)
			}
		}
		if len(resp.Trailer) != 0 {
			t.Errorf("%s: the client sees the trailers %v", name, resp.Trailer)
		}
		if got := resp.Header.Get("Cache-Control"); got != "private, no-cache" {
			t.Errorf("%s: Cache-Control %q, want that of the view", name, got)
		}
		if got := resp.Header.Get("ETag") + resp.Header.Get("Content-Type"); got != `"v1"text/csv; charset=utf-8` {
			t.Errorf("%s: tag and type %s, want those of the origin", name, got)
		}
		for key, values := range asked {
			if strings.Contains(fmt.Sprint(values), "mine") || strings.Contains(fmt.Sprint(values), "192.0.2.1") {
				t.Errorf("%s: the origin sees %s: %q", name, key, values)
			}
		}
	}
}

// Of an origin's refusal, only Retry-After is passed on.
func TestRefusalsPassNothing(t *testing.T) {
	for status, want := range map[int]int{404: 404, 403: 404, 429: 503, 503: 503, 500: 502, 418: 502} {
		url := buckettest.Serve(t, fake(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.Header().Set("Set-Cookie", "secret=1")
			w.Header().Set("X-Accel-Redirect", "/secret")
			w.WriteHeader(status)
			io.WriteString(w, "secret")
		}))
		resp, body, err := buckettest.Get(t, "GET", url+"/a")
		if err != nil || resp.StatusCode != want {
			t.Errorf("answered with %d: status %d, %v, want %d", status, resp.StatusCode, err, want)
		}
		if got := resp.Header.Get("Retry-After"); got != map[bool]string{true: "7"}[want == 503] {
			t.Errorf("answered with %d: Retry-After %q", status, got)
		}
		if all := fmt.Sprint(resp.Header, string(body)); strings.Contains(all, "secret") {
			t.Errorf("answered with %d: the client sees %s", status, all)
		}
	}
}
