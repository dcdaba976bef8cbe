package doctor_test

import (
	"strings"
	"testing"

	"github.com/downloadview/downloadview/doctor"
	"github.com/downloadview/downloadview/internal/proxytest"
)

// A file that was compressed ahead of time is not one that the proxy compresses, whether
// it is handed over or streamed.
func TestVariantsAreNotTheProxys(t *testing.T) {
	for _, server := range proxytest.Names() {
		t.Run(server, func(t *testing.T) {
			s := newSetting(t, server)
			s.variants = true
			proxytest.Write(t, s.dir, "a.css", strings.Repeat("the file itself ", 100))
			proxytest.Write(t, s.dir, "a.css.br", "brotli")
			setup := s.start(t)
			setup.Key = "a.css"
			app := setup.App
			for _, setup.App = range []string{app, ""} {
				if c := check(t, run(t, setup, ""), "proxy-encoding"); c.Result != doctor.OK {
					t.Errorf("app %q: proxy-encoding: %v, %q", setup.App, c.Result, c.Cause)
				}
			}
		})
	}
}
