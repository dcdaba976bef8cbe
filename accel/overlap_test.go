package accel_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	printed "github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
)

// If destinations lie inside one another, a real server sends the file of the other
// storage. So such rules are an error, unless both lead to the same file.
func TestDestinationsInsideOneAnother(t *testing.T) {
	for _, server := range proxytest.Names() {
		t.Run(server, func(t *testing.T) {
			kind := proxytest.KindOf(t, server)
			proxy := kind.Accel()
			dir := t.TempDir()
			open(t, dir)
			public, secret := filepath.Join(dir, "public"), filepath.Join(dir, "secret")
			outer, inner := "/_media/", "/_media/private/"
			if !kind.Locations { // destinations are directories
				outer, inner, secret = public, filepath.Join(public, "private"), filepath.Join(public, "private")
			}
			for _, file := range [][2]string{
				{filepath.Join(public, "private", "x.txt"), "public"},
				{filepath.Join(secret, "x.txt"), "secret"}, // the same one where destinations are directories
			} {
				path := file[0]
				if err := writeFile(path, file[1]); err != nil {
					t.Fatal(err)
				}
				for p := filepath.Dir(path); p != dir; p = filepath.Dir(p) {
					open(t, p)
				}
				open(t, path)
			}
			rules := []accel.Rule{
				{Name: "media", Source: "/app/media", Destination: outer},
				{Name: "private", Source: "/app/private", Destination: inner},
			}
			site := printed.Site{Rules: []printed.Rule{
				{Rule: accel.Rule{Name: "media", Source: public, Destination: outer}},
				{Rule: accel.Rule{Name: "private", Source: secret, Destination: inner}},
			}}
			got := offloadedBy(t, server, site, newAcceleratorFor(t, proxy, rules[0]), "/app/media/private/x.txt")
			if got != "secret" {
				t.Fatalf("%q, want the fault to be real: the other storage's file", got)
			}
			for _, both := range [][]accel.Rule{rules, {rules[1], rules[0]}} {
				if _, err := accel.New(proxy, both, nil); err == nil || !strings.Contains(err.Error(), `rule "private": destination`) || !strings.Contains(err.Error(), `rule "media"`) {
					t.Errorf("error %v, want one that names both rules", err)
				}
			}
			a := newAcceleratorFor(t, proxy, rules[0])
			if err := a.Swap(rules...); err == nil {
				t.Error("Swap took them, want an error")
			}

			// The same file by both.
			alike := []accel.Rule{rules[0], {Name: "private", Source: "/app/media/private", Destination: inner}}
			site.Rules[1].Source = filepath.Join(public, "private")
			b := newAcceleratorFor(t, proxy, alike...)
			if got := offloadedBy(t, server, site, b, "/app/media/private/x.txt"); got != offloadedBy(t, server, site, a, "/app/media/private/x.txt") {
				t.Errorf("%q by the inner rule, want the same as by the outer one alone", got)
			}
		})
	}
}

// open gives servers that run as another user the right to read the files.
func open(t *testing.T, path string) {
	t.Helper()
	mode := os.FileMode(0o644)
	if fi, err := os.Stat(path); err == nil && fi.IsDir() {
		mode = 0o755
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// newAcceleratorFor is newAccelerator for another proxy.
func newAcceleratorFor(t *testing.T, p accel.Proxy, rules ...accel.Rule) *accel.Accelerator {
	t.Helper()
	a, err := accel.New(p, rules, nil)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// offloadedBy returns what a real server sends for a source that a hands over.
func offloadedBy(t *testing.T, server string, site printed.Site, a *accel.Accelerator, source string) string {
	t.Helper()
	app := httptest.NewServer(downloadview.NewHandler(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		f := downloadview.WithSource(downloadview.FromString("x.txt", "streamed", nil), downloadview.Source{Scheme: "file", Path: source})
		return downloadview.Response{File: f, Offloader: a, ETag: `"v1"`}, nil
	}), &downloadview.Options{Logger: slog.New(slog.DiscardHandler)}))
	defer app.Close()
	site.Upstream = app.Listener.Addr().String()
	resp := proxytest.Start(t, server, site, proxytest.Options{}).Do(t, "GET", "/", nil)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
