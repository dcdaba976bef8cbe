package proxytest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var nginx = launcher{
	binary: "nginx",
	env:    "DOWNLOADVIEW_NGINX",
	command: func(t testing.TB, binary, folder, conf string) *exec.Cmd {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, "nginx.conf"), []byte(conf), 0o600); err != nil {
			t.Fatal(err)
		}
		args := []string{"-p", folder + "/", "-c", "nginx.conf", "-e", "stderr"}
		if !strings.Contains(conf, "master_process") {
			// Workers would outlive a master that is killed.
			args = append(args, "-g", "master_process off;")
		}
		return exec.Command(binary, args...)
	},
}
