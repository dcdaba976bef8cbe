//go:build unix

package command

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/downloadview/downloadview/internal/testserver"
)

// A fakeInit is the side of systemd of $NOTIFY_SOCKET.
type fakeInit struct {
	*net.UnixConn
	name string
}

func newFakeInit(t *testing.T, name string) *fakeInit {
	t.Helper()
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &fakeInit{c, name}
}

// await returns the next message that has the line, and fails the test if another one
// that is not allowed comes before.
func (f *fakeInit) await(t *testing.T, line string, allowed ...string) string {
	t.Helper()
	for {
		b := make([]byte, 4096)
		n, err := f.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		message := string(b[:n])
		lines := strings.Split(message, "\n")
		if slices.Contains(lines, line) {
			return message
		}
		if !slices.ContainsFunc(allowed, func(a string) bool { return slices.Contains(lines, a) }) {
			t.Fatalf("systemd is told %q, want %s", message, line)
		}
	}
}

// startService starts "downloadview ARGS" as systemd does: with the environment, and with
// the files from descriptor 3 on.
func startService(t *testing.T, env []string, files []*os.File, args ...string) (*process, error) {
	t.Helper()
	cmd := exec.Command("sh", append([]string{"-c", `LISTEN_PID=$$ WATCHDOG_PID=$$ exec downloadview "$@"`, "sh"}, args...)...)
	cmd.Env = append(os.Environ(), env...)
	cmd.ExtraFiles = files
	p, err := startCommand(cmd)
	if err == nil {
		p.killAtEnd(t)
	}
	return p, err
}

// systemd hears when the server is ready, reloads and stops, and that it lives.
func TestNotify(t *testing.T) {
	pair := newPair(t, 1, time.Now().Add(60*day))
	tls := pair.write(t, t.TempDir())
	sockets := map[string]string{"a path": filepath.Join(socketDir(t), "notify")}
	if runtime.GOOS == "linux" {
		sockets["an abstract socket"] = fmt.Sprintf("@downloadview-test-%d", os.Getpid())
	}
	for name, flags := range map[string][]string{
		"a path":             tls,
		"an abstract socket": {"--proxy-protocol", "--trusted-proxies=127.0.0.1", "--stall-timeout=1s"},
	} {
		if sockets[name] == "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			init := newFakeInit(t, sockets[name])
			env := []string{"NOTIFY_SOCKET=" + init.name, "WATCHDOG_USEC=1000000"}
			const alive = "WATCHDOG=1"
			p, err := startService(t, env, nil, append([]string{"serve", "--grace=7s", "--listen=127.0.0.1:0", t.TempDir()}, flags...)...)
			if err != nil {
				t.Fatal(err)
			}
			if m := init.await(t, "READY=1", alive); !strings.Contains(m+"\n", "\nSTATUS=Serving at "+p.url+"\n") {
				t.Errorf("ready: %q", m)
			}
			for range 2 {
				init.await(t, alive)
			}
			p.signal(t, syscall.SIGHUP)
			m := init.await(t, "RELOADING=1", alive)
			if runtime.GOOS == "linux" && !regexp.MustCompile(`(?m)^MONOTONIC_USEC=[1-9][0-9]{3,}$`).MatchString(m) {
				t.Errorf("reloading: %q, want a time of the monotonic clock", m)
			}
			init.await(t, "READY=1", alive)
			init.await(t, alive)
			p.signal(t, syscall.SIGTERM)
			if m := init.await(t, "STOPPING=1", alive); !strings.Contains(m, "\nEXTEND_TIMEOUT_USEC=12000000") {
				t.Errorf("stopping: %q", m)
			}
			if got := p.wait(); got != exitOK {
				t.Errorf("exit status = %d", got)
			}
			if log := p.log.String(); strings.Contains(log, "msg=request") || strings.Contains(log, "without a header") || strings.Contains(log, "handshake") {
				t.Errorf("the log has what systemd's watchdog asks:\n%s", log)
			}
		})
	}
}

// A systemd that doesn't read what it is told doesn't keep the server from working.
func TestNotifyWithoutReader(t *testing.T) {
	init := newFakeInit(t, filepath.Join(socketDir(t), "notify"))
	t.Setenv("NOTIFY_SOCKET", init.name)
	var log bytes.Buffer
	n := &notifier{logger: slog.New(slog.NewTextHandler(&log, nil))}
	for log.Len() == 0 { // until the queue of the socket is full
		n.tell("STATUS=" + strings.Repeat("x", 2000))
	}
	if !strings.Contains(log.String(), "timeout") {
		t.Errorf("the log says %s", log.String())
	}
}

