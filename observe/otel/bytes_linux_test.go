package otel_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/nginxtest"
	"github.com/downloadview/downloadview/internal/testserver"
	"github.com/downloadview/downloadview/storage/disk"
	"github.com/downloadview/downloadview/storage/iofs"
)

const (
	whole    = 3 << 20
	enormous = 64 << 20 // more than the buffers of a connection
)

// A byteCase is a request, and how many bytes its client takes.
type byteCase struct {
	name, method, path, field string
	abort                     bool // the client leaves in the middle
	sendfile                  bool // the kernel sends the body
}

var byteCases = []byteCase{
	{"whole", "GET", "/disk/a", "", false, true},
	{"copied", "GET", "/memory/a", "", false, false},
	{"range", "GET", "/disk/a", "Range: bytes=1000-70000", false, true},
	{"copied-range", "GET", "/memory/a", "Range: bytes=1000-70000", false, false},
	{"ranges", "GET", "/disk/a", "Range: bytes=0-99,1000000-2000000", false, true},
	{"small", "GET", "/disk/a", "Range: bytes=0-99", false, false},
	{"head", "HEAD", "/disk/a", "", false, false},
	{"missing", "GET", "/disk/b", "", false, false},
	{"unmodified", "GET", "/disk/a", "If-None-Match: *", false, false},
	{"aborted", "GET", "/disk/enormous", "", true, true},
	{"aborted-copy", "GET", "/memory/enormous", "", true, false},
}

// A byteCount is what the metrics and the client of a byteCase say.
type byteCount struct{ Counted, Received, Aborts int64 }

const bytesLog = "DOWNLOADVIEW_OTEL_BYTES" // the file to which the process under strace writes

// The metrics count the bytes of bodies that strace sees, and that clients receive.
func TestBytesAgree(t *testing.T) {
	if out := os.Getenv(bytesLog); out != "" {
		countBytes(t, out)
		return
	}
	strace := testserver.Binary(t, "strace", "DOWNLOADVIEW_STRACE")
	dir := t.TempDir()
	log, out := filepath.Join(dir, "strace"), filepath.Join(dir, "counts")
	cmd := exec.Command(strace, "-f", "-y", "-qq", "-s", "4000", "-e", "trace=write,writev,sendfile", "-o", log, os.Args[0], "-test.run=^TestBytesAgree$")
	cmd.Env = append(os.Environ(), bytesLog+"="+out)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var counts map[string]byteCount
	if err := json.Unmarshal(text, &counts); err != nil {
		t.Fatal(err)
	}
	calls, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	written, bySendfile := bodiesIn(t, string(calls))
	for _, c := range byteCases {
		got := counts[c.name]
		if got.Counted != written[c.name] {
			t.Errorf("%s: the metrics have %d bytes, strace has %d", c.name, got.Counted, written[c.name])
		}
		if (bySendfile[c.name] > 0) != c.sendfile {
			t.Errorf("%s: %d bytes by sendfile", c.name, bySendfile[c.name])
		}
		aborts := int64(0)
		if c.abort {
			aborts = 1
		}
		if got.Aborts != aborts {
			t.Errorf("%s: %d aborts, want %d", c.name, got.Aborts, aborts)
		}
		if !c.abort && got.Counted != got.Received || c.abort && (got.Counted < got.Received || got.Counted >= enormous) {
			t.Errorf("%s: the metrics have %d bytes, the client %d", c.name, got.Counted, got.Received)
		}
	}
}

