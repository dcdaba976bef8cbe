//go:build unix

package command

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/testserver"
)

// nginx with the printed configuration sends what "downloadview sign" has signed. There
// is no application.
func TestNginxLetsLinksIn(t *testing.T) {
	nginx := testserver.Binary(t, "nginx", "DOWNLOADVIEW_NGINX")
	for _, verify := range []string{"njs", "secure_link"} {
		t.Run(verify, func(t *testing.T) {
			dir := t.TempDir()
			media, keys := filepath.Join(dir, "media"), filepath.Join(dir, "links.keys")
			if err := os.Mkdir(media, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(media, "q1 ä;50%.pdf"), []byte("0123456789"), 0o600); err != nil {
				t.Fatal(err)
			}
			run(t, "key", "new", keys)
			addr := fmt.Sprintf("127.0.0.1:%d", testserver.FreePort(t))
			args := []string{"config", "nginx", "--listen", addr, "--folder", dir, "--rule", media + "=/_media/", "--verify-links", verify, "--key-file", keys}
			sign := []string{"sign", "--key-file", keys}
			if verify == "njs" {
				if _, err := os.Stat("/usr/lib/nginx/modules/ngx_http_js_module.so"); err != nil {
					testserver.Lacking(t, "needs libnginx-mod-http-js: %v", err)
				}
				args = append(args, "--script", filepath.Join(dir, "links.js"))
			} else {
				sign = append(sign, "--secure-link")
			}
			if err := os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(run(t, args...)), 0o600); err != nil {
				t.Fatal(err)
			}
			testserver.Start(t, addr, exec.Command(nginx, "-p", dir+"/", "-c", "nginx.conf", "-e", "stderr"))

			const path = "/q1%20%C3%A4%3B50%25.pdf"
			link := strings.TrimSpace(run(t, append(sign, "http://"+addr+path)...))
			for target, want := range map[string]int{
				link: 200, link + "&utm_source=mail": 200, strings.Replace(link, "50%25", "51%25", 1): 403, "http://" + addr + path: 403,
				"http://" + addr + "/_media" + path: 403, "http://" + addr + "/": 403,
			} {
				resp, err := http.Get(target)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				if resp.StatusCode != want {
					t.Errorf("%s: %s, want %d", target, resp.Status, want)
				}
			}
			if verify == "secure_link" {
				return
			}
			prefix := strings.TrimSpace(run(t, append(sign, "--prefix", "http://"+addr+"/")...))
			resp, err := http.Get(prefix + path[1:])
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != 200 {
				t.Errorf("below a prefix: %s, want 200", resp.Status)
			}
		})
	}
}
