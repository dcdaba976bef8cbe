package matrix_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// How the cost of a request to the command grows: with rules, open downloads, files in a
// folder, members of an archive, and the size of a file. docs/growth.md has the figures.
func BenchmarkGrowth(b *testing.B) {
	program := buildCommand(b)
	for _, rules := range []int{1, 10, 100, 1_000, 10_000} {
		b.Run(fmt.Sprintf("rules=%d", rules), func(b *testing.B) { growRules(b, program, rules) })
	}
	for _, open := range []int{1, 10, 100, 1_000, 9_000} {
		b.Run(fmt.Sprintf("open=%d", open), func(b *testing.B) { growOpen(b, program, open) })
	}
	for _, files := range []int{10, 100, 1_000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("folder=%d", files), func(b *testing.B) {
			c := startCommand(b, program, "--index", folderOf(b, files))
			costs(b, c, "/", max(1, 2_000/files))
		})
	}
	for _, members := range []int{10, 100, 1_000, 10_000} {
		b.Run(fmt.Sprintf("members=%d", members), func(b *testing.B) {
			c := startCommand(b, program, "--archive", folderOf(b, members))
			costs(b, c, "/?archive=zip", max(1, 500/members))
		})
	}
	for _, size := range []int64{1 << 10, 64 << 10, 1 << 20, 64 << 20, 1 << 30, 10 << 30} {
		b.Run(fmt.Sprintf("bytes=%d", size), func(b *testing.B) {
			dir := benchFile(b, 0)
			if err := os.Truncate(filepath.Join(dir, "report.pdf"), size); err != nil { // no block of it is on the disk
				b.Fatal(err)
			}
			costs(b, startCommand(b, program, dir), "/report.pdf", int(max(1, min(500, 1<<28/size))))
		})
	}
}

// growRules hands a file over by the last one of many rules.
func growRules(b *testing.B, program string, rules int) {
	dir := b.TempDir()
	var text strings.Builder
	fmt.Fprintf(&text, "storages: {media: %q}\nproxies: {front: {server: nginx}}\nrules:\n", dir)
	for i := range rules {
		name := fmt.Sprintf("d%05d", i)
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			b.Fatal(err)
		}
		fmt.Fprintf(&text, "  - {id: %s, source: %q, destination: /_%s/, headers: private}\n", name, filepath.Join(dir, name), name)
	}
	last := fmt.Sprintf("/d%05d/a.bin", rules-1)
	if err := os.WriteFile(filepath.Join(dir, last), make([]byte, 1<<10), 0o644); err != nil {
		b.Fatal(err)
	}
	file := filepath.Join(b.TempDir(), "downloadview.yaml")
	if err := os.WriteFile(file, []byte(text.String()), 0o644); err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	c := startCommand(b, program, "--config", file)
	start := time.Since(began)
	resp, err := http.Get("http://" + c.addr + last)
	if err != nil {
		b.Fatal(err)
	}
	resp.Body.Close()
	if got, want := resp.Header.Get("X-Accel-Redirect"), fmt.Sprintf("/_d%05d/a.bin", rules-1); got != want {
		b.Fatalf("X-Accel-Redirect %q, want %q", got, want)
	}
	costs(b, c, last, 500)
	b.ReportMetric(start.Seconds()*1000, "ms-to-start")
}

// growOpen downloads a small file while other clients read nothing of a large one. Four
// hundred come in each second; the command parks their downloads after one.
func growOpen(b *testing.B, program string, open int) {
	dir := benchFile(b, 1<<10)
	large := filepath.Join(dir, "large.bin")
	if err := os.WriteFile(large, nil, 0o644); err != nil {
		b.Fatal(err)
	}
	if err := os.Truncate(large, 64<<20); err != nil {
		b.Fatal(err)
	}
	c := startCommand(b, program, "--stall-timeout=1h", dir)
	turn := time.NewTicker(time.Second / 400)
	defer turn.Stop()
	for range open {
		<-turn.C
		conn := c.dial(b)
		fmt.Fprint(conn, "GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n")
		answer := make([]byte, len("HTTP/1.1 200 "))
		if _, err := io.ReadFull(conn, answer); err != nil || string(answer) != "HTTP/1.1 200 " {
			b.Fatalf("%q, %v", answer, err)
		}
	}
	time.Sleep(2 * time.Second)
	costs(b, c, "/report.pdf", 500)
	b.ReportMetric(float64(resident(b, c.pids[0]))/(1<<20), "MiB")
}

// folderOf returns a folder with files of 1 KiB.
func folderOf(b *testing.B, files int) string {
	b.Helper()
	dir := b.TempDir()
	content := make([]byte, 1<<10)
	for i := range files {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("file %06d.bin", i)), content, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	return dir
}

// costs reports what requests on sixteen connections cost.
func costs(b *testing.B, c *contender, path string, requests int) {
	b.Helper()
	const clients = 16
	c.requests(b, 1, path, 1) // in the cache
	var used, seconds, n float64
	for b.Loop() {
		crowd := clients
		if requests == 1 {
			crowd = 1 // large answers one after the other
		}
		before, began := c.used(b), time.Now()
		c.requests(b, crowd, path, requests)
		seconds += time.Since(began).Seconds()
		used += c.used(b) - before
		n += float64(crowd * requests)
	}
	b.ReportMetric(0, "ns/op") // of the clients, too
	b.ReportMetric(used/n/1000, "cpu-µs/req")
	b.ReportMetric(n/seconds, "req/s")
}

// requests makes requests on several connections.
func (c *contender) requests(b *testing.B, clients int, path string, requests int) {
	b.Helper()
	var crowd sync.WaitGroup
	for range clients {
		crowd.Go(func() {
			conn, err := net.Dial("tcp", c.addr)
			if err != nil {
				b.Error(err)
				return
			}
			defer conn.Close()
			reply := bufio.NewReaderSize(conn, 64<<10)
			for range requests {
				fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path)
				resp, err := http.ReadResponse(reply, nil)
				if err != nil || resp.StatusCode != http.StatusOK {
					b.Errorf("%s: %v, %v", path, resp, err)
					return
				}
				if n, err := io.Copy(io.Discard, resp.Body); err != nil || resp.ContentLength >= 0 && n != resp.ContentLength {
					b.Errorf("%s: %d bytes of %d, %v", path, n, resp.ContentLength, err)
					return
				}
			}
		})
	}
	crowd.Wait()
}
