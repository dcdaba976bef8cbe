// Package proxytest runs the real proxies for tests, with the configuration
// that package proxies prints.
package proxytest

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/downloadview/downloadview/internal/proxies"
	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/testserver"
)

// Options are the optional settings of [Start].
type Options struct {
	// Edit changes the printed configuration before the server reads it, for example
	// to break it on purpose; nil leaves it unchanged.
	Edit func(conf string) string
}

// A Server is a running proxy.
type Server struct {
	URL     string // without a slash at its end
	Addr    string // host and port of URL
	Conf    string // the server's configuration
	Process *testserver.Process

	transport *http.Transport
}

// Start prints the configuration of server, a name such as "nginx" or
// "caddy@2.6", and runs it until the test ends. It returns when the server accepts
// connections. If the site's Listen or Folder is empty, Start sets it.
//
// If the server isn't installed, the test is skipped or fails, as
// [testserver.Binary] says. If the test fails, the server's error log is shown.
func Start(t testing.TB, server string, s site.Site, o Options) *Server {
	t.Helper()
	p := find(t, server)
	binary := Binary(t, server)
	if s.Listen == "" {
		s.Listen = fmt.Sprintf("127.0.0.1:%d", testserver.FreePort(t))
	}
	if s.Folder == "" {
		s.Folder = t.TempDir()
	}
	var b strings.Builder
	if err := proxies.Print(&b, p.Name, s, site.Whole); err != nil {
		t.Fatalf("configuration of %s: %v", server, err)
	}
	conf := b.String()
	if o.Edit != nil {
		conf = o.Edit(conf)
	}
	if err := os.WriteFile(filepath.Join(s.Folder, p.Start.File), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, p.Start.Args(s, conf)...)
	cmd.Env = Environ(s.Folder)
	if p.Start.NotAsRoot {
		unprivileged(cmd)
	}
	if p.Start.FilesAt != "" {
		serveFiles(t, s, filepath.Join(s.Folder, p.Start.FilesAt))
	}
	process := testserver.Start(t, s.Listen, cmd)
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &Server{URL: "http://" + s.Listen, Addr: s.Listen, Conf: conf, Process: process, transport: transport}
}

// Binary returns the path of the server's program. If it isn't installed, the test is
// skipped or fails, as [testserver.Binary] says. The environment variable for the path
// is DOWNLOADVIEW_ and the letters and digits of the server's name in capitals.
func Binary(t testing.TB, server string) string {
	t.Helper()
	env := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToUpper(r)
		}
		return -1
	}, server)
	return testserver.Binary(t, find(t, server).Start.Binary, "DOWNLOADVIEW_"+env)
}

// Environ returns the test's environment, with folder as the user's home directory:
// some servers write there.
func Environ(folder string) []string {
	return append(os.Environ(), "HOME="+folder, "XDG_CONFIG_HOME="+folder, "XDG_DATA_HOME="+folder)
}

// Names returns the names of all servers that tests can run.
func Names() []string {
	var names []string
	for _, p := range proxies.All() {
		if p.Start.Binary != "" {
			names = append(names, p.Name)
		}
	}
	return names
}

func find(t testing.TB, server string) proxies.Proxy {
	t.Helper()
	p, err := proxies.Find(server)
	if err == nil && p.Start.Binary == "" {
		err = fmt.Errorf("no test runs %s", server)
	}
	if err != nil {
		t.Fatalf("proxytest: %v", err)
	}
	return p
}
