//go:build unix

package command

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// requestLine matches a whole line about a request.
var requestLine = regexp.MustCompile(`^time=\S+ level=INFO msg=request method=GET path=/a\.txt status=200 bytes=7 duration=\S+ mode=stream remote=127\.0\.0\.1$`)

// For each signal that ends the server, the log has a whole line for each answer that a
// client got, even if they came quickly.
func TestSignalsLoseNoLine(t *testing.T) {
	t.Parallel()
	for _, signals := range [][]syscall.Signal{
		{syscall.SIGTERM}, {syscall.SIGINT, syscall.SIGTERM}, {syscall.SIGTERM, syscall.SIGHUP}, {syscall.SIGHUP}, {syscall.SIGQUIT}, {syscall.SIGABRT},
	} {
		t.Run(fmt.Sprint(signals), func(t *testing.T) {
			files := filesWith(t, "a.txt", "content")
			if signals[0] == syscall.SIGHUP {
				files = "file://" + files // SIGHUP has a directory opened again, and ends the server of anything else
			}
			p := start(t, files)
			const clients, requests = 8, 200
			var all sync.WaitGroup
			for range clients {
				all.Go(func() {
					c, err := dial(p.url)
					if err != nil {
						t.Error(err)
						return
					}
					defer c.Close()
					reply := bufio.NewReader(c)
					for range requests {
						io.WriteString(c, "GET /a.txt?secret HTTP/1.1\r\nHost: x\r\n\r\n")
						resp, err := http.ReadResponse(reply, nil)
						if err != nil {
							t.Error(err)
							return
						}
						io.Copy(io.Discard, resp.Body)
					}
				})
			}
			read := make(chan struct{})
			go func() {
				defer close(read)
				for line := range p.lines {
					p.log.WriteString(line + "\n")
				}
			}()
			all.Wait()
			p.signal(t, signals[0])
			over := make(chan struct{})
			if len(signals) > 1 { // whenever the second one comes
				go func() {
					for {
						select {
						case <-over:
							return
						case <-time.After(time.Millisecond):
							_ = p.cmd.Process.Signal(signals[1])
						}
					}
				}()
			}
			<-read
			p.wait()
			close(over)
			n := 0
			for line := range strings.Lines(p.log.String()) {
				if requestLine.MatchString(strings.TrimSuffix(line, "\n")) {
					n++
				} else if strings.Contains(line, "msg=request") {
					t.Errorf("a torn line: %q", line)
				}
			}
			if n != clients*requests { // each line comes before its answer, which is small
				t.Errorf("%d lines for %d requests", n, clients*requests)
			}
			state := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
			switch s := signals[0]; s {
			case syscall.SIGTERM, syscall.SIGINT:
				if state.ExitStatus() != exitOK {
					t.Errorf("it ended with %v", p.cmd.ProcessState)
				}
			case syscall.SIGQUIT, syscall.SIGABRT: // package runtime shows the stacks and exits
				if !strings.Contains(p.log.String(), "PC=") {
					t.Errorf("it ended with %v and without stacks", p.cmd.ProcessState)
				}
			default:
				if !state.Signaled() || state.Signal() != s {
					t.Errorf("it ended with %v, want %v", p.cmd.ProcessState, s)
				}
			}
		})
	}
}

func filesWith(t *testing.T, name, content string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Under nohup the server ignores SIGHUP.
func TestIgnoredSignalStaysIgnored(t *testing.T) {
	p, err := startCommand(exec.Command("sh", "-c", `trap "" HUP; exec downloadview serve --listen=127.0.0.1:0 "$0"`, filesWith(t, "a.txt", "content")))
	if err != nil {
		t.Fatal(err)
	}
	p.killAtEnd(t)
	p.signal(t, syscall.SIGHUP)
	resp, _, err := fetch(p.url, "GET", "/a.txt")
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("%v, %v; want the server to go on", resp, err)
	}
	p.signal(t, syscall.SIGTERM)
	if got := p.wait(); got != exitOK {
		t.Errorf("exit status = %d", got)
	}
}

