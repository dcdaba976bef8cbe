package command

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// A process is a running server: "downloadview serve --listen 127.0.0.1:0 …".
type process struct {
	cmd   *exec.Cmd
	url   string // what it listens on
	lines chan string
	log   strings.Builder // the lines that were read
	raced bool            // the race detector has found a race; known when lines is closed
}

// linesKept is more lines than a test leaves unread. A server whose lines nobody takes
// stops answering when its pipe is full, which has room for 64 KiB, or for 4 if the user
// has many pipes.
const linesKept = 1 << 16

// startProcess starts a server, and returns when it listens.
func startProcess(dir string, env []string, args ...string) (*process, error) {
	args = append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)
	cmd := exec.Command("downloadview", args...)
	cmd.Dir, cmd.Env = dir, env
	return startCommand(cmd)
}

// startCommand starts a server by cmd, and returns when it listens.
func startCommand(cmd *exec.Cmd) (*process, error) {
	p, err := runCommand(cmd)
	if err != nil {
		return nil, err
	}
	line, ok := p.await("listening on ")
	if !ok {
		p.cmd.Wait()
		return nil, fmt.Errorf("it said only: %s", p.log.String())
	}
	p.url = strings.TrimPrefix(line, "listening on ")
	return p, nil
}

func runCommand(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, lines: make(chan string, linesKept)}
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go p.read(stderr)
	return p, nil
}

func start(t *testing.T, args ...string) *process {
	t.Helper()
	p, err := startProcess(t.TempDir(), nil, args...)
	if err != nil {
		t.Fatal(err)
	}
	p.killAtEnd(t)
	return p
}

func (p *process) killAtEnd(t *testing.T) {
	t.Helper()
	t.Cleanup(func() {
		p.cmd.Process.Kill()
		p.wait()
		if p.raced {
			t.Error("the server has a data race")
		}
		if t.Failed() {
			t.Logf("the server said:\n%s", p.log.String())
		}
	})
}

func (p *process) read(stderr io.Reader) {
	defer close(p.lines)
	for s := bufio.NewScanner(stderr); s.Scan(); {
		p.raced = p.raced || strings.Contains(s.Text(), "WARNING: DATA RACE")
		p.lines <- s.Text()
	}
}

// await reads lines until one contains text. It returns false if the output ends first.
func (p *process) await(text string) (line string, ok bool) {
	for line := range p.lines {
		p.log.WriteString(line + "\n")
		if strings.Contains(line, text) {
			return line, true
		}
	}
	return "", false
}

func (p *process) signal(t *testing.T, sig os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

// wait waits for the process and returns its exit status, -1 if a signal killed it.
func (p *process) wait() int {
	for line := range p.lines {
		p.log.WriteString(line + "\n")
	}
	p.cmd.Wait()
	return p.cmd.ProcessState.ExitCode()
}

func exitStatus(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return 0
}
