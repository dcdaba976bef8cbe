package doctor_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/doctor"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/internal/testserver"
)

// openFolder returns a folder that every user may enter.
func openFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "doctor") // t.TempDir is closed to others
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	return folder
}

// TestSocket: with an application on a socket, behind every server, the doctor finds no
// fault.
func TestSocket(t *testing.T) {
	for _, server := range proxytest.Names() {
		t.Run(server, func(t *testing.T) {
			t.Parallel()
			s := newSetting(t, server)
			s.socket = filepath.Join(openFolder(t), "s")
			setup := s.start(t)
			for _, app := range []string{setup.App, "http://" + setup.App} { // as serve tells it
				setup.App = app
				report := run(t, setup, s.dir)
				if c := check(t, report, "app-handover"); !report.OK() || c.Result != doctor.OK {
					t.Errorf("app %s: app-handover %+v, want all well", app, c)
				}
			}
		})
	}
}

// TestClosedSocket: nginx may not connect to the application's socket, because of its
// mode or the mode of a folder above.
func TestClosedSocket(t *testing.T) {
	if os.Geteuid() != 0 {
		testserver.Lacking(t, "needs root, to run nginx as another user")
	}
	for _, test := range []struct {
		name           string
		socket, folder os.FileMode
		cause          string
	}{
		{"mode of the socket", 0o660, 0o755, "its mode is 0660"},
		{"mode of the folder", 0o666, 0o700, "is 0700"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newSetting(t, "nginx")
			folder := openFolder(t)
			s.socket = filepath.Join(folder, "s")
			setup := s.start(t)
			if err := os.Chmod(s.socket, test.socket); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(folder, test.folder); err != nil {
				t.Fatal(err)
			}
			setup.Site = startAsNobody(t, s, func(conf string) string { return conf })
			breakage{
				check: "proxy-file", result: doctor.Failed,
				cause: "may not connect to the application's socket " + s.socket + ": ", change: "unix:" + s.socket + "?mode=0660&group=GROUP",
			}.expect(t, run(t, setup, s.dir), s.dir)
			if c := check(t, run(t, setup, s.dir), "proxy-file"); !strings.Contains(c.Cause, test.cause) {
				t.Errorf("cause %q, want %q in it", c.Cause, test.cause)
			}
		})
	}
}

// TestSilentSocket: the application on the socket doesn't answer.
func TestSilentSocket(t *testing.T) {
	s := newSetting(t, "nginx")
	setup := s.start(t)
	missing, left := filepath.Join(t.TempDir(), "missing"), filepath.Join(t.TempDir(), "left")
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: left, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	ln.SetUnlinkOnClose(false)
	ln.Close()
	for path, cause := range map[string]string{
		missing: "there is no socket " + missing,
		left:    "nothing listens on the socket " + left,
	} {
		setup.App = "unix:" + path
		breakage{check: "app-answers", result: doctor.Failed, cause: cause, change: "start the application"}.expect(t, run(t, setup, s.dir), s.dir)
	}
}
