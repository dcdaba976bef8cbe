package doctor_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview/doctor"
)

// TestMethodsRefused: a proxy that passes on only GET. The doctor still finds a wrong
// alias, and finds no fault if there is no other.
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

// TestWitnessHidden: the proxy drops the Witness's field. The doctor still recognises
// the application's answers.
func TestWitnessHidden(t *testing.T) {
	breakage{
		"hidden", edits(proxied, proxied+" proxy_hide_header X-Downloadview-Doctor;", "alias DIR/;", "alias /srv/elsewhere/;"),
		"proxy-file", doctor.Failed, "another directory than the storage's", "`alias DIR/;`",
	}.run(t, "nginx")
}

// TestSentToTLS: the site redirects all clients to https.
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
				check: "proxy-file", result: doctor.Failed, cause: "redirects clients to https", change: "https://",
			}.expect(t, run(t, setup, s.dir), s.dir)
		})
	}
}

// TestOneClock: if this machine's clock is wrong, one check fails, not one for each
// other clock.
func TestOneClock(t *testing.T) {
	s := newSetting(t, "nginx")
	s.app = clockAt(time.Hour)
	setup := s.start(t)
	setup.Client = &http.Client{Transport: dated{http.DefaultTransport, setup.App}}
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	report := run(t, setup, s.dir)
	breakage{
		check: "app-clock", result: doctor.Failed, cause: "so one of them is wrong", change: "synchronise",
	}.expect(t, report, s.dir)
	if c := check(t, report, "proxy-clock"); c.Result != doctor.NotApplicable || !strings.Contains(c.Detail, "app-clock failed") {
		t.Errorf("proxy-clock: %+v, want not applicable", c)
	}
}
