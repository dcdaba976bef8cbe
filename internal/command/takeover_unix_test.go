//go:build unix

package command

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// sharedSocket returns a listening socket as systemd passes it to a service with
// NonBlocking=yes. Several processes may have it at once.
func sharedSocket(t *testing.T, address string) (socket *os.File, url string) {
	t.Helper()
	passed := passedSockets(t, address)[0]
	fd, err := syscall.Dup(int(passed.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	socket = os.NewFile(uintptr(fd), "shared") // unlike that of passed, its Fd doesn't make it blocking
	t.Cleanup(func() { socket.Close() })
	if strings.HasPrefix(address, "/") {
		return socket, "http://unix:" + address
	}
	ln, err := net.FileListener(socket)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return socket, "http://" + ln.Addr().String()
}

// A generation is a process that serves at a socket which others may have, too.
type generation struct {
	*process
	left   chan struct{} // closed when it has closed the socket
	status chan int      // its exit status
}

func startGeneration(t *testing.T, socket *os.File, env []string, args ...string) *generation {
	t.Helper()
	p, err := startService(t, append(env, "LISTEN_FDS=1"), []*os.File{socket}, append([]string{"serve", "--listen=systemd", "--grace=24h"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	g := &generation{p, make(chan struct{}), make(chan int, 1)}
	over := make(chan struct{})
	t.Cleanup(func() { // before the one of p, which reads its lines, too
		p.cmd.Process.Kill()
		<-over
	})
	go func() {
		defer close(over)
		if _, ok := p.await("msg=stopping"); ok {
			close(g.left)
		}
		g.status <- p.wait()
	}()
	return g
}

// visitors make short requests, one after the other, until they are stopped.
type visitors struct {
	mu      sync.Mutex
	more    *sync.Cond
	allowed int            // so many of them make requests
	answers map[string]int // by body
	err     error
	quit    atomic.Bool
	running sync.WaitGroup
}

// visit lets n goroutines make requests. ask returns what was answered.
func visit(t *testing.T, n int, ask func() (body string, err error)) *visitors {
	t.Helper()
	v := &visitors{allowed: n, answers: make(map[string]int)}
	v.more = sync.NewCond(&v.mu)
	for i := range n {
		v.running.Go(func() {
			for v.mayAsk(i) {
				body, err := ask()
				v.mu.Lock()
				v.answers[body]++
				if v.err == nil {
					v.err = err
				}
				v.more.Broadcast()
				v.mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	t.Cleanup(v.leave) // those that wait for an answer end with the socket
	return v
}

// mayAsk waits until the visitor i may make a request, and tells whether it may.
func (v *visitors) mayAsk(i int) bool {
	v.mu.Lock()
	for i >= v.allowed && !v.quit.Load() {
		v.more.Wait()
	}
	alone := v.allowed == 1
	v.mu.Unlock()
	if alone {
		time.Sleep(5 * time.Millisecond)
	}
	return !v.quit.Load()
}

// allow lets n of the visitors make requests. While a process starts, one that pauses is
// enough to see that its start breaks nothing; eight would take the processors that it needs.
func (v *visitors) allow(n int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.allowed = n
	v.more.Broadcast()
}

func (v *visitors) leave() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.quit.Store(true)
	v.more.Broadcast()
}

// await waits until n more requests have the answer body.
func (v *visitors) await(t *testing.T, n int, body string) {
	t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	for n += v.answers[body]; v.answers[body] < n && v.err == nil; {
		v.more.Wait()
	}
	if v.err != nil {
		t.Fatal(v.err)
	}
}

func (v *visitors) stop() {
	v.leave()
	v.running.Wait()
}

// A download is one whose client reads the rest only when it is told to.
type download struct {
	*exchange
	rest []byte
}

func begin(url, path string, content []byte) (*download, error) {
	x, err := ask(url, "GET", path)
	if err != nil {
		return nil, err
	}
	if x.StatusCode != http.StatusOK || x.ContentLength != int64(len(content)) {
		return nil, fmt.Errorf("%s with %d bytes, want %d", x.Status, x.ContentLength, len(content))
	}
	d := &download{x, content}
	return d, d.read(64 << 10)
}

// read reads n bytes, which must be the next ones of the content.
func (d *download) read(n int) error {
	piece := make([]byte, 64<<10)
	for n > 0 {
		got, err := io.ReadFull(d.Body, piece[:min(n, len(piece))])
		if !bytes.Equal(piece[:got], d.rest[:got]) {
			return fmt.Errorf("other bytes than those of the file, %d before its end", len(d.rest))
		}
		d.rest, n = d.rest[got:], n-got
		if err != nil {
			return fmt.Errorf("%d bytes before the end: %w", len(d.rest), err)
		}
	}
	return nil
}

// finish reads the rest, which is the whole rest of the answer.
func (d *download) finish() error {
	if err := d.read(len(d.rest)); err != nil {
		return err
	}
	if n, err := d.Body.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		return fmt.Errorf("after the end: %d bytes, %v", n, err)
	}
	return d.Conn.Close()
}

// served makes a directory with a short file, and with a large one if there is content.
func served(t *testing.T, short string, large []byte) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, content := range map[string][]byte{"short": []byte(short), "large": large} {
		if content == nil {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A second process takes over the socket while 200 downloads are under way. All of them
// end whole, and no new request fails.
func TestTakeover(t *testing.T) {
	t.Parallel()
	const downloads = 200
	for name, address := range map[string]string{"tcp": "127.0.0.1:0", "unix": filepath.Join(socketDir(t), "s")} {
		content := make([]byte, 8<<20) // more than the buffers of a connection hold
		if name == "unix" {
			content = content[:1<<20] // they don't grow
		}
		rand.NewChaCha8([32]byte{1}).Read(content)
		oldDir, newDir := served(t, "old", content), served(t, "new", nil)
		for _, env := range [][]string{nil, {"WATCHDOG_USEC=60000000"}} {
			t.Run(fmt.Sprint(name, env), func(t *testing.T) {
				socket, url := sharedSocket(t, address)
				t.Cleanup(func() { os.Remove(address) })
				old := startGeneration(t, socket, env, oldDir)
				var begun, left atomic.Bool // the new process; the old one
				v := visit(t, 8, func() (string, error) {
					wantNew := left.Load()
					resp, body, err := fetch(url, "GET", "/short")
					switch {
					case err != nil:
						return "", fmt.Errorf("a short request: %w", err)
					case resp.StatusCode != http.StatusOK || string(body) != "old" && string(body) != "new":
						return "", fmt.Errorf("a short request: %s, %q", resp.Status, body)
					case string(body) == "old" && wantNew || string(body) == "new" && !begun.Load():
						return "", fmt.Errorf("the %s process answered", body)
					}
					return string(body), nil
				})
				v.allow(1)
				slow := make([]*download, downloads)
				for i := range slow {
					d, err := begin(url, "/large", content)
					if err != nil {
						t.Fatal(err)
					}
					defer d.Conn.Close()
					slow[i] = d
				}
				v.await(t, 100, "old")

				begun.Store(true)
				next := startGeneration(t, socket, env, newDir)
				v.allow(8)
				v.await(t, 100, "new")
				old.signal(t, syscall.SIGTERM)
				<-old.left
				left.Store(true)
				v.await(t, 100, "new")
				select {
				case got := <-old.status:
					t.Fatalf("the old process has ended with status %d before its downloads", got)
				default:
				}

				v.allow(1)
				results := make(chan error)
				for _, d := range slow {
					go func() { results <- d.finish() }()
				}
				for range slow {
					if err := <-results; err != nil {
						t.Errorf("a download: %v", err)
					}
				}
				if got := <-old.status; got != exitOK {
					t.Errorf("exit status of the old process = %d", got)
				}
				v.await(t, 100, "new")
				v.stop()
				if got := strings.Count(old.log.String(), fmt.Sprintf("path=/large status=200 bytes=%d", len(content))); got != downloads {
					t.Errorf("the log of the old process has %d downloads, want %d", got, downloads)
				}
				next.signal(t, syscall.SIGTERM)
				if got := <-next.status; got != exitOK {
					t.Errorf("exit status of the new process = %d", got)
				}
			})
		}
	}
}

// nginx, with the printed configuration, passes on what clients ask for while one process
// after the other takes over the socket. No request fails, also on connections to the
// application that nginx keeps open, and that the application closes.
func TestTakeoverBehindNginx(t *testing.T) {
	t.Parallel()
	media := served(t, "text", nil)
	for name, edit := range map[string]func(string) string{
		"kept connections": func(conf string) string { return conf },
		"new connections":  func(conf string) string { return strings.Replace(conf, "keepalive 32;", "", 1) },
	} {
		for network, address := range map[string]string{"tcp": "127.0.0.1:0", "unix": filepath.Join(socketDir(t), "s")} {
			t.Run(name+" "+network, func(t *testing.T) {
				socket, url := sharedSocket(t, address)
				t.Cleanup(func() { os.Remove(address) })
				upstream := strings.TrimPrefix(url, "http://")
				site := startPrinted(t, "nginx", func(conf string) string {
					if !strings.Contains(conf, "keepalive 32;") {
						t.Error("the printed configuration keeps no connections")
					}
					return edit(conf)
				}, "--upstream="+upstream, "--rule", media+"=/_media/")
				client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
				t.Cleanup(client.CloseIdleConnections)
				succeed(t, client, site+"/short", func() *generation { return startGeneration(t, socket, nil, media) })
			})
		}
	}
}

// With TLS of its own, a process that stops still makes the handshakes that have begun, and
// HTTP/2 tells clients which requests to repeat.
func TestTakeoverOverTLS(t *testing.T) {
	t.Parallel()
	media := served(t, "text", nil)
	flags := append(newPair(t, 1, time.Now().Add(60*day)).write(t, t.TempDir()), media)
	for name, transport := range map[string]*http.Transport{
		"HTTP/1.1, new connections": {DisableKeepAlives: true},
		"HTTP/1.1":                  {},
		"HTTP/2":                    {ForceAttemptHTTP2: true},
	} {
		t.Run(name, func(t *testing.T) {
			socket, url := sharedSocket(t, "127.0.0.1:0")
			transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
			client := &http.Client{Transport: transport}
			t.Cleanup(client.CloseIdleConnections)
			succeed(t, client, strings.Replace(url, "http:", "https:", 1)+"/short", func() *generation {
				return startGeneration(t, socket, nil, flags...)
			})
		})
	}
}

// succeed lets processes take over the socket, one from the other, while the client makes
// requests. All of them are answered.
func succeed(t *testing.T, client *http.Client, url string, start func() *generation) {
	t.Helper()
	const takeovers = 5
	serving := start()
	v := visit(t, 8, func() (string, error) {
		resp, err := client.Get(url)
		if err != nil {
			return "", err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			return "", fmt.Errorf("%s, %q, %v", resp.Status, body, err)
		}
		return string(body), nil
	})
	v.await(t, 100, "text")
	for range takeovers {
		v.allow(1)
		next := start()
		v.allow(8)
		v.await(t, 100, "text")
		serving.signal(t, syscall.SIGTERM)
		<-serving.left
		v.await(t, 200, "text")
		v.allow(0) // with the race detector, a process sleeps before it ends
		if got := <-serving.status; got != exitOK {
			t.Errorf("exit status = %d", got)
		}
		serving = next
		v.allow(8)
		v.await(t, 100, "text")
	}
	v.stop()
}
