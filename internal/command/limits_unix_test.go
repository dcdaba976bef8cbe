//go:build unix

package command

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Beyond the limits, requests are answered 503 and logged. HEAD, pages of folders and
// other clients aren't concerned, and a client can't become another one.
func TestLimitsOfDownloads(t *testing.T) {
	p, x := startLarge(t, "--max-downloads=3", "--max-downloads-per-client=1", "--max-wait=1ms", "--index", "--trusted-proxies=127.0.0.1")
	const theirs, others = "X-Forwarded-For: 127.0.0.1", "X-Forwarded-For: 192.0.2.1"
	beside, err := ask(p.url, "GET", "/large", others)
	if err != nil || beside.StatusCode != 200 {
		t.Fatalf("another client: %v, %v", beside, err)
	}
	defer beside.Conn.Close()
	for _, tt := range []struct {
		method, path, header string
		want                 int
	}{
		{"GET", "/large", theirs, 503},
		{"GET", "/large", others, 503},
		{"GET", "/large", "X-Forwarded-For: 192.0.2.7, 192.0.2.1", 503}, // the first one is invented
		{"GET", "/missing", others, 503},
		{"HEAD", "/large", others, 200},
		{"GET", "/", others, 200},
		{"GET", "/missing", "X-Forwarded-For: 192.0.2.9", 404},
	} {
		resp, err := ask(p.url, tt.method, tt.path, tt.header)
		if err != nil {
			t.Fatal(err)
		}
		resp.Conn.Close()
		if resp.StatusCode != tt.want {
			t.Errorf("%+v: %d", tt, resp.StatusCode)
		}
		if got := resp.Header.Get("Retry-After"); (got == "1") != (tt.want == 503) {
			t.Errorf("%+v: Retry-After %q", tt, got)
		}
	}
	p.mustAwait(t, `path=/large status=503 bytes=20`)
	p.mustAwait(t, `path=/large status=503 bytes=20`)
	line, ok := p.await(`path=/large status=503 bytes=20`)
	if want := `mode=stream remote=192.0.2.1 error="503 Service Unavailable: too many downloads at once"`; !ok || !strings.Contains(line, want) {
		t.Errorf("the log says %q, want %s", line, want)
	}
	x.Conn.Close()
	p.mustAwait(t, "aborted_by=client")
	if got := p.get(t, "GET", "/missing"); got.status != 404 {
		t.Errorf("after the download: %d, want 404", got.status)
	}
}

// If downloads share a rate, the log says that the rules have no effect.
func TestSharedRatesAreToldToTheOperator(t *testing.T) {
	dir := t.TempDir()
	const told = "all are streamed and the rules have no effect"
	for flag, want := range map[string]bool{"--limit-rate-total=1MB": true, "--limit-rate-per-client=1MB": true, "--limit-rate=1MB": false} {
		p := start(t, flag, "--accel=nginx", "--rule", dir+"=/_media/", dir)
		p.signal(t, syscall.SIGTERM)
		p.wait()
		if got := strings.Contains(p.log.String(), told); got != want {
			t.Errorf("%s: the log says %s, want %q: %v", flag, p.log.String(), told, want)
		}
	}
}

// nginx that verifies links doesn't ask, so it sends files without a shared rate: then not
// all are streamed.
func TestSharedRatesWhereNginxVerifiesLinks(t *testing.T) {
	media, dir := t.TempDir(), t.TempDir()
	file := filepath.Join(dir, "dv.yaml")
	writeFile(t, filepath.Join(dir, "links.keys"), firstKey)
	writeFile(t, file, fmt.Sprintf("storages: {media: %q}\nrequire_signature: true\nkey_file: links.keys\nproxies: {front: {server: nginx, verify_links: secure_link}}\n"+
		"rules: [{id: media, source: %[1]q, destination: /_media/}]\nlimits: {downloads: {rate_per_client: 1MB}}\n", media))
	p := start(t, "--config", file)
	p.signal(t, syscall.SIGTERM)
	p.wait()
	const want = `"nginx sends files whose links it verifies without the rate that downloads share`
	if log := p.log.String(); !strings.Contains(log, want) || !strings.Contains(log, "proxy=front") {
		t.Errorf("the log says %s, want %s", log, want)
	}
}

// A client that reads a little all the time is ended if that is less than the least rate.
func TestLeastRate(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs Linux, where acknowledgments are known")
	}
	p, x := startLarge(t, "--stall-timeout=200ms", "--least-rate=1TB")
	read := make(chan error)
	go func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for range tick.C { // the whole would take ten minutes
			if _, err := io.CopyN(io.Discard, x.Body, 1000); err != nil {
				read <- err
				return
			}
		}
	}()
	line, _ := p.await("msg=request")
	if !strings.Contains(line, "aborted_by=stall") || !strings.Contains(line, `error="the client has accepted too few bytes a second"`) {
		t.Errorf("the log says %s", line)
	}
	if err := <-read; err == io.EOF {
		t.Error("the client takes a part for the whole")
	}
}

