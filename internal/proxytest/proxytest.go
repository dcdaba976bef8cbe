// Package proxytest runs the real proxies for tests, with the configuration
// that package proxyconf prints.
package proxytest

import (
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/proxyconf"
	"github.com/downloadview/downloadview/internal/testserver"
)

// Options are what differs from test to test.
type Options struct {
	// Edit changes the printed configuration before the server reads it, to
	// break it on purpose; nil leaves it.
	Edit func(conf string) string
}

// A Server is a running proxy.
type Server struct {
	URL     string // without a slash at its end
	Addr    string // host and port of URL
	Conf    string // what the server was given to read
	Process *testserver.Process

	transport *http.Transport
}

// A launcher says how one kind of server is run.
type launcher struct {
	binary, env string // for testserver.Binary

	// command writes conf into folder, along with what else the server needs
	// there, and returns how to run it in the foreground.
	command func(t testing.TB, binary, folder, conf string) *exec.Cmd
}

// launchers has a line for each name that proxyconf.Print knows.
var launchers = map[string]launcher{
	"nginx":     nginx,
	"apache":    apache,
	"lighttpd":  lighttpd,
	"caddy":     caddy,
	"caddy@2.6": caddy26,
}

// Start prints the configuration of server, a name such as "nginx" or
// "caddy@2.6", and runs it until the test is over. It returns when connections
// are accepted. The site's Listen and Folder are filled in where they are empty.
//
// Without the server the test is skipped or fails, as [testserver.Binary] says.
// What it wrote to its error log is shown where the test failed.
func Start(t testing.TB, server string, site proxyconf.Site, o Options) *Server {
	t.Helper()
	l, ok := launchers[server]
	if !ok {
		t.Fatalf("proxytest: no server %q", server)
	}
	binary := testserver.Binary(t, l.binary, l.env)
	if site.Listen == "" {
		site.Listen = fmt.Sprintf("127.0.0.1:%d", testserver.FreePort(t))
	}
	if site.Folder == "" {
		site.Folder = t.TempDir()
	}
	var b strings.Builder
	if err := proxyconf.Print(&b, server, site, proxyconf.Whole); err != nil {
		t.Fatalf("configuration of %s: %v", server, err)
	}
	conf := b.String()
	if o.Edit != nil {
		conf = o.Edit(conf)
	}
	p := testserver.Start(t, site.Listen, l.command(t, binary, site.Folder, conf))
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &Server{URL: "http://" + site.Listen, Addr: site.Listen, Conf: conf, Process: p, transport: transport}
}
