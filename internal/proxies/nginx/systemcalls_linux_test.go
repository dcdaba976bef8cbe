package nginx_test

import (
	"bufio"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/internal/testserver"
)

// What nginx does for a file of a folder in the directory: it looks whether that is a
// folder, and opens it without following links. The header and the file leave in one
// packet, since the socket waits for both (TCP_CORK).
func TestNginxSystemCalls(t *testing.T) {
	strace := testserver.Binary(t, "strace", "DOWNLOADVIEW_STRACE")
	send := []string{"setsockopt CORK", "writev", "sendfile", "setsockopt CORK"}
	file := func(calls ...string) []string {
		calls = append(calls, send[:3]...)
		return append(calls, "close", send[3])
	}
	for _, tt := range []struct {
		name string
		site site.Site
		want []string
	}{
		{"printed", site.Site{}, file("newfstatat", "openat DIRECTORY", "openat NOFOLLOW DIRECTORY", "close", "openat NOFOLLOW", "close", "newfstatat")},
		{"following links", site.Site{Symlinks: site.FollowSymlinks}, file("newfstatat", "openat", "newfstatat")},
		{"open files", site.Site{OpenFiles: time.Minute}, send},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			proxytest.Write(t, dir, "folder/a.txt", "0123456789")
			s := tt.site
			s.Upstream = proxytest.Application(t, func(w http.ResponseWriter, r *http.Request) {
				proxytest.Answer(described("/_media"+r.URL.Path))(w, r)
			})
			s.Rules = []site.Rule{{Rule: accel.Rule{Source: dir, Destination: "/_media/"}}}
			s.Folder = t.TempDir()
			proxy := proxytest.Start(t, "nginx", s, proxytest.Options{})
			for range 2 { // a connection, and an open file
				proxytest.Body(t, proxy.Do(t, "GET", "/folder/a.txt", nil))
			}
			pid, err := os.ReadFile(filepath.Join(s.Folder, "nginx.pid"))
			if err != nil {
				t.Fatal(err)
			}
			log := filepath.Join(t.TempDir(), "log")
			cmd := exec.Command(strace, "-e", "trace=openat,close,newfstatat,fstat,stat,lstat,pread64,setsockopt,writev,sendfile", "-e", "signal=none", "-o", log, "-p", strings.TrimSpace(string(pid)))
			said, err := cmd.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(said)
			if !lines.Scan() || !strings.Contains(lines.Text(), "attached") {
				t.Errorf("strace says %q, want that it is attached", lines.Text())
			}
			body := proxytest.Body(t, proxy.Do(t, "GET", "/folder/a.txt", nil))
			again := proxytest.Body(t, proxy.Do(t, "GET", "/folder/a.txt", nil)) // all calls of the one before are over
			cmd.Process.Signal(os.Interrupt)
			for lines.Scan() { // until it has let go
			}
			cmd.Wait() // by the signal
			text, err := os.ReadFile(log)
			if err != nil || body != "0123456789" || again != body {
				t.Fatalf("%q, %q, %v, want the file twice", body, again, err)
			}
			if diff := cmp.Diff(tt.want, callsOfOne(string(text))); diff != "" {
				t.Errorf("calls (-want +got):\n%s\n%s", diff, text)
			}
		})
	}
}

// callsOfOne returns the calls between the request to the application and the next one,
// with their flags that matter. Both requests are sent by writev.
func callsOfOne(log string) []string {
	var calls []string
	requests := 0
	for line := range strings.Lines(log) {
		if strings.Contains(line, `"GET /`) {
			requests++
			continue
		}
		if requests != 1 {
			continue
		}
		name, args, _ := strings.Cut(line, "(")
		name = strings.TrimSpace(name)
		for _, flag := range []string{"NOFOLLOW", "DIRECTORY", "CORK"} {
			if regexp.MustCompile(`\b(O|TCP)_` + flag + `\b`).MatchString(args) {
				name += " " + flag
			}
		}
		calls = append(calls, name)
	}
	return calls
}
