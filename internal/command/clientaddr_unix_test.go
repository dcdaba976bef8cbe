//go:build unix

package command

import (
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/proxytest"
)

// Behind each real server, the log has the client's address, and not the one that the
// client sends.
func TestRemoteBehindProxies(t *testing.T) {
	withoutRaceDetector(t)
	client := &http.Client{Transport: &http.Transport{
		DialContext:       (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 5)}}).DialContext,
		DisableKeepAlives: true,
	}}
	for _, server := range proxytest.Names() {
		t.Run(server, func(t *testing.T) {
			media := handedFiles(t)
			rule := media + "=" + destinationOf(t, server, "/_media/", media)
			socket := filepath.Join(t.TempDir(), "s")
			p := start(t, "--listen=unix:"+socket, "--trusted-proxies=unix", "--accel", server, "--headers=private", "--rule", rule, media)
			site := startPrinted(t, server, unchanged, "--upstream=unix:"+socket, "--rule", rule)
			for _, field := range []string{"X-Forwarded-For", "Forwarded"} {
				r, err := http.NewRequest("GET", site+"/"+percentEncoded(handedNames[0]), nil)
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set(field, map[string]string{"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9"}[field])
				resp, err := client.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				if line, _ := p.await("msg=request"); !strings.Contains(line, " remote=127.0.0.5") {
					t.Errorf("%s: the log says %s", field, line)
				}
			}
		})
	}
}
