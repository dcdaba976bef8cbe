package doctor_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/downloadview/downloadview/doctor"
	"github.com/downloadview/downloadview/internal/proxies"
	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/testserver"
)

// TestUnreadable: nginx runs as a user that may not enter the directory.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	s := newSetting(t, "nginx")
	locked := filepath.Join(t.TempDir(), "locked")
	if err := os.Mkdir(locked, 0); err != nil {
		t.Fatal(err)
	}
	setup := s.start(t)

	setup.Site = startAsNobody(t, s, replace(t, "alias "+s.dir+"/;", "alias "+locked+"/;"))

	report := run(t, setup, s.dir)
	breakage{
		check: "proxy-file", result: doctor.Failed,
		cause: "its user has no right to read the file", change: "chmod o+x on each directory above DIR/",
	}.expect(t, report, s.dir)
	if c := check(t, report, "proxy-file"); !strings.Contains(c.Detail, fmt.Sprint(http.StatusForbidden)) {
		t.Errorf("proxy-file: %q, want 403 in it", c.Detail)
	}
}

// startAsNobody runs an nginx with no more rights than any user, and returns its URL.
func startAsNobody(t *testing.T, s *setting, edit func(string) string) string {
	t.Helper()
	nginx := testserver.Binary(t, "nginx", "DOWNLOADVIEW_NGINX")
	folder, err := os.MkdirTemp("", "doctor") // t.TempDir is closed to others
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	s.site.Listen = fmt.Sprintf("127.0.0.1:%d", testserver.FreePort(t))
	s.site.Folder = folder
	var conf strings.Builder
	if err := proxies.Print(&conf, "nginx", s.site, site.Whole); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "nginx.conf"), []byte(edit(conf.String())), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(nginx, "-p", folder+"/", "-c", "nginx.conf", "-e", "stderr")
	if os.Geteuid() == 0 {
		const nobody = 65534
		if err := os.Chown(folder, nobody, nobody); err != nil {
			t.Fatal(err)
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	testserver.Start(t, s.site.Listen, cmd)
	return "http://" + s.site.Listen
}
