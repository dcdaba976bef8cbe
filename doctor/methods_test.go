package doctor_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview/doctor"
)

// TestMethodsRefused: a proxy that lets GET alone through still has the alias
// blamed where it is wrong, and is right where all else is.
func TestMethodsRefused(t *testing.T) {
	const only = proxied + ` limit_except GET { deny all; }`
	for name, refuse := range map[string]string{"denied": only, "not allowed": proxied + ` if ($request_method !~ ^(GET|HEAD)$) { return 405; }`} {
		breakage{
			name, edits(proxied, refuse, "alias DIR/;", "alias /srv/elsewhere/;"),
			"proxy-file", doctor.Failed, "another directory than the storage's", "`alias DIR/;`",
		}.run(t, "nginx")
		t.Run(name+", and right", func(t *testing.T) {
			t.Parallel()
			s := newSetting(t, "nginx")
			s.edit = replace(t, proxied, refuse)
			if report := run(t, s.start(t), s.dir); !report.OK() {
				t.Error("a set-up that is right has failures")
			}
		})
	}
}

// TestWitnessHidden: where the proxy drops the witness's field, the answers of the
// application are still known for its own.
func TestWitnessHidden(t *testing.T) {
	breakage{
		"hidden", edits(proxied, proxied+" proxy_hide_header X-Downloadview-Doctor;", "alias DIR/;", "alias /srv/elsewhere/;"),
		"proxy-file", doctor.Failed, "another directory than the storage's", "`alias DIR/;`",
	}.run(t, "nginx")
}

// TestSentToTLS: the site has all clients go to https.
func TestSentToTLS(t *testing.T) {
	for _, app := range []string{"asked", "not asked"} {
		t.Run(app, func(t *testing.T) {
			t.Parallel()
			s := newSetting(t, "nginx")
			s.edit = replace(t, proxied, "if ($scheme = http) { return 301 https://$host$request_uri; }\n"+proxied)
			setup := s.start(t)
			if app == "not asked" {
				setup.App = ""
			}
			breakage{
				check: "proxy-file", result: doctor.Failed, cause: "sends clients to its address with https", change: "https://",
			}.expect(t, run(t, setup, s.dir), s.dir)
		})
	}
}

// TestOneClock: where all others agree it is one mistake, not one for each.
func TestOneClock(t *testing.T) {
	s := newSetting(t, "nginx")
	s.app = clockAt(time.Hour)
	setup := s.start(t)
	setup.Client = &http.Client{Transport: dated{http.DefaultTransport, setup.App}}
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	report := run(t, setup, s.dir)
	breakage{
		check: "app-clock", result: doctor.Failed, cause: "and one of them is wrong", change: "synchronise",
	}.expect(t, report, s.dir)
	if c := check(t, report, "proxy-clock"); c.Result != doctor.NotApplicable || !strings.Contains(c.Detail, "app-clock failed") {
		t.Errorf("proxy-clock: %+v, want not applicable", c)
	}
}
