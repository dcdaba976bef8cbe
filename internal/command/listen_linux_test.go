package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/testserver"
)

// The error of a port that only root may use says so: another address wouldn't help.
func TestListenAtAPortOfRoot(t *testing.T) {
	first, err := os.ReadFile("/proc/sys/net/ipv4/ip_unprivileged_port_start")
	if err != nil || strings.TrimSpace(string(first)) == "0" {
		testserver.Lacking(t, "needs ports that only root may use: %q, %v", first, err)
	}
	dir := socketDir(t)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "downloadview")
	copyOfItself(t, program)
	p, err := startCommand(asNobody(program, "serve", "--listen=127.0.0.1:1", "/"))
	if err == nil {
		p.killAtEnd(t)
	}
	if err == nil || !strings.Contains(err.Error(), "--listen 127.0.0.1:1: bind: permission denied; want a port from 1024 on, the capability CAP_NET_BIND_SERVICE") {
		t.Error(err)
	}
}
