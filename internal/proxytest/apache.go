package proxytest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var apache = launcher{
	binary: "apache2",
	env:    "DOWNLOADVIEW_APACHE",
	command: func(t testing.TB, binary, folder, conf string) *exec.Cmd {
		t.Helper()
		path := filepath.Join(folder, "httpd.conf")
		// The test shows what was written to stderr, which not everybody can open.
		conf = strings.Replace(conf, "ErrorLog error.log", "ErrorLog /dev/stderr", 1)
		if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
			t.Fatal(err)
		}
		// One process: nothing is left behind when it is killed.
		cmd := exec.Command(binary, "-X", "-f", path)
		unprivileged(cmd)
		return cmd
	},
}
