package apache_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/internal/testserver"
)

// The kernel copies the file (sendfile): its bytes are never in Apache's memory.
func TestApacheSendfile(t *testing.T) {
	strace := testserver.Binary(t, "strace", "DOWNLOADVIEW_STRACE")
	content := strings.Repeat("0123456789", 10_000)
	dir, folder := t.TempDir(), t.TempDir()
	proxytest.Write(t, dir, "a.bin", content)
	proxy := proxytest.Start(t, "apache", site.Site{
		Upstream: proxytest.Application(t, proxytest.SendOrEcho),
		Folder:   folder,
		Rules:    []site.Rule{proxytest.KindOf(t, "apache").Rule("media", "", dir)},
	}, proxytest.Options{})
	f := &proxytest.Front{Server: proxy, Kind: proxytest.KindOf(t, "apache"), Dir: dir}
	proxytest.Body(t, f.Send(t, "GET", f.Value("a.bin"))) // it listens before it writes its pid, and answers after
	pid, err := os.ReadFile(filepath.Join(folder, "apache.pid"))
	if err != nil {
		t.Fatal(err)
	}

	log := filepath.Join(t.TempDir(), "log")
	cmd := exec.Command(strace, "-f", "-e", "trace=sendfile", "-e", "signal=none", "-o", log, "-p", strings.TrimSpace(string(pid)))
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
	body := proxytest.Body(t, f.Send(t, "GET", f.Value("a.bin")))
	cmd.Process.Signal(os.Interrupt)
	for lines.Scan() { // until it has let go
	}
	cmd.Wait() // by the signal
	calls, err := os.ReadFile(log)
	if err != nil || body != content || !strings.Contains(string(calls), "sendfile(") {
		t.Errorf("%d bytes, calls %q, %v, want %d bytes by sendfile", len(body), calls, err, len(content))
	}
}