// The line of each answer with a status of 400 or more has the reason.
func TestReasonsInTheLog(t *testing.T) {
	t.Parallel()
	dir := filesWith(t, "a.txt", "content")
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{dir}, {"--index", dir}} {
		p := start(t, args...)
		for _, tt := range []struct{ method, path, header, says string }{
			{"GET", "/none.txt", "X: y", "status=404 .* error=.*none.txt.*no such file"},
			{"GET", "/none/", "X: y", "status=404 .* error=.*"},
			{"GET", "/a.txt%00", "X: y", `status=404 .* error=.*invalid`},
			{"POST", "/a.txt", "X: y", "status=405 .* error=.*only GET and HEAD"},
			{"GET", "/a.txt", "Range: bytes=7-", `status=416 .* error=.*bytes=7-.* 7 bytes`},
			{"GET", "/a.txt", `If-Match: "x"`, `status=412 .* error=.*If-Match.*x`},
			{"HEAD", "/a.txt", `If-Unmodified-Since: Sat, 01 Jan 2000 00:00:00 GMT`, `status=412 .* error=.*If-Unmodified-Since.*2000`},
			{"GET", "/%0Alevel=ERROR%1B[2J", "X: y", `path="/\\nlevel=ERROR\\x1b\[2J" status=404 .* error=".*"$`},
		} {
			resp, _, err := fetch(p.url, tt.method, tt.path+"?token=secret", tt.header)
			if err != nil {
				t.Fatal(err)
			}
			line, _ := p.await("msg=request")
			if !regexp.MustCompile(tt.says).MatchString(line) {
				t.Errorf("%s %s %s: %s, the log says\n%s, want %s", tt.method, tt.path, tt.header, resp.Status, line, tt.says)
			}
		}
		resp, _, err := fetch(p.url, "GET", "/a.txt")
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatal(resp, err)
		}
		if line, _ := p.await("msg=request"); strings.Contains(line, "error=") {
			t.Errorf("a good answer has an error: %s", line)
		}
		p.signal(t, syscall.SIGTERM)
		p.wait()
		if strings.Contains(p.log.String(), "secret") {
			t.Errorf("the log tells the query:\n%s", &p.log)
		}
	}
}

// --log and --log-level, and the keys of the file, choose the format and the level.
func TestLogFormats(t *testing.T) {
	t.Parallel()
	dir := filesWith(t, "a.txt", "content")
	file := filepath.Join(t.TempDir(), "dv.yaml")
	for _, tt := range []struct {
		name, file string
		args       []string
		want       []string // level of each line, with the msg
	}{
		{"text", "", nil, []string{"INFO request", "INFO request", "INFO stopping"}},
		{"debug", "", []string{"--log-level=debug"}, []string{"INFO request", "DEBUG download failed", "INFO request", "INFO stopping"}},
		{"warn", "", []string{"--log-level=warn"}, nil},
		{"off", "", []string{"--log=off"}, nil},
		{"json", "", []string{"--log=json"}, []string{"INFO request", "INFO request", "INFO stopping"}},
		{"json of the file", "log: json\nlog_level: debug\n", nil, []string{"INFO request", "DEBUG download failed", "INFO request", "INFO stopping"}},
		{"off in the file", "log: off\n", nil, nil},
		{"flags win", "log: off\ntrusted_proxies: [127.0.0.1, unix]\n", []string{"--log=json", "--log-level=info"}, []string{"INFO request", "INFO request", "INFO stopping"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			args := append(tt.args, dir)
			if tt.file != "" {
				if err := os.WriteFile(file, []byte(tt.file), 0o600); err != nil {
					t.Fatal(err)
				}
				args = append(args, "--config", file)
			}
			p := start(t, args...)
			for _, path := range []string{"/a.txt", "/n%E2%80%AEne"} {
				if _, _, err := fetch(p.url, "GET", path, "X-Forwarded-For: 192.0.2.1"); err != nil {
					t.Fatal(err)
				}
			}
			p.signal(t, syscall.SIGTERM)
			if got := p.wait(); got != exitOK {
				t.Errorf("exit status = %d", got)
			}
			_, log, _ := strings.Cut(p.log.String(), "\n")
			var got []string
			for line := range strings.Lines(log) {
				if strings.Contains(line, "limit of open files") { // of this machine
					continue
				}
				got = append(got, levelAndMessage(t, line, strings.Contains(tt.name, "json") || tt.name == "flags win"))
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("lines %q, want %q; of\n%s", got, tt.want, &p.log)
			}
			if strings.Contains(log, "\u202e") {
				t.Errorf("the log turns the text round:\n%s", log)
			}
			if want := tt.name == "flags win"; strings.Contains(log, "192.0.2.1") != want {
				t.Errorf("the address that the proxy told is in the log: %t, want %t", !want, want)
			}
		})
	}
}

func levelAndMessage(t *testing.T, line string, isJSON bool) string {
	t.Helper()
	if isJSON {
		var l struct{ Level, Msg string }
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Errorf("%v: %s", err, line)
		}
		return l.Level + " " + l.Msg
	}
	m := regexp.MustCompile(`^time=\S+ level=(\S+) msg=("[^"]*"|\S+)`).FindStringSubmatch(line)
	if m == nil {
		t.Fatalf("line %q", line)
	}
	return m[1] + " " + strings.Trim(m[2], `"`)
}
