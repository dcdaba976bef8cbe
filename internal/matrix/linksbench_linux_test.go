package matrix_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview/internal/proxies/nginx"
	printed "github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/testserver"
	"github.com/downloadview/downloadview/middleware"
)

// The processor time of nginx when it verifies a link and sends the file, compared with
// a request without a link that the application hands over. nginx alone is measured:
// the application does nothing for a link, and much for the other request.
func BenchmarkLinksInNginx(b *testing.B) {
	keys, err := middleware.ParseKeys("keys", []byte("k AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"))
	if err != nil {
		b.Fatal(err)
	}
	links := middleware.NewLinks(keys, nil)
	expires := time.Now().Add(time.Hour)
	for _, c := range []struct {
		name, verify, purpose string
		sign                  func() (string, error)
	}{
		{"njs", "njs", middleware.LinkPurpose, func() (string, error) {
			return links.Sign("/report.pdf", middleware.Grant{Expires: expires})
		}},
		{"njs-with-claims", "njs", middleware.LinkPurpose, func() (string, error) {
			return links.Sign("/report.pdf", middleware.Grant{Expires: expires, Name: "Q1 ä.pdf", Disposition: "inline", ID: "invoice-17"})
		}},
		{"njs-prefix", "njs", middleware.LinkPurpose, func() (string, error) {
			link, err := links.SignPrefix("/", middleware.Grant{Expires: expires})
			return link + "report.pdf", err
		}},
		{"secure_link", "secure_link", middleware.SecureLinkPurpose, func() (string, error) {
			return links.SignSecureLink("/report.pdf", expires)
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			dir := benchFile(b, 1<<10)
			unsigned := start(b, "ours", "unix", dir, nil, nil)
			signed := start(b, "ours", "unix", dir, func(s *printed.Site) { verifies(b, s, c.verify, c.purpose, keys, dir) }, nil)
			if signed.path, err = c.sign(); err != nil {
				b.Fatal(err)
			}
			var ratios []float64
			var used [2]float64
			turns := 0
			for b.Loop() {
				turns++
				var turn [2]float64
				for i, c := range [2]*contender{signed, unsigned} {
					before := cpu(b, c.pids[1])
					c.crowd(b)
					turn[i] = (cpu(b, c.pids[1]) - before) / crowdRequests
					used[i] += turn[i]
				}
				ratios = append(ratios, turn[0]/turn[1])
			}
			slices.Sort(ratios)
			b.ReportMetric(0, "ns/op") // of both, and of the clients
			b.ReportMetric(used[0]/float64(turns), "signed-cpu-ns/req")
			b.ReportMetric(used[1]/float64(turns), "unsigned-cpu-ns/req")
			b.ReportMetric(ratios[len(ratios)/2], "cpu-ratio")
		})
	}
}

// verifies makes nginx verify links to the files of dir, at "/".
func verifies(b *testing.B, s *printed.Site, verify, purpose string, keys *middleware.Keys, dir string) {
	b.Helper()
	subkeys, err := keys.Subkeys(purpose)
	if err != nil {
		b.Fatal(err)
	}
	s.Links = &printed.Links{Verify: verify, Paths: []printed.SignedPath{{Path: "/", Directory: dir}}}
	for _, k := range subkeys {
		s.Links.Keys = append(s.Links.Keys, printed.LinkKey(k))
	}
	if verify != "njs" {
		return
	}
	if _, err := os.Stat("/usr/lib/nginx/modules/ngx_http_js_module.so"); err != nil {
		testserver.Lacking(b, "needs libnginx-mod-http-js: %v", err)
	}
	s.Links.Script = filepath.Join(s.Folder, "links.js")
	var script strings.Builder
	if err := nginx.PrintScript(&script, *s); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(s.Links.Script, []byte(script.String()), 0o600); err != nil {
		b.Fatal(err)
	}
}
