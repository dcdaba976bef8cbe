package proxytest

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/proxies/site"
)

// serveFiles runs a file server for the internal locations of s at a socket, until the
// test ends. It follows symbolic links, and answers 404 to folders.
func serveFiles(t testing.TB, s site.Site, socket string) {
	t.Helper()
	dirs := make(map[string]string)
	for _, r := range s.Rules {
		dir, err := r.Files()
		if err != nil {
			t.Fatal(err)
		}
		dirs[strings.TrimSuffix(r.Destination, "/")+"/"] = dir
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		location := ""
		for l := range dirs {
			if len(l) > len(location) && strings.HasPrefix(r.URL.Path, l) {
				location = l
			}
		}
		name := strings.TrimPrefix(r.URL.Path, location)
		if location == "" || slices.Contains(strings.Split(name, "/"), "..") {
			http.NotFound(w, r)
			return
		}
		serveFile(w, r, filepath.Join(dirs[location], filepath.FromSlash(name)))
	}))
	server.Listener.Close()
	server.Listener = l
	server.Start()
	t.Cleanup(server.Close)
}

// serveFile sends a file. Unlike [http.ServeFile], it also sends those whose names are
// not UTF-8, and redirects no request.
func serveFile(w http.ResponseWriter, r *http.Request, name string) {
	f, err := os.Open(name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil || !fi.Mode().IsRegular() || strings.HasSuffix(r.URL.Path, "/") {
		http.NotFound(w, r)
		return
	}
	http.ServeContent(w, r, "", fi.ModTime(), f)
}
