package proxytest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

var lighttpd = launcher{
	binary: "lighttpd",
	env:    "DOWNLOADVIEW_LIGHTTPD",
	command: func(t testing.TB, binary, folder, conf string) *exec.Cmd {
		t.Helper()
		path := filepath.Join(folder, "lighttpd.conf")
		if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
			t.Fatal(err)
		}
		return exec.Command(binary, "-D", "-f", path)
	},
}
