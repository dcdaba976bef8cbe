package apache_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/proxytest"
)

// A compressing module would add a suffix to the entity tag, and a request with that
// tag would never get 304.
func TestApacheLeavesTags(t *testing.T) {
	for module, filter := range map[string]string{"deflate": "DEFLATE", "brotli": "BROTLI_COMPRESS"} {
		t.Run(module, func(t *testing.T) {
			f := proxytest.NewFront(t, "apache", func(conf string) string {
				compress := fmt.Sprintf("LoadModule filter_module /usr/lib/apache2/modules/mod_filter.so\n"+
					"LoadModule %[1]s_module /usr/lib/apache2/modules/mod_%[1]s.so\nSetOutputFilter %s\n\n<VirtualHost", module, filter)
				return strings.Replace(conf, "<VirtualHost", compress, 1)
			})
			content := strings.Repeat("0123456789", 1000)
			proxytest.Write(t, f.Dir, "large", content)
			resp := f.Send(t, "GET", f.Value("large"), "Accept-Encoding", "gzip, br")
			if body := proxytest.Body(t, resp); body != content || resp.Header.Get("Content-Encoding") != "" {
				t.Errorf("%s, %d bytes encoded %q, want the file as it is", resp.Status, len(body), resp.Header.Get("Content-Encoding"))
			}
			for _, name := range []string{"Etag", "Vary"} {
				if got := resp.Header.Get(name); got != proxytest.Described[name] {
					t.Errorf("%s %q, want %q", name, got, proxytest.Described[name])
				}
			}
		})
	}
}
