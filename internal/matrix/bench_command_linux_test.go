package matrix_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/downloadview/downloadview/accel"
	printed "github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
)

// The command with its default settings and a reader of its log, compared with a bare
// server around http.ServeContent that logs nothing. Both are processes of their own
// and take turns.
func BenchmarkCommand(b *testing.B) {
	program := buildCommand(b)
	for _, size := range []int{1 << 10, 64 << 10, 1 << 20} {
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			dir := benchFile(b, size)
			compareCrowds(b, 64, max(20, 200<<10/size),
				startCommand(b, program, dir),
				startBare(b, "serve-content", dir))
		})
	}
}

// The command that hands over without a look at the file, compared with a handler that
// sets the fields by hand. Each has a minimal nginx in front, with kept connections;
// the cost of nginx is included.
func BenchmarkCommandHandover(b *testing.B) {
	dir := benchFile(b, 1<<10)
	ours := startCommand(b, buildCommand(b), "--accel=nginx", "--headers=private", "--blind", "--rule="+dir+"=/_media/", dir)
	compareCrowds(b, 64, 50,
		ours.behindNginx(b, dir),
		startBare(b, "by-hand", dir).behindNginx(b, dir))
}

// The memory of the command for two thousand clients, each with its own address and a
// download of its own that it doesn't read. All limits are on, and none is reached.
func BenchmarkSlowClientsOfCommand(b *testing.B) {
	const clients = 2000
	program := buildCommand(b)
	dir := benchFile(b, 16<<20)
	atOnce := []string{"--trusted-proxies=127.0.0.1", "--max-downloads=4000", "--max-downloads-per-client=4"}
	for _, tt := range []struct {
		name  string
		flags []string
	}{
		{"no limits", nil},
		{"at once", atOnce},
		{"at once, and shared rates", slices.Concat(atOnce, []string{"--limit-rate-total=1GB", "--limit-rate-per-client=100KB"})},
	} {
		b.Run(tt.name, func(b *testing.B) {
			for b.Loop() {
				c := startCommand(b, program, append(tt.flags, dir)...)
				resp, err := http.Head("http://" + c.addr + "/report.pdf")
				if err != nil {
					b.Fatal(err)
				}
				resp.Body.Close()
				before := resident(b, c.pids[0])
				for i := range clients {
					conn := c.dial(b)
					fmt.Fprintf(conn, "GET /report.pdf HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 198.18.%d.%d\r\n\r\n", i>>8, i&255)
					answer := make([]byte, len("HTTP/1.1 200 "))
					if _, err := io.ReadFull(conn, answer); err != nil || string(answer) != "HTTP/1.1 200 " {
						b.Fatalf("%q, %v", answer, err)
					}
				}
				b.ReportMetric(float64(resident(b, c.pids[0])-before)/(1<<20), "MiB-for-2000")
			}
		})
	}
}

// The memory of the command for clients that read nothing of a local file, next to the
// bare server. Two hundred come in each second; downloads of the command are parked after one. Those of the
// first ten seconds aren't counted: they fill the memory that the command keeps anyway.
func BenchmarkStalledClients(b *testing.B) {
	const clients = 2000
	program := buildCommand(b)
	dir := benchFile(b, 16<<20)
	for _, tt := range []struct {
		name  string
		start func() *contender
	}{
		{"serve", func() *contender { return startCommand(b, program, dir) }},
		{"serve with a rate", func() *contender { return startCommand(b, program, "--limit-rate=100KB", dir) }},
		{"ServeContent", func() *contender { return startBare(b, "serve-content", dir) }},
	} {
		b.Run(tt.name, func(b *testing.B) {
			for b.Loop() {
				c := tt.start()
				resp, err := http.Head("http://" + c.addr + "/report.pdf")
				if err != nil {
					b.Fatal(err)
				}
				resp.Body.Close()
				http.DefaultTransport.(*http.Transport).CloseIdleConnections()
				before := 0
				turn := time.NewTicker(time.Second / 200)
				for i := range 2 * clients {
					if i == clients {
						before = resident(b, c.pids[0])
					}
					<-turn.C
					conn := c.dial(b)
					fmt.Fprintf(conn, "GET /report.pdf HTTP/1.1\r\nHost: x\r\n\r\n")
					if _, err := io.ReadFull(conn, make([]byte, len("HTTP/1.1 200 "))); err != nil {
						b.Fatal(err)
					}
				}
				turn.Stop()
				time.Sleep(2 * time.Second)
				b.ReportMetric(float64(resident(b, c.pids[0])-before)/clients/1024, "KiB-a-client")
			}
		})
	}
}