// A client that goes away while it waits leaves its place in the queue to others.
func TestAClientThatLeavesTheQueue(t *testing.T) {
	p, x := startLarge(t, "--max-downloads=1", "--max-waiting=1", "--max-wait=1h")
	var conns [2]net.Conn
	refused := make(chan int)
	for i := range conns {
		c, err := dial(p.url)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		conns[i] = c
		if _, err := io.WriteString(c, "GET /missing HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		go func() {
			if line, err := bufio.NewReader(c).ReadString('\n'); err == nil && strings.Contains(line, " 503 ") {
				refused <- i
			}
		}()
	}
	conns[1-<-refused].Close() // the one that waits
	line, _ := p.await("aborted_by=client")
	if want := `error="while the request waited for its turn: context canceled"`; !strings.Contains(line, want) {
		t.Errorf("the log says %s, want %s", line, want)
	}
	answer := make(chan int)
	go func() {
		resp, _, err := fetch(p.url, "GET", "/missing")
		if err != nil {
			t.Error(err)
			close(answer)
			return
		}
		answer <- resp.StatusCode
	}()
	x.Conn.Close()
	if got := <-answer; got != 404 {
		t.Errorf("the next one that waits: %d, want the 404 of its turn", got)
	}
}

// SIGHUP changes the limits while requests wait for them. A mount has a limit of its own.
func TestLimitsChange(t *testing.T) {
	dir := t.TempDir()
	for name, size := range map[string]int64{"large": large, "small": 1} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, nil, 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, size); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(t.TempDir(), "dv.yaml")
	write := func(limits string) {
		t.Helper()
		text := "storages: {a: " + dir + "}\nmounts: {/a/: a, /b/: {storage: a, max_downloads: 1}}\nlimits: {downloads: " + limits + "}\n"
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("{max: 2, waiting: 1, wait: 1h}")
	p := start(t, "--config="+file)
	var open []*exchange
	for _, path := range []string{"/a/large", "/b/large"} {
		x, err := ask(p.url, "GET", path)
		if err != nil || x.StatusCode != 200 {
			t.Fatalf("%s: %v, %v", path, x, err)
		}
		defer x.Conn.Close()
		open = append(open, x)
	}
	answers := make(chan string)
	waits := func(path string) {
		go func() {
			_, body, err := fetch(p.url, "GET", path)
			if err != nil {
				body = []byte(err.Error())
			}
			answers <- path + " " + string(body)
		}()
	}
	// There is one place in the queue: one of them waits, and the other is refused.
	waits("/a/small")
	waits("/a/small")
	if got := <-answers; got != "/a/small Service Unavailable\n" {
		t.Fatalf("of two more downloads, the first answer is %q", got)
	}
	write("{max: 3, waiting: 1, wait: 1h}")
	p.signal(t, syscall.SIGHUP)
	if got := <-answers; got != "/a/small \x00" {
		t.Errorf("after the change: %q", got)
	}
	waits("/b/small")
	if got := p.get(t, "GET", "/a/small"); got.status != 200 {
		t.Errorf("beside a mount at its limit: %d", got.status)
	}
	open[1].Conn.Close()
	if got := <-answers; got != "/b/small \x00" {
		t.Errorf("after the download from the mount: %q", got)
	}
	write("{max: 3, waiting: 2, wait: 1h}")
	p.signal(t, syscall.SIGHUP)
	if line, _ := p.await("only after a restart"); !strings.Contains(line, "changed=limits") {
		t.Errorf("the log says %q", line)
	}
}

// SIGHUP begins and ends the sharing of rates, for all or for each client. Downloads that
// share a rate are streamed.
func TestHangupChangesSharedRates(t *testing.T) {
	file := filepath.Join(t.TempDir(), "dv.yaml")
	const rules = "proxies: {front: nginx}\nrules: [{id: all, source: /, destination: /_media/}]\n"
	write := func(limits string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(rules+limits), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("")
	p := start(t, "--config="+file, filesWith(t, "a.txt", "content"))
	for i, tt := range []struct {
		limits string
		handed bool
	}{
		{"", true},
		{"limits: {downloads: {rate: 10MB}}\n", false},
		{"", true},
		{"limits: {downloads: {rate_per_client: 10MB}}\n", false},
	} {
		if write(tt.limits); i > 0 {
			p.signal(t, syscall.SIGHUP)
			if _, ok := p.await("rules read again"); !ok {
				t.Fatal("it ended")
			}
		}
		resp, err := http.Get(p.url + "/a.txt")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if handed := resp.Header.Get("X-Accel-Redirect") != ""; handed != tt.handed || resp.StatusCode != http.StatusOK {
			t.Errorf("with %q: %d, handed over: %v, want %v", tt.limits, resp.StatusCode, handed, tt.handed)
		}
	}
}
