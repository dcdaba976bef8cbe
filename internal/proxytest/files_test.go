package proxytest

import (
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/proxies/site"
)

// The file server has the files of each rule at the rule's location, and no others.
func TestServeFiles(t *testing.T) {
	top := t.TempDir()
	for _, name := range []string{"media/a b.txt", "media/\xff", "inner/c.txt", "media/folder/d.txt", "secret.txt"} {
		Write(t, top, name, "file "+name)
	}
	socket := filepath.Join(t.TempDir(), "files.sock")
	serveFiles(t, site.Site{Rules: []site.Rule{
		{Rule: accel.Rule{Source: top + "/media", Destination: "/_media/"}},
		{Rule: accel.Rule{Source: "/elsewhere", Destination: "/_media/inner"}, Directory: top + "/inner"},
	}}, socket)
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}}
	defer client.CloseIdleConnections()
	for target, want := range map[string]string{
		"/_media/a%20b.txt":         "file media/a b.txt",
		"/_media/%ff":               "file media/\xff",
		"/_media/inner/c.txt":       "file inner/c.txt",
		"/_media/folder/d.txt":      "file media/folder/d.txt",
		"/_media/folder":            "",
		"/_media/folder/":           "",
		"/_media/a%20b.txt/":        "",
		"/_media/":                  "",
		"/_media/missing":           "",
		"/_media/%2e%2e/secret.txt": "",
		"/a%20b.txt":                "",
	} {
		resp, err := client.Get("http://files" + target)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if found := resp.StatusCode == http.StatusOK; found != (want != "") || found && string(body) != want {
			t.Errorf("%s: %s %q, want %q", target, resp.Status, body, want)
		}
	}
}