// buildCommand returns the program.
func buildCommand(b *testing.B) string {
	b.Helper()
	program := filepath.Join(b.TempDir(), "downloadview")
	if out, err := exec.Command("go", "build", "-o", program, "../../cmd/downloadview").CombinedOutput(); err != nil {
		b.Fatalf("go build: %v\n%s", err, out)
	}
	return program
}

// startCommand runs "serve" until the benchmark ends. Its log goes through a pipe, as
// it does to journald or a container's runtime.
func startCommand(b *testing.B, program string, args ...string) *contender {
	b.Helper()
	cmd := exec.Command(program, append([]string{"serve", "--listen=127.0.0.1:0"}, args...)...)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	lines := bufio.NewReader(stderr)
	var said strings.Builder
	for {
		line, err := lines.ReadString('\n')
		said.WriteString(line)
		if err != nil {
			b.Fatalf("it said only: %s", said.String())
		}
		if url, ok := strings.CutPrefix(line, "listening on http://"); ok {
			read := make(chan struct{})
			go func() {
				defer close(read)
				io.Copy(io.Discard, lines)
			}()
			b.Cleanup(func() {
				cmd.Process.Kill()
				<-read
				cmd.Wait()
			})
			return &contender{addr: strings.TrimSpace(url), pids: []int{cmd.Process.Pid}}
		}
	}
}

func startBare(b *testing.B, app, dir string) *contender {
	b.Helper()
	addr, pid := startApp(b, app, "tcp", dir)
	return &contender{addr: addr, pids: []int{pid}}
}

// behindNginx returns c with a minimal nginx in front of it.
func (c *contender) behindNginx(b *testing.B, dir string) *contender {
	b.Helper()
	site := printed.Site{
		Upstream: c.addr, Folder: b.TempDir(),
		Rules: []printed.Rule{{Rule: accel.Rule{Name: "media", Source: dir, Destination: "/_media/"}}},
	}
	srv := proxytest.Start(b, "nginx", site, proxytest.Options{Edit: minimal(dir)})
	return &contender{addr: srv.Addr, pids: append(c.pids, nginxPID(b, site.Folder))}
}

// compareCrowds reports the median ratio of the cost of a request to ours, and to
// theirs in the next turn.
func compareCrowds(b *testing.B, clients, requests int, ours, theirs *contender) {
	b.Helper()
	contenders := [2]*contender{ours, theirs}
	for _, c := range contenders { // files in the cache, heaps grown
		c.crowdOf(b, clients, requests)
	}
	var ratios []float64
	var used [2]float64
	for b.Loop() {
		for range 9 { // single turns differ by a fifth
			var turn [2]float64
			for i, c := range contenders {
				turn[i] = c.crowdOf(b, clients, requests)
				used[i] += turn[i]
			}
			ratios = append(ratios, turn[0]/turn[1])
		}
	}
	slices.Sort(ratios)
	b.ReportMetric(0, "ns/op") // of both, and of the clients
	b.ReportMetric(used[0]/float64(len(ratios)), "ours-cpu-ns/req")
	b.ReportMetric(used[1]/float64(len(ratios)), "theirs-cpu-ns/req")
	b.ReportMetric(ratios[len(ratios)/2], "cpu-ratio")
}

// crowdOf makes requests on several connections and returns the cost of one request
// in all processes of c, in nanoseconds.
func (c *contender) crowdOf(b *testing.B, clients, requests int) float64 {
	b.Helper()
	conns := make([]net.Conn, clients)
	for i := range conns {
		conns[i] = c.dial(b)
	}
	before := c.used(b)
	var crowd sync.WaitGroup
	for _, conn := range conns {
		crowd.Go(func() {
			defer conn.Close()
			reply := bufio.NewReader(conn)
			for range requests {
				fmt.Fprint(conn, "GET /report.pdf HTTP/1.1\r\nHost: x\r\n\r\n")
				resp, err := http.ReadResponse(reply, nil)
				if err != nil || resp.StatusCode != http.StatusOK {
					b.Errorf("%v, %v", resp, err)
					return
				}
				if n, err := io.Copy(io.Discard, resp.Body); n != resp.ContentLength || err != nil {
					b.Errorf("%d bytes, %v; want %d", n, err, resp.ContentLength)
					return
				}
			}
		})
	}
	crowd.Wait()
	return (c.used(b) - before) / float64(clients*requests)
}

// used returns the processor time of all processes of c, in nanoseconds.
func (c *contender) used(b *testing.B) (sum float64) {
	b.Helper()
	for _, pid := range c.pids {
		sum += cpu(b, pid)
	}
	return sum
}