// While downloads go on after SIGTERM, systemd is still told that the server lives.
func TestWatchdogWhileStopping(t *testing.T) {
	init := newFakeInit(t, filepath.Join(socketDir(t), "notify"))
	dir := t.TempDir()
	file := filepath.Join(dir, "large")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(file, large); err != nil {
		t.Fatal(err)
	}
	p, err := startService(t, []string{"NOTIFY_SOCKET=" + init.name, "WATCHDOG_USEC=100000"}, nil, "serve", "--grace=24h", "--listen=127.0.0.1:0", dir)
	if err != nil {
		t.Fatal(err)
	}
	x, err := ask(p.url, "GET", "/large")
	if err != nil {
		t.Fatal(err)
	}
	defer x.Conn.Close()
	p.signal(t, syscall.SIGTERM)
	init.await(t, "STOPPING=1", "WATCHDOG=1", "READY=1")
	for range 3 {
		init.await(t, "WATCHDOG=1")
	}
	if n, err := io.Copy(io.Discard, x.Body); n != large || err != nil {
		t.Errorf("the download: %d bytes, %v", n, err)
	}
	if got := p.wait(); got != exitOK {
		t.Errorf("exit status = %d", got)
	}
}

// If nothing accepts connections, or the handlers are stuck, there is no sign of life.
func TestWatchdogOfAStuckServer(t *testing.T) {
	t.Setenv("WATCHDOG_USEC", "120000000")
	t.Setenv("WATCHDOG_PID", strconv.Itoa(os.Getpid()))
	init := newFakeInit(t, filepath.Join(socketDir(t), "notify"))
	t.Setenv("NOTIFY_SOCKET", init.name)
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dog := newWatchdog(ln, &notifier{logger: logger}, logger)
	srv := &http.Server{Handler: http.NotFoundHandler()}
	dog.prepare(srv)
	if dog.interval != time.Minute {
		t.Errorf("a sign of life each %v, want half of the two minutes", dog.interval)
	}
	dog.interval = 50 * time.Millisecond
	dog.beat() // nothing serves
	if text := log.String(); !strings.Contains(text, "no sign of life") || !strings.Contains(text, "accepts no connections") {
		t.Errorf("the log says %q", text)
	}
	served := make(chan error)
	go func() { served <- srv.Serve(dog.listener) }()
	dog.interval = time.Minute
	dog.beat()
	if got := init.await(t, "WATCHDOG=1"); got != "WATCHDOG=1" { // the first beat sent nothing, or it would be another message
		t.Errorf("systemd is told %q", got)
	}
	resp, err := http.Get("http://" + ln.Addr().String()) // clients are served, too
	if err != nil || resp.StatusCode != http.StatusNotFound {
		t.Errorf("%v, %v", resp, err)
	} else {
		resp.Body.Close()
	}
	before := log.String()
	srv.Close()
	<-served
	dog.beat()
	if log.String() == before {
		t.Error("a closed server is taken for one that lives")
	}
	init.SetReadDeadline(time.Now())
	if n, err := init.Read(make([]byte, 100)); err == nil {
		t.Errorf("systemd was told that it lives, in %d bytes", n)
	}
}

// A server that has a watchdog keeps what it knows of its connections.
func TestWatchdogKeepsConnContext(t *testing.T) {
	type key struct{}
	srv := &http.Server{
		Handler:     http.NotFoundHandler(),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, key{}, c) },
	}
	new(watchdog).prepare(srv)
	for _, c := range []net.Conn{&net.TCPConn{}, probeConn{}} {
		if got := srv.ConnContext(t.Context(), c).Value(key{}); got != c {
			t.Errorf("%T: the context has %v", c, got)
		}
	}
}

// passedSockets returns listening sockets as systemd passes them.
func passedSockets(t *testing.T, addresses ...string) (files []*os.File) {
	t.Helper()
	for _, a := range addresses {
		network := "tcp"
		if strings.HasPrefix(a, "/") {
			network = "unix"
		}
		ln, err := net.Listen(network, a)
		if err != nil {
			t.Fatal(err)
		}
		if u, ok := ln.(*net.UnixListener); ok {
			u.SetUnlinkOnClose(false) // it is systemd's
		}
		f, err := ln.(interface{ File() (*os.File, error) }).File()
		if err != nil {
			t.Fatal(err)
		}
		ln.Close()
		t.Cleanup(func() { f.Close() })
		files = append(files, f)
	}
	return files
}

