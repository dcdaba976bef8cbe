package proxyconf_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/proxyconf"
	"github.com/downloadview/downloadview/internal/proxytest"
)

// mod_xsendfile's files are compressed by nobody. What the application streams
// would be, and a range then be one of the compressed bytes.
func TestApacheCompressesNothingStreamed(t *testing.T) {
	content := strings.Repeat("0123456789 ", 1000)
	for module, filter := range map[string]string{"deflate": "DEFLATE", "brotli": "BROTLI_COMPRESS"} {
		t.Run(module, func(t *testing.T) {
			proxy := proxytest.Start(t, "apache", proxyconf.Site{
				Upstream: application(t, func(w http.ResponseWriter, _ *http.Request) {
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

// One line of the application's header may have 8192 bytes; a longer one is 502,
// and nothing of it is said.
func TestApacheLongFields(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.bin", "content")
	for n, want := range map[int]int{8000: 200, 9000: 502} {
		proxy := proxytest.Start(t, "apache", proxyconf.Site{
			Upstream: application(t, answer(http.Header{"X-Sendfile": {dir + "/a.bin"}, "X-Long": {strings.Repeat("x", n)}})),
			Rules:    []proxyconf.Rule{{Source: dir, Destination: dir}},
		}, proxytest.Options{})
		resp := proxy.Do(t, "GET", "/", nil)
		body := proxytest.Body(t, resp)
		if resp.StatusCode != want || strings.Contains(body, dir) || want == 200 && body != "content" || resp.Header.Get("X-Sendfile") != "" {
			t.Errorf("%d bytes: %s %q, want %d", n, resp.Status, body, want)
		}
	}
}
