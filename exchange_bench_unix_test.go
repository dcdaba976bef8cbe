//go:build unix

package downloadview_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/benchprocess"
	"github.com/downloadview/downloadview/storage/disk"
)

// TestServeForBenchmarks is the server process that a benchmark starts.
func TestServeForBenchmarks(t *testing.T) {
	if what := benchprocess.What(); len(what) > 0 {
		if err := serveBenchmark(what[0], what[1]); err != nil {
			t.Fatal(err)
		}
	}
}

// This package and http.ServeContent send the same file, in two processes that take
// turns. cpu is the user and system time of the server's process.
func BenchmarkStream(b *testing.B) {
	for _, size := range []int{1 << 10, 64 << 10, 1 << 20} {
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			compare(b, size, "ours", "ServeContent")
		})
	}
}

// The application's part of a hand-over, on a connection that is kept open.
func BenchmarkOffloadServer(b *testing.B) {
	compare(b, 1<<10, "ours-accel", "hand-written-accel")
}

func compare(b *testing.B, size int, ours, theirs string) {
	dir := b.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "report.pdf"), bytes.Repeat([]byte("x"), size), 0o600); err != nil {
		b.Fatal(err)
	}
	contenders := [2]*contender{start(b, ours, dir), start(b, theirs, dir)}
	const batch = 100
	var ratios []float64
	var used, asked [2]float64
	for b.Loop() {
		var turn [2]float64
		for i, c := range contenders {
			before := c.cpu(b)
			for range batch {
				c.ask(b, "/report.pdf")
			}
			turn[i] = c.cpu(b) - before
			used[i] += turn[i]
			asked[i] += batch
		}
		ratios = append(ratios, turn[0]/turn[1])
	}
	slices.Sort(ratios)
	b.ReportMetric(0, "ns/op") // of both, and of the client
	b.ReportMetric(used[0]/asked[0], "ours-cpu-ns/req")
	b.ReportMetric(used[1]/asked[1], "theirs-cpu-ns/req")
	b.ReportMetric(ratios[len(ratios)/2], "cpu-ratio")
}

// A contender is a server process and one connection to it.
type contender struct {
	conn net.Conn
	r    *bufio.Reader
}

func start(b *testing.B, name, dir string) *contender {
	addr, _ := benchprocess.Start(b, name, dir)
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	return &contender{conn, bufio.NewReaderSize(conn, 1<<16)}
}

func (c *contender) ask(b *testing.B, path string) []byte {
	if _, err := io.WriteString(c.conn, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		b.Fatal(err)
	}
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil {
		b.Fatal(err)
	}
	var body bytes.Buffer
	var w io.Writer = io.Discard
	if path == "/cpu" {
		w = &body
	}
	if _, err := io.Copy(w, resp.Body); err != nil || resp.StatusCode != 200 {
		b.Fatal(resp.Status, err)
	}
	return body.Bytes()
}

func (c *contender) cpu(b *testing.B) float64 {
	ns, err := strconv.ParseFloat(string(c.ask(b, "/cpu")), 64)
	if err != nil {
		b.Fatal(err)
	}
	return ns
}

func serveBenchmark(name, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	mux := http.NewServeMux()
	mux.HandleFunc("/cpu", benchprocess.CPU)
	view := downloadview.StorageView{Storage: disk.New(root, nil)}
	var h http.Handler
	switch name {
	case "ours":
		h = downloadview.NewHandler(view, nil)
	case "ours-accel":
		a, err := accel.New(accel.Nginx(), []accel.Rule{{Source: dir, Destination: "/_media/"}}, nil)
		if err != nil {
			return err
		}
		h = downloadview.NewHandler(a.Middleware(view), nil)
	case "ServeContent":
		h = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			f, err := root.Open(r.PathValue("path"))
			if err != nil {
				http.NotFound(w, r)
				return
			}
			defer f.Close()
			fi, err := f.Stat()
			if err != nil {
				http.NotFound(w, r)
				return
			}
			setHeaders(w.Header(), fi.Name())
			http.ServeContent(w, r, fi.Name(), fi.ModTime(), f)
		})
	case "hand-written-accel":
		h = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			path := r.PathValue("path")
			setHeaders(w.Header(), path)
			w.Header().Set("X-Accel-Redirect", "/_media/"+path)
		})
	default:
		return fmt.Errorf("no contender %q", name)
	}
	mux.Handle("/{path...}", h)
	s := httptest.NewServer(mux)
	defer s.Close()
	benchprocess.Serving(s.Listener.Addr().String())
	return nil
}

func setHeaders(h http.Header, name string) {
	h.Set("Content-Type", "application/pdf")
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Cache-Control", "private, no-cache")
	h.Set("X-Content-Type-Options", "nosniff")
}
