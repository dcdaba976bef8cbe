// Package testserver finds and runs the real servers that tests use.
package testserver

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// Binary returns the path of the server called name: the value of the
// environment variable envVar, or name on PATH, in the system's sbin folders,
// or in bin at the top of this module. If there is none, the test is skipped,
// or fails if DOWNLOADVIEW_REQUIRE_SERVERS is 1.
func Binary(t testing.TB, name, envVar string) string {
	t.Helper()
	if path := os.Getenv(envVar); path != "" {
		if _, err := os.Stat(path); err != nil {
			t.Fatalf("%s: %v", envVar, err)
		}
		return path
	}
	candidates := []string{name, "/usr/sbin/" + name, "/usr/local/sbin/" + name}
	if _, here, _, ok := runtime.Caller(0); ok {
		candidates = append(candidates, filepath.Join(filepath.Dir(here), "..", "..", "bin", name))
	}
	for _, c := range candidates {
		if path, err := exec.LookPath(c); err == nil {
			return path
		}
	}
	Lacking(t, "needs %s: put it on PATH or name its path in %s; %s", name, envVar, howTo(name))
	return ""
}

// Lacking skips the test because the system lacks something, or fails it if
// DOWNLOADVIEW_REQUIRE_SERVERS is 1. The message begins with "needs".
func Lacking(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("DOWNLOADVIEW_REQUIRE_SERVERS") == "1" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

func howTo(name string) string {
	switch name {
	case "versitygw":
		return "go build -C internal/tools -o ../../bin/ github.com/versity/versitygw/cmd/versitygw"
	case "caddy-current":
		return "go build -C internal/tools/caddy -o ../../../bin/caddy-current github.com/caddyserver/caddy/v2/cmd/caddy"
	case "apache2":
		name += " libapache2-mod-xsendfile"
	case "fake-gcs-server":
		return "go build -C internal/tools/gcs -o ../../../bin/ github.com/fsouza/fake-gcs-server"
	case "nats-server":
		return "go build -C internal/tools/nats -o ../../../bin/ github.com/nats-io/nats-server/v2"
	case "manifests":
		return "go build -C internal/tools/manifests -o ../../../bin/ ."
	case "azurite-blob":
		return "scripts/azurite"
	case "swift-proxy-server", "swift-object-server", "swift-container-server", "swift-account-server", "swift-ring-builder":
		name = "swift-proxy swift-object swift-container swift-account python3-keystonemiddleware"
	case "aria2c":
		name = "aria2"
	case "postgres":
		name = "postgresql-15"
	case "systemd-socket-activate":
		name = "systemd"
	case "zipinfo":
		name = "unzip"
	case "7z":
		name = "p7zip-full"
	case "bsdtar":
		name = "libarchive-tools"
	case "java", "javac":
		name = "default-jdk-headless"
	}
	return "on Debian: apt-get install " + name
}
