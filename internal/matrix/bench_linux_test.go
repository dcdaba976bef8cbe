package matrix_test

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/benchprocess"
	printed "github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/storage/disk"
)

// TestServeForBenchmarks is the process that a benchmark runs: an application of this
// name, on a network and an address, with a directory or a bucket.
func TestServeForBenchmarks(t *testing.T) {
	what := benchprocess.What()
	if len(what) == 0 {
		return
	}
	ln, err := net.Listen(what[1], what[2])
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	var h http.Handler
	if name, ok := strings.CutPrefix(what[0], "bucket-"); ok {
		h, err = bucketHandler(t, name, what[3])
	} else {
		root, rootErr := os.OpenRoot(what[3])
		if rootErr != nil {
			t.Fatal(rootErr)
		}
		defer root.Close()
		h, err = benchHandler(t, what[0], root)
	}
	if err != nil {
		t.Fatal(err)
	}
	go http.Serve(ln, h)
	benchprocess.Serving(ln.Addr().String())
}

func benchHandler(t *testing.T, name string, root *os.Root) (http.Handler, error) {
	if name == "by-hand" {
		return handsOver("X-Accel-Redirect", "/_media/"), nil
	}
	if server, ok := strings.CutPrefix(name, "by-hand-"); ok {
		k := proxytest.KindOf(t, server)
		return handsOver(k.Field(), strings.TrimSuffix(k.Rule("", "/_media/", root.Name()).Destination, "/")+"/"), nil
	}
	if name == "serve-content" {
		return serveContent(root), nil
	}
	rule := accel.Rule{Source: root.Name(), Destination: "/_media/", Headers: accel.PassAll}
	proxy := accel.Nginx()
	if server, ok := strings.CutPrefix(name, "ours-"); ok {
		k := proxytest.KindOf(t, server)
		proxy, rule = k.Accel(), k.Rule("", "/_media/", root.Name()).Rule
	}
	a, err := accel.New(proxy, []accel.Rule{rule}, nil)
	if err != nil {
		return nil, err
	}
	return downloadview.NewHandler(a.Middleware(downloadview.StorageView{
		Storage: disk.New(root, nil),
		Key:     func(r *http.Request) (string, error) { return strings.TrimPrefix(r.URL.Path, "/"), nil },
	}), nil), nil
}

// handsOver hands over the file that the request names, by a field of the answer.
func handsOver(field, destination string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := strings.TrimPrefix(r.URL.Path, "/")
		h := w.Header()
		h.Set("Content-Type", "application/pdf")
		h.Set("Content-Disposition", `attachment; filename="`+key+`"`)
		h.Set("Cache-Control", "private, no-cache")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set(field, destination+key)
	})
}

// serveContent is the bare server: it opens the file and leaves the rest to
// package net/http.
func serveContent(root *os.Root) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, err := root.Open(strings.TrimPrefix(r.URL.Path, "/"))
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
		h := w.Header()
		h.Set("Content-Type", "application/pdf")
		h.Set("Content-Disposition", `attachment; filename="`+fi.Name()+`"`)
		h.Set("Cache-Control", "private, no-cache")
		h.Set("X-Content-Type-Options", "nosniff")
		http.ServeContent(w, r, fi.Name(), fi.ModTime(), f)
	})
}

// A contender is an application and nginx in front of it, each a process.
type contender struct {
	addr  string
	path  string // that crowd asks for; "": /report.pdf
	pids  []int  // of the application, of nginx
	conn  net.Conn
	reply *bufio.Reader
}

// start runs an application on a network and nginx with the configuration that
// is printed for it.
func start(b *testing.B, app, network, dir string, change func(*printed.Site), edit func(string) string) *contender {
	b.Helper()
	upstream, pid := startApp(b, app, network, dir)
	if network == "unix" {
		upstream = "unix:" + upstream
	}
	site := printed.Site{
		Upstream: upstream, Folder: b.TempDir(),
		Rules: []printed.Rule{{Rule: accel.Rule{Name: "media", Source: dir, Destination: "/_media/"}}},
	}
	if change != nil {
		change(&site)
	}
	srv := proxytest.Start(b, "nginx", site, proxytest.Options{Edit: edit})
	c := &contender{addr: srv.Addr, pids: []int{pid, nginxPID(b, site.Folder)}}
	c.connect(b)
	return c
}