// The server serves at the socket that systemd passes. The socket outlives it: a client
// that connects while it is stopped is answered by the next one.
func TestSocketActivation(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.txt"), []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(socketDir(t), "s")
	for name, tt := range map[string]struct {
		listen string
		at     int // the socket of the two
	}{
		"tcp":  {"systemd:web", 0},
		"unix": {"systemd:local", 1},
	} {
		t.Run(name, func(t *testing.T) {
			files := passedSockets(t, "127.0.0.1:0", path)
			env := []string{"LISTEN_FDS=2", "LISTEN_FDNAMES=web:local"}
			p, err := startService(t, env, files, "serve", "--listen", tt.listen, dir)
			if err != nil {
				t.Fatal(err)
			}
			if name == "unix" && p.url != "http://unix:"+path {
				t.Errorf("it listens on %s", p.url)
			}
			_, body, err := fetch(p.url, "GET", "/a.txt")
			if string(body) != "text" || err != nil {
				t.Errorf("%q, %v", body, err)
			}
			p.signal(t, syscall.SIGTERM)
			if got := p.wait(); got != exitOK {
				t.Errorf("exit status = %d", got)
			}
			c, err := dial(p.url)
			if err != nil {
				t.Fatalf("while it is stopped: %v", err)
			}
			defer c.Close()
			io.WriteString(c, "GET /a.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
			if _, err := startService(t, env, files, "serve", "--listen", tt.listen, dir); err != nil {
				t.Fatal(err)
			}
			if answer, err := io.ReadAll(c); !strings.HasSuffix(string(answer), "\r\n\r\ntext") || err != nil {
				t.Errorf("after the next start: %q, %v", answer, err)
			}
			os.Remove(path)
		})
	}
}

// Downloads and metrics may each have a socket that systemd passes.
func TestSocketActivationForMetrics(t *testing.T) {
	dir := t.TempDir()
	env := []string{"LISTEN_FDS=2", "LISTEN_FDNAMES=web:metrics"}
	files := passedSockets(t, "127.0.0.1:0", "127.0.0.1:0")
	p, err := startService(t, env, files, "serve", "--listen=systemd:web", "--metrics=systemd:metrics", dir)
	if err != nil {
		t.Fatal(err)
	}
	metrics, err := net.FileListener(files[1])
	if err != nil {
		t.Fatal(err)
	}
	defer metrics.Close()
	if _, body, err := fetch("http://"+metrics.Addr().String(), "GET", "/livez"); string(body) != "ok\n" || err != nil {
		t.Errorf("%q, %v", body, err)
	}
	p.signal(t, syscall.SIGTERM)
	p.wait()
	_, err = startService(t, env, files, "serve", "--listen=systemd:web", "--metrics=systemd:web", dir)
	if want := "--metrics systemd:web: this socket is used already"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("one socket for both: %v, want %s", err, want)
	}
}

// What systemd passes has to fit.
func TestSocketActivationErrors(t *testing.T) {
	dir := t.TempDir()
	datagrams, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer datagrams.Close()
	datagram, err := datagrams.(*net.UDPConn).File()
	if err != nil {
		t.Fatal(err)
	}
	defer datagram.Close()
	two := passedSockets(t, "127.0.0.1:0", "127.0.0.1:0")
	for _, tt := range []struct {
		listen string
		env    []string
		files  []*os.File
		want   string
	}{
		{"systemd", nil, nil, "--listen systemd: systemd has passed no socket to this process"},
		{"systemd", []string{"LISTEN_FDS=2", "LISTEN_FDNAMES=b:a"}, two, "--listen systemd: systemd has passed 2 sockets; want systemd:NAME with one of a, b"},
		{"systemd:c", []string{"LISTEN_FDS=2", "LISTEN_FDNAMES=b:a"}, two, "--listen systemd:c: no socket that systemd has passed has this name; want one of a, b"},
		{"systemd:a", []string{"LISTEN_FDS=2", "LISTEN_FDNAMES=a:a"}, two, "--listen systemd:a: 2 sockets have this name"},
		{"systemd", []string{"LISTEN_FDS=1"}, []*os.File{datagram}, "is no socket that accepts connections"},
	} {
		_, err := startService(t, tt.env, tt.files, "serve", "--listen", tt.listen, dir)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s with %q: %v, want %s", tt.listen, tt.env, err, tt.want)
		}
	}
	p, err := startService(t, []string{"LISTEN_FDS=2"}, two, "serve", "--listen=127.0.0.1:0", dir)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(p.log.String(), "systemd has passed sockets, which are not used") {
		t.Errorf("the log says %s", p.log.String())
	}
}

// The real systemd-socket-activate starts the server at the first connection, whose
// request is answered.
func TestSystemdSocketActivate(t *testing.T) {
	activate := testserver.Binary(t, "systemd-socket-activate", "DOWNLOADVIEW_SYSTEMD_SOCKET_ACTIVATE")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.txt"), []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	program, err := exec.LookPath("downloadview")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", "web"} {
		addr := fmt.Sprintf("127.0.0.1:%d", testserver.FreePort(t))
		args := []string{"--listen=" + addr}
		listen := "systemd"
		if name != "" {
			args = append(args, "--fdname="+name)
			listen += ":" + name
		}
		cmd := exec.Command(activate, append(args, "--setenv=TRANSCRIPT", "--setenv=PATH", program, "serve", "--listen", listen, dir)...)
		testserver.Start(t, addr, cmd)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, "GET", "http://"+addr+"/a.txt", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if string(body) != "text" || err != nil {
			t.Errorf("%s: %q, %v", listen, body, err)
		}
	}
}
