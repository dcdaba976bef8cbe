//go:build unix

package nginx_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/internal/proxies/nginx"
	"github.com/downloadview/downloadview/internal/proxytest"
)

// socketOf returns the path of the socket at which nginx asks itself for pieces.
func socketOf(t *testing.T, proxy *proxytest.Server) string {
	t.Helper()
	_, after, ok := strings.Cut(proxy.Conf, "listen unix:")
	if !ok {
		t.Fatal("no server listens at a socket")
	}
	path, _, _ := strings.Cut(after, ";")
	return path
}

// Nobody else can make nginx fetch a URL, or read its cache: neither another user of the
// machine, nor a client.
func TestSlicesAreClosedToOthers(t *testing.T) {
	content := buckettest.Numbered(1, 2*piece)
	s := newStore(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"one"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	})
	proxy := startSliced(t, byPath(s), nil)
	if body := proxytest.Body(t, proxy.Do(t, "GET", "/a", nil)); body != string(content) {
		t.Fatalf("%d bytes, want the %d of the object", len(body), len(content))
	}
	s.seen()
	socket := socketOf(t, proxy)
	fi, err := os.Stat(filepath.Dir(socket))
	if err != nil {
		t.Fatal(err)
	}
	if got := fi.Mode(); got != fs.ModeDir|0o700 {
		t.Errorf("the folder of the socket has the mode %v, want that only nginx may enter it", got)
	}
	if os.Geteuid() == 0 {
		// Without the socket's folder, a stranger may go everywhere.
		for dir := filepath.Dir(filepath.Dir(socket)); len(dir) > len(os.TempDir()); dir = filepath.Dir(dir) {
			if err := os.Chmod(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		connect := func(uid uint32) string {
			curl := exec.CommandContext(t.Context(), "curl", "-sS", "--unix-socket", socket, "-H", nginx.URLField+": "+s.URL+"/secret", "-H", nginx.KeyField+": s3://files/a", "-H", "Range: bytes=0-65535", "http://a/downloadview_1/pieces")
			curl.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
			out, err := curl.CombinedOutput()
			return fmt.Sprintf("%v %s", err, out)
		}
		if got := connect(12345); !strings.Contains(got, "exit status 7") { // couldn't connect
			t.Errorf("another user gets %.200q", got)
		}
		if got := connect(0); !strings.Contains(got, string(content[:100])) {
			t.Errorf("root gets %.200q, want the piece: this test shows nothing", got)
		}
		s.seen()
	}
	for _, path := range []string{"/downloadview_1/pieces", "/downloadview_1/fetch"} {
		resp := proxy.Do(t, "GET", path, http.Header{nginx.URLField: {s.URL + "/secret"}, nginx.KeyField: {"s3://files/a"}})
		proxytest.Body(t, resp)
		for _, r := range s.seen() {
			if r.URL.Path != path { // the application signs it for the path of the request
				t.Errorf("%s: the store was asked for %s", path, r.URL)
			}
		}
	}
}

// When nginx stops, its socket is gone, so it can start again.
func TestSlicesSocketIsRemoved(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGQUIT} {
		proxy := startSliced(t, func(*http.Request) (string, string) { return "", "" }, nil)
		if err := proxy.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		<-proxy.Process.Done()
		if _, err := os.Stat(socketOf(t, proxy)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("after %v: %v, want that the socket is gone", sig, err)
		}
	}
}

// A download that is under way when nginx reads its configuration again goes on, with
// pieces that are not in the cache.
func TestSlicesReload(t *testing.T) {
	content := buckettest.Numbered(1, 4*piece)
	reloaded := make(chan bool)
	s := newStore(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.Header.Get("Range"), fmt.Sprintf("bytes=%d-", piece)) {
			<-reloaded
		}
		w.Header().Set("ETag", `"one"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	})
	proxy := startSliced(t, byPath(s), func(conf string) string {
		if os.Geteuid() == 0 {
			conf = "user root;\n" + conf // no other may enter the folders of tests
		}
		return "master_process on;\n" + conf
	})
	t.Cleanup(func() { // or its workers would survive
		proxy.Process.Signal(syscall.SIGTERM)
		<-proxy.Process.Done()
	})
	resp := proxy.Do(t, "GET", "/a", nil)
	got := make([]byte, piece)
	if _, err := io.ReadFull(resp.Body, got); err != nil {
		t.Fatal(err)
	}
	old := workers(t, proxy)
	if out, err := check(t, filepath.Dir(filepath.Dir(socketOf(t, proxy))), proxy.Conf); err != nil { // as one does before a reload
		t.Fatalf("nginx -t: %v\n%s", err, out)
	}
	if err := proxy.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); slices.ContainsFunc(old, listens); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the old workers still listen")
		}
	}
	close(reloaded)
	rest, err := io.ReadAll(resp.Body)
	if got = append(got, rest...); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes, error %v, want the %d of the object", len(got), err, len(content))
	}
	if body := proxytest.Body(t, proxy.Do(t, "GET", "/b", nil)); body != string(content) {
		t.Errorf("after that: %d bytes, want the %d of the object", len(body), len(content))
	}
}

// workers returns the processes that nginx has started.
func workers(t *testing.T, proxy *proxytest.Server) (pids []string) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("needs the processes in /proc")
	}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range stats {
		text, _ := os.ReadFile(path) // nothing of a process that has ended
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		if len(fields) > 1 && fields[1] == strconv.Itoa(proxy.Process.PID()) {
			pids = append(pids, filepath.Base(filepath.Dir(path)))
		}
	}
	if len(pids) == 0 {
		t.Fatal("nginx has no workers")
	}
	return pids
}

// listens tells whether a process is a worker that nginx hasn't told to shut down.
func listens(pid string) bool {
	title, err := os.ReadFile("/proc/" + pid + "/cmdline")
	return err == nil && bytes.Contains(title, []byte("worker process")) && !bytes.Contains(title, []byte("shutting down"))
}
