package proxytest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

var (
	caddy   = launcher{binary: "caddy-current", env: "DOWNLOADVIEW_CADDY", command: runCaddy}
	caddy26 = launcher{binary: "caddy", env: "DOWNLOADVIEW_CADDY26", command: runCaddy}
)

func runCaddy(t testing.TB, binary, folder, conf string) *exec.Cmd {
	t.Helper()
	path := filepath.Join(folder, "Caddyfile")
	if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "run", "--adapter", "caddyfile", "--config", path)
	// Caddy 2.6 keeps its configuration in its user's home, and says so where
	// there is none.
	cmd.Env = append(os.Environ(), "HOME="+folder, "XDG_CONFIG_HOME="+folder, "XDG_DATA_HOME="+folder)
	return cmd
}
