//go:build unix

package command

import (
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/downloadview/downloadview/internal/proxytest"
)

// Behind each proxy, a file needs a link and is handed over with it. The network of a
// link is compared with the client's address, which a client can't choose.
func TestLinksBehindProxies(t *testing.T) {
	withoutRaceDetector(t)
	for _, server := range proxytest.Names() {
		t.Run(server, func(t *testing.T) {
			media := handedFiles(t)
			keys := filepath.Join(t.TempDir(), "links.keys")
			writeFile(t, keys, firstKey)
			rule := media + "=" + destinationOf(t, server, "/_media/", media)
			socket := filepath.Join(t.TempDir(), "s")
			p := start(t, "--listen=unix:"+socket, "--accel", server, "--accel-from=unix", "--headers=private", "--hidden", "--rule", rule,
				"--require-signature", "--key-file", keys, "--trusted-proxies=unix", media)
			site := startPrinted(t, server, unchanged, "--upstream=unix:"+socket, "--rule", rule)
			get := func(path string, header ...string) *http.Response {
				t.Helper()
				r, err := http.NewRequest(http.MethodGet, site+path, nil)
				if err != nil {
					t.Fatal(err)
				}
				for i := 0; i < len(header); i += 2 {
					r.Header.Set(header[i], header[i+1])
				}
				resp, err := http.DefaultClient.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				return resp
			}
			links := 0
			for _, name := range handedNames {
				path := "/" + percentEncoded(name)
				if resp := get(path); resp.StatusCode != http.StatusForbidden {
					t.Errorf("%q without a link: %s", name, resp.Status)
				}
				if strings.Contains(name, `\`) {
					continue // can't be signed
				}
				links++
				link := signed(t, keys, "--name=renamed.txt", path)
				if resp := get(link + "&utm_source=mail"); resp.StatusCode != http.StatusOK || resp.ContentLength != 10 {
					t.Errorf("%q: %s with %d bytes", name, resp.Status, resp.ContentLength)
				} else if d := resp.Header.Values("Content-Disposition"); len(d) != 1 || d[0] != `attachment; filename="renamed.txt"` {
					t.Errorf("%q: Content-Disposition %q", name, d)
				}
				if resp := get(link, "Range", "bytes=2-4"); resp.StatusCode != http.StatusPartialContent || resp.ContentLength != 3 {
					t.Errorf("%q: %s with %d bytes for a range", name, resp.Status, resp.ContentLength)
				}
				if resp := get(link[:len(link)-1]); resp.StatusCode != http.StatusForbidden {
					t.Errorf("%q with a part of a link: %s", name, resp.Status)
				}
			}
			prefix := signed(t, keys, "--prefix", "/sub/")
			for path, status := range map[string]int{
				prefix + "two/b.pdf":             http.StatusOK,
				prefix + "two/b.pdf?x=1":         http.StatusOK,
				prefix + "two/c.pdf":             http.StatusNotFound,
				prefix[:len(prefix)-4] + "a.txt": http.StatusForbidden,
			} {
				if resp := get(path); resp.StatusCode != status {
					t.Errorf("a link to a prefix: %s, want %d", resp.Status, status)
				}
			}
			here, elsewhere := signed(t, keys, "--net=127.0.0.0/8", "/a.txt"), signed(t, keys, "--net=192.0.2.0/24", "/a.txt")
			if resp := get(here, "X-Forwarded-For", "192.0.2.1"); resp.StatusCode != http.StatusOK {
				t.Errorf("from the network of the link: %s", resp.Status)
			}
			for _, field := range []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip"} {
				if resp := get(elsewhere, field, "192.0.2.1"); resp.StatusCode != http.StatusForbidden {
					t.Errorf("with the field %s, from another network: %s", field, resp.Status)
				}
			}
			p.signal(t, syscall.SIGTERM)
			p.wait()
			if n := strings.Count(p.log.String(), "mode=offload"); n < links+2 {
				t.Errorf("%d requests were handed over, want %d at least:\n%s", n, links, p.log.String())
			}
			if linkToken.MatchString(p.log.String()) || strings.Contains(p.log.String(), "dv=") {
				t.Errorf("the log has a link:\n%s", p.log.String())
			}
		})
	}
}
