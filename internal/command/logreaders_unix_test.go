//go:build unix

package command

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The server ends at SIGTERM also if the program that reads its log hangs.
func TestTheReaderOfTheLogHangs(t *testing.T) {
	t.Parallel()
	reader, log, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	defer log.Close()
	cmd := exec.Command("downloadview", "serve", "--listen=127.0.0.1:0", t.TempDir())
	cmd.Stderr = log
	ended := startUnread(t, cmd)
	for lines := bufio.NewScanner(reader); lines.Scan() && !strings.Contains(lines.Text(), "limit of open files"); {
	}
	fill(t, log)
	wantEnd(t, cmd, ended)
}

// A server whose log nobody reads when it starts tells systemd that it is ready, and ends
// at SIGTERM.
func TestTheReaderOfTheLogHangsAtTheStart(t *testing.T) {
	t.Parallel()
	reader, log, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	defer log.Close()
	fill(t, log)
	notify, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(socketDir(t), "s"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer notify.Close()
	cmd := exec.Command("downloadview", "serve", "--listen=127.0.0.1:0", "--metrics=127.0.0.1:0", t.TempDir())
	cmd.Stderr = log
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+notify.LocalAddr().String())
	ended := startUnread(t, cmd)
	if err := notify.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	message := make([]byte, 1<<10)
	if n, err := notify.Read(message); err != nil || !strings.Contains(string(message[:n]), "READY=1") {
		t.Fatalf("%q, %v; want that it is ready", message[:n], err)
	}
	wantEnd(t, cmd, ended)
}

// startUnread starts cmd, whose log nobody reads. The channel is closed when it has ended.
func startUnread(t *testing.T, cmd *exec.Cmd) (ended <-chan struct{}) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	go func() {
		cmd.Wait()
		close(over)
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-over
	})
	return over
}

// wantEnd checks that SIGTERM ends cmd, which startUnread has started.
func wantEnd(t *testing.T, cmd *exec.Cmd, ended <-chan struct{}) {
	t.Helper()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
		if cmd.ProcessState.ExitCode() != exitOK {
			t.Errorf("%v, want exit status 0", cmd.ProcessState)
		}
	case <-time.After(time.Minute):
		t.Error("it has not ended a minute after SIGTERM")
	}
}

// fill writes into a pipe until it is full.
func fill(t *testing.T, pipe *os.File) {
	t.Helper()
	fd := int(pipe.Fd())
	if err := syscall.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	for size := 4096; size > 0; size /= 2 {
		for {
			if _, err := syscall.Write(fd, make([]byte, size)); err != nil {
				break
			}
		}
	}
	if err := syscall.SetNonblock(fd, false); err != nil { // the server has it, too
		t.Fatal(err)
	}
}

// The server goes on if the program that reads its log ends, and stops as ever.
func TestTheReaderOfTheLogEnds(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.txt"), []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"text", "json"} {
		reader, log, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("downloadview", "serve", "--listen=127.0.0.1:0", "--log="+format, dir)
		cmd.Stderr = log
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { cmd.Process.Kill() })
		log.Close()
		lines := bufio.NewScanner(reader)
		url := ""
		for url == "" && lines.Scan() {
			_, url, _ = strings.Cut(lines.Text(), "listening on ")
		}
		reader.Close()
		for range 3 {
			if _, body, err := fetch(url, "GET", "/a.txt"); string(body) != "text" || err != nil {
				t.Errorf("%s: %q, %v", format, body, err)
			}
		}
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		if cmd.Wait(); cmd.ProcessState.ExitCode() != exitOK {
			t.Errorf("%s: %v, want exit status 0", format, cmd.ProcessState)
		}
	}
}