// nginxPID returns the process ID of the nginx that runs in folder. nginx listens before
// it has written its file.
func nginxPID(b *testing.B, folder string) int {
	b.Helper()
	var text []byte
	var err error
	for range 500 {
		text, err = os.ReadFile(filepath.Join(folder, "nginx.pid"))
		if err == nil && bytes.HasSuffix(text, []byte("\n")) {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err != nil {
		b.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		b.Fatal(err)
	}
	return pid
}

// startApp runs an application until the benchmark ends and returns its address.
func startApp(b *testing.B, app, network, what string) (address string, pid int) {
	b.Helper()
	address = "127.0.0.1:0"
	if network == "unix" {
		address = filepath.Join(b.TempDir(), "s")
	}
	return benchprocess.Start(b, app, network, address, what)
}

// connect opens a new connection, because nginx closes one after 1000 requests.
func (c *contender) connect(b *testing.B) {
	b.Helper()
	c.conn = c.dial(b)
	c.reply = bufio.NewReaderSize(c.conn, 1<<18)
}

func (c *contender) dial(b *testing.B) net.Conn {
	b.Helper()
	conn, err := net.Dial("tcp", c.addr)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	return conn
}

func (c *contender) ask(b *testing.B, path string) int64 {
	fmt.Fprintf(c.conn, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path)
	resp, err := http.ReadResponse(c.reply, nil)
	if err != nil || resp.StatusCode != http.StatusOK {
		b.Fatalf("%s: %v, %v", path, resp, err)
	}
	n, err := io.Copy(io.Discard, resp.Body)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// cpu returns the processor time of a process, of all its threads, in nanoseconds.
func cpu(b *testing.B, pid int) float64 {
	b.Helper()
	var sum float64
	stats, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(stats) == 0 {
		b.Fatalf("process %d: %v", pid, err)
	}
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // a thread that has ended
		}
		ns, _, _ := strings.Cut(string(text), " ")
		used, err := strconv.ParseFloat(ns, 64)
		if err != nil {
			b.Fatal(err)
		}
		sum += used
	}
	return sum
}

func benchFile(b *testing.B, size int) string {
	b.Helper()
	dir := b.TempDir()
	f, err := os.Create(filepath.Join(dir, "report.pdf"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	block := bytes.Repeat([]byte("x"), min(size, 1<<20))
	for n := 0; n < size; n += len(block) {
		if _, err := f.Write(block); err != nil {
			b.Fatal(err)
		}
	}
	return dir
}

// crowdRequests is how many requests crowd makes.
const crowdRequests = 1600

// crowd makes requests on several connections and returns the cost of one request in
// nginx and the application, in nanoseconds.
func (c *contender) crowd(b *testing.B) float64 {
	const clients, requests = 16, crowdRequests / 16
	var conns [clients]net.Conn
	for i := range conns {
		conns[i] = c.dial(b)
	}
	before := cpu(b, c.pids[0]) + cpu(b, c.pids[1])
	var crowd sync.WaitGroup
	for _, conn := range conns {
		crowd.Go(func() {
			defer conn.Close()
			reply := bufio.NewReader(conn)
			for range requests {
				fmt.Fprint(conn, "GET "+cmp.Or(c.path, "/report.pdf")+" HTTP/1.1\r\nHost: x\r\n\r\n")
				resp, err := http.ReadResponse(reply, nil)
				if err != nil || resp.StatusCode != http.StatusOK {
					b.Errorf("%v, %v", resp, err)
					return
				}
				io.Copy(io.Discard, resp.Body)
			}
		})
	}
	crowd.Wait()
	return (cpu(b, c.pids[0]) + cpu(b, c.pids[1]) - before) / (clients * requests)
}

// A large download that is handed over, compared with nginx without an application.
func BenchmarkLargeOffload(b *testing.B) {
	dir := benchFile(b, 1<<30)
	direct := func(conf string) string {
		return strings.Replace(conf, "location / {", "location /direct/ { alias "+dir+"/; }\nlocation / {", 1)
	}
	c := start(b, "ours", "unix", dir, nil, direct)
	var ratios []float64
	var bytes int64
	before := cpu(b, c.pids[0])
	for b.Loop() {
		var took [2]float64
		for i, path := range []string{"/report.pdf", "/direct/report.pdf"} {
			from := time.Now()
			bytes += c.ask(b, path)
			took[i] = time.Since(from).Seconds()
		}
		ratios = append(ratios, took[1]/took[0])
	}
	slices.Sort(ratios)
	b.ReportMetric((cpu(b, c.pids[0])-before)/1e9/(float64(bytes)/2/1e9), "go-cpu-s/GB")
	b.ReportMetric(ratios[len(ratios)/2], "rate-ratio")
}

// The cost of clients that don't read their download, in the application.
func BenchmarkSlowClients(b *testing.B) {
	dir := benchFile(b, 16<<20)
	many := func(conf string) string {
		return strings.Replace(conf, "worker_connections 1024;", "worker_connections 4096;", 1)
	}
	c := start(b, "ours", "unix", dir, nil, many)
	for range 100 {
		c.ask(b, "/report.pdf")
	}
	for b.Loop() {
		before := resident(b, c.pids[0])
		var conns []net.Conn
		for range 1000 {
			conn := c.dial(b)
			conns = append(conns, conn)
			fmt.Fprint(conn, "GET /report.pdf HTTP/1.1\r\nHost: x\r\n\r\n")
			if _, err := conn.Read(make([]byte, 1)); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(resident(b, c.pids[0])-before)/(1<<20), "MiB-for-1000")
		for _, conn := range conns {
			conn.Close()
		}
	}
}

// resident returns the resident memory of a process, in bytes.
func resident(b *testing.B, pid int) int {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		b.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	if err != nil {
		b.Fatal(err)
	}
	return pages * os.Getpagesize()
}
