package apache_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
)

// Files that mod_xsendfile sends are not compressed. Streamed ones would be, and a
// range would then be one of the compressed bytes.
func TestApacheCompressesNothingStreamed(t *testing.T) {
	content := strings.Repeat("0123456789 ", 1000)
	for module, filter := range map[string]string{"deflate": "DEFLATE", "brotli": "BROTLI_COMPRESS"} {
		t.Run(module, func(t *testing.T) {
			proxy := proxytest.Start(t, "apache", site.Site{
				Upstream: proxytest.Application(t, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", "text/plain")
					w.Header().Set("ETag", `"application"`)
					io.WriteString(w, content)
				}),
			}, proxytest.Options{Edit: func(conf string) string {
				load := "LoadModule filter_module /usr/lib/apache2/modules/mod_filter.so\n" +
					fmt.Sprintf("LoadModule %[1]s_module /usr/lib/apache2/modules/mod_%[1]s.so\n", module)
				return strings.Replace(conf, "<VirtualHost", load+"SetOutputFilter "+filter+"\n<VirtualHost", 1)
			}})
			resp := proxy.Do(t, "GET", "/", http.Header{"Accept-Encoding": {"gzip, br"}})
			body, encoding, tag := proxytest.Body(t, resp), resp.Header.Get("Content-Encoding"), resp.Header.Get("ETag")
			if body != content || encoding != "" || tag != `"application"` {
				t.Errorf("%.20q, encoded %q, tag %s, want the application's answer as it is", body, encoding, tag)
			}
		})
	}
}

// One line of the application's header may have 8192 bytes. For a longer line Apache
// answers 502 and shows nothing of it.
func TestApacheLongFields(t *testing.T) {
	dir := t.TempDir()
	proxytest.Write(t, dir, "a.bin", "content")
	for n, want := range map[int]int{8000: 200, 9000: 502} {
		proxy := proxytest.Start(t, "apache", site.Site{
			Upstream: proxytest.Application(t, proxytest.Answer(http.Header{"X-Sendfile": {dir + "/a.bin"}, "X-Long": {strings.Repeat("x", n)}})),
			Rules:    []site.Rule{{Rule: accel.Rule{Source: dir, Destination: dir}}},
		}, proxytest.Options{})
		resp := proxy.Do(t, "GET", "/", nil)
		body := proxytest.Body(t, resp)
		if resp.StatusCode != want || strings.Contains(body, dir) || want == 200 && body != "content" || resp.Header.Get("X-Sendfile") != "" {
			t.Errorf("%d bytes: %s %q, want %d", n, resp.Status, body, want)
		}
	}
}

// A site that compresses doesn't compress downloads, also streamed ones: compressed
// downloads have no ranges.
func TestApacheCompressesNoDownloads(t *testing.T) {
	const compress = "LoadModule filter_module /usr/lib/apache2/modules/mod_filter.so\n" +
		"LoadModule deflate_module /usr/lib/apache2/modules/mod_deflate.so\nSetOutputFilter DEFLATE\n\n<VirtualHost"
	content := strings.Repeat("0123456789", 1000)
	dir := t.TempDir()
	proxytest.Write(t, dir, "large", content)
	proxy := proxytest.Start(t, "apache", site.Site{
		Upstream: proxytest.Application(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Etag", `"application"`)
			if r.URL.Path == "/streamed" {
				io.WriteString(w, content)
				return
			}
			w.Header().Set("X-Sendfile", dir+"/large")
		}),
		Rules: []site.Rule{{Rule: accel.Rule{Source: dir, Destination: dir}}},
	}, proxytest.Options{Edit: func(conf string) string {
		return strings.Replace(conf, "<VirtualHost", compress, 1)
	}})
	for _, target := range []string{"/handed-over", "/streamed"} {
		resp := proxy.Do(t, "GET", target, http.Header{"Accept-Encoding": {"gzip"}})
		if body := proxytest.Body(t, resp); body != content || resp.Header.Get("Etag") != `"application"` {
			t.Errorf("%s: %s, %d bytes, %v, want it as it is", target, resp.Status, len(body), resp.Header)
		}
	}
}

// A "?" would end the name of the socket.
func TestApacheRefuses(t *testing.T) {
	s := site.Site{Listen: "127.0.0.1:8080", Upstream: "unix:/run/a?b"}
	proxytest.Refused(t, "apache", s, `"/run/a?b"`)
}
