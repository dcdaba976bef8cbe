package doctor_test

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/doctor"
	"github.com/downloadview/downloadview/internal/proxytest"
)

var discard = slog.New(slog.DiscardHandler)

// TestRight: the doctor finds no fault in the printed configurations.
func TestRight(t *testing.T) {
	for _, server := range proxytest.Names() {
		for _, view := range []string{"blind", "look"} {
			t.Run(server+" "+view, func(t *testing.T) {
				t.Parallel()
				s := newSetting(t, server)
				s.view = downloadview.Response{CheckFirst: view == "look"}
				report := run(t, s.start(t), s.dir)
				if !report.OK() {
					t.Error("a set-up that is right has failures")
				}
				if c := check(t, report, "app-handover"); !strings.HasPrefix(c.Detail, "X-") {
					t.Errorf("app-handover: %q, want a hand-over", c.Detail)
				}
				for _, c := range report.Checks {
					if c.Result == doctor.Warning && !known(t, server, c.Name) {
						t.Errorf("%s: warning, want none", c.Name)
					}
				}
			})
		}
	}
}

// known are the warnings that a server's configuration can't avoid.
func known(t *testing.T, server, check string) bool {
	t.Helper()
	return check == "proxy-symlinks" && !proxytest.KindOf(t, server).Traits.Files.RefusesSymlinks
}