// countBytes serves each case to a client and writes the counts to the file out. The
// handler is below otelhttp's.
func countBytes(t *testing.T, out string) {
	dir := t.TempDir()
	for name, size := range map[string]int64{"a": whole, "enormous": enormous} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(filepath.Join(dir, name), size); err != nil {
			t.Fatal(err)
		}
	}
	local, err := disk.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()
	memory := iofs.New(fstest.MapFS{"a": {Data: make([]byte, whole)}, "enormous": {Data: make([]byte, enormous)}}, nil)
	counts := map[string]byteCount{}
	for _, c := range byteCases {
		counts[c.name] = countOne(t, c, map[string]downloadview.Storage{"/disk/": local, "/memory/": memory})
	}
	text, err := json.Marshal(counts)
	if err == nil {
		err = os.WriteFile(out, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func countOne(t *testing.T, c byteCase, storages map[string]downloadview.Storage) byteCount {
	s := newScene()
	mux := http.NewServeMux()
	over := make(chan struct{}, 1)
	for prefix, storage := range storages {
		mux.Handle(prefix, http.StripPrefix(strings.TrimSuffix(prefix, "/"), s.handler(storage, nil)))
	}
	named := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { over <- struct{}{} }()
		w.Header().Set("Case", c.name)
		mux.ServeHTTP(w, r)
	})
	srv := httptest.NewServer(otelhttp.NewHandler(named, "server", otelhttp.WithTracerProvider(s.traces), otelhttp.WithMeterProvider(s.meters)))
	defer srv.Close()
	req, err := http.NewRequest(c.method, srv.URL+c.path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if name, value, ok := strings.Cut(c.field, ": "); ok {
		req.Header.Set(name, value)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	body := io.Reader(resp.Body)
	if c.abort {
		body = io.LimitReader(body, 100_000)
	}
	n, err := io.Copy(io.Discard, body)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	<-over
	got := byteCount{Received: n}
	for name, value := range s.sums() {
		switch {
		case strings.HasPrefix(name, "body{"):
			got.Counted += value
		case name == "aborts{party=client}":
			got.Aborts = value
		case name == "downloads.open{}" && value != 0:
			t.Errorf("%s: %d downloads are open in the end", c.name, value)
		}
	}
	return got
}

var (
	syscallLine = regexp.MustCompile(`^(\d+) +(write|writev|sendfile)\((\d+<[^>]*>)(.*)$`)
	resumedLine = regexp.MustCompile(`^(\d+) +<\.\.\. (?:write|writev|sendfile) resumed>.* = (-?\d+)`)
	resultAtEnd = regexp.MustCompile(` = (-?\d+)(?: [A-Z]+ .*)?$`)
	headOfCase  = regexp.MustCompile(`"(HTTP/1\.1 .*?\\r\\n\\r\\n)`)
	nameOfCase  = regexp.MustCompile(`Case: ([a-z-]+)`)
)

// bodiesIn returns the bytes of bodies that the calls have written, and those of them by
// sendfile, by the name of the case in the header of the answer.
func bodiesIn(t *testing.T, calls string) (all, bySendfile map[string]int64) {
	all, bySendfile = map[string]int64{}, map[string]int64{}
	names := map[string]string{}   // of cases, by connection
	open := map[string][3]string{} // calls that are not over, by thread
	done := func(call, where, rest string, n int64) {
		if n < 0 {
			return
		}
		if head := headOfCase.FindStringSubmatch(rest); head != nil && call != "sendfile" {
			plain, err := strconv.Unquote(`"` + head[1] + `"`)
			if err != nil {
				t.Fatal(err)
			}
			n -= int64(len(plain))
			if name := nameOfCase.FindStringSubmatch(plain); name != nil {
				names[where] = name[1]
			}
		}
		name, ok := names[where]
		if !ok {
			return // of a client, or of the test
		}
		all[name] += n
		if call == "sendfile" {
			bySendfile[name] += n
		}
	}
	for line := range strings.Lines(calls) {
		line = strings.TrimSpace(line)
		if m := resumedLine.FindStringSubmatch(line); m != nil {
			n, _ := strconv.ParseInt(m[2], 10, 64)
			c := open[m[1]]
			done(c[0], c[1], c[2], n)
			continue
		}
		m := syscallLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		if strings.HasSuffix(line, "<unfinished ...>") {
			open[m[1]] = [3]string{m[2], m[3], m[4]}
			continue
		}
		result := resultAtEnd.FindStringSubmatch(line)
		if result == nil {
			t.Fatalf("no result in %q", line)
		}
		n, _ := strconv.ParseInt(result[1], 10, 64)
		done(m[2], m[3], m[4], n)
	}
	return all, bySendfile
}

// nginx sends the bytes of a hand-over, and this process none.
func TestBytesOfHandOver(t *testing.T) {
	dir := t.TempDir()
	content := strings.Repeat("0123456789", 100_000)
	if err := os.WriteFile(filepath.Join(dir, "a.txt"), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	local, err := disk.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()
	rules, err := accel.New(accel.Nginx(), []accel.Rule{{Name: "media", Source: dir, Destination: "/_media/"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := newScene()
	app := httptest.NewServer(s.handler(local, func(r *downloadview.Response) { r.Offloader = rules }))
	defer app.Close()
	nginx := nginxtest.Start(t, nginxtest.Options{Upstream: strings.TrimPrefix(app.URL, "http://"), Directory: dir})
	resp := nginx.Do(t, "GET", "/a.txt", nil)
	if got := nginxtest.Body(t, resp); got != content {
		t.Fatalf("%s, %d bytes", resp.Status, len(got))
	}
	want := "answers{mode=offload rule=media status=200} 1\n"
	if got := s.text("answers"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := s.text("body"), "body{mode=offload rule=media} 0\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := s.tree("downloadview.mode", "downloadview.rule"), "download mode=offload rule=media\n  respond\n  hand over\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
