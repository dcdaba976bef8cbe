package command

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/downloadview/downloadview/internal/testserver"
)

// A download of a local file takes five system calls for the file and the answer, and one
// of the runtime; one of 1 MiB more only if the socket doesn't take all of the file at once.
// The header waits in the socket for the file, and no byte of the file is read. That the
// download of a slow client would be parked costs a fast one nothing.
func TestSystemCallsOfADownload(t *testing.T) {
	strace := testserver.Binary(t, "strace", "DOWNLOADVIEW_STRACE")
	for _, size := range []int{64 << 10, 1 << 20} {
		t.Run(strconv.Itoa(size), func(t *testing.T) { countSystemCalls(t, strace, size) })
	}
}

func countSystemCalls(t *testing.T, strace string, size int) {
	const requests = 10
	content := bytes.Repeat([]byte("0123456789abcdef"), size/16)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "traced"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, dir)
	download := func() {
		resp, err := http.Get(p.url + "/traced")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if got, err := io.ReadAll(resp.Body); !bytes.Equal(got, content) || err != nil {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
		// When the next request on the connection is answered, the file is closed.
		resp, err = http.Head(p.url + "/missing")
		if err != nil || resp.StatusCode != http.StatusNotFound {
			t.Fatal(resp, err)
		}
		resp.Body.Close()
	}
	download() // the connection is there, and has its deadline

	log := filepath.Join(t.TempDir(), "log")
	cmd := exec.Command(strace, "-f", "-y", "-e", "signal=none", "-o", log, "-p", strconv.Itoa(p.cmd.Process.Pid))
	said, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(said)
	if !lines.Scan() || !bytes.Contains(lines.Bytes(), []byte("attached")) {
		t.Errorf("strace says %q, want that it is attached", lines.Text())
	}
	for range requests {
		download()
	}
	cmd.Process.Signal(os.Interrupt)
	for lines.Scan() { // until it has let go
	}
	cmd.Wait() // by the signal
	calls, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	// strace may print a call in two lines; the first one has the arguments.
	for call, want := range map[string]int{
		`openat\(.*"traced"`:       requests,
		`fstat\(\d+<[^>]*/traced>`: requests,
		`sendmsg\(.*MSG_MORE`:      requests,
		`close\(\d+<[^>]*/traced>`: requests,

		`read(64)?\(\d+<[^>]*/traced>`:                              0,
		`write\(\d+<[^>]*>, "HTTP/1.1 200`:                          0,
		`(setsockopt|getsockopt|fcntl|lseek|ioctl|newfstatat)\(\d+`: 0,
		`ppoll\(`: 0,
	} {
		if n := len(regexp.MustCompile(call).FindAll(calls, -1)); n != want {
			t.Errorf("%d calls %s for %d downloads, want %d", n, call, requests, want)
		}
	}
	sends := len(regexp.MustCompile(`sendfile\(\d+<[^>]*>, \d+<[^>]*/traced>`).FindAll(calls, -1))
	if sends < requests || size == 64<<10 && sends > requests {
		t.Errorf("%d calls of sendfile for %d downloads", sends, requests)
	}
	if t.Failed() {
		t.Logf("%s", calls)
	}
}
