package doctor_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/doctor"
	"github.com/downloadview/downloadview/internal/proxytest"
)

// TestNothingSent: the set-up works, but the application streams everything.
func TestNothingSent(t *testing.T) {
	from, err := accel.ParseFrom("10.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	for _, server := range proxytest.Names() {
		for _, test := range []struct {
			name          string
			broken        func(*setting)
			setup         func(*doctor.Setup)
			cause, change string
		}{
			{
				"no accelerator", func(s *setting) { s.streams = true }, func(d *doctor.Setup) { d.Offloader = nil },
				"there is no accelerator", "serve --accel",
			},
			{
				"no accelerator, and the doctor has one", func(s *setting) { s.streams = true }, func(*doctor.Setup) {},
				`streams a file that rule "media" covers: it was started without the rule`, "--accel-from",
			},
			{
				"no rule for the storage", func(s *setting) { s.rule.Source, s.rule.Name = "/srv/elsewhere", "other" }, func(*doctor.Setup) {},
				"; the nearest is other, for /srv/elsewhere", "a rule whose Source is the storage's",
			},
			{
				"From excludes the proxy", func(s *setting) { s.from = from }, func(*doctor.Setup) {},
				"the proxy's address is not among its proxy addresses", "--accel-from",
			},
			{
				"From excludes the proxy, and the application isn't asked", func(s *setting) { s.from = from }, func(d *doctor.Setup) { d.App = "" },
				"the proxy's address is not among its proxy addresses", "--accel-from",
			},
			{
				"From includes the doctor", func(s *setting) { s.app = fromElsewhere; s.from = from }, func(*doctor.Setup) {},
				"hands over to this machine by rule \"media\", but streams to the proxy", "add the proxy's address",
			},
			{
				"a file that is there", func(s *setting) { s.streams = true }, func(d *doctor.Setup) { d.Offloader, d.Storage, d.App = nil, nil, "" },
				"the application streams the file", "--rule",
			},
		} {
			t.Run(server+" "+test.name, func(t *testing.T) {
				t.Parallel()
				s := newSetting(t, server)
				test.broken(s)
				setup := s.start(t)
				test.setup(&setup)
				left := s.dir
				if setup.Storage == nil {
					setup.Key, left = writeKey(t, s.dir), ""
				}
				breakage{check: "proxy-sends", result: doctor.Warning, cause: test.cause, change: test.change}.expect(t, run(t, setup, left), s.dir)
			})
		}
	}
}

// fromElsewhere makes direct requests to the application come from 10.0.0.1.
func fromElsewhere(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("User-Agent") == "downloadview-doctor" && r.Header.Get("X-Forwarded-For") == "" && !strings.HasPrefix(r.Header.Get("Via"), "1") && r.Header.Get("X-Proxied") == "" {
			r.RemoteAddr = "10.0.0.1:1"
		}
		next.ServeHTTP(w, r)
	})
}

// TestSent: the doctor sees that files are handed over, also if it doesn't know the
// application's URL, and if the application has no Witness.
func TestSent(t *testing.T) {
	for _, server := range proxytest.Names() {
		for _, test := range []struct {
			name   string
			setup  func(*doctor.Setup)
			bare   bool
			result doctor.Result
		}{
			{"all", func(*doctor.Setup) {}, false, doctor.OK},
			{"without the application", func(d *doctor.Setup) { d.App = "" }, false, doctor.OK},
			{"without a witness", func(*doctor.Setup) {}, true, doctor.OK},
			{"without either", func(d *doctor.Setup) { d.App = "" }, true, doctor.NotApplicable},
		} {
			t.Run(server+" "+test.name, func(t *testing.T) {
				t.Parallel()
				s := newSetting(t, server)
				s.bare = test.bare
				setup := s.start(t)
				test.setup(&setup)
				report := run(t, setup, s.dir)
				if c := check(t, report, "proxy-sends"); c.Result != test.result || !report.OK() {
					t.Errorf("proxy-sends: %+v, want %v in a report that is OK", c, test.result)
				}
			})
		}
	}
}
