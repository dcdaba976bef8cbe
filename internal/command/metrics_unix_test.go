//go:build unix

package command

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// metricsURL returns where the process says that its metrics are, in the line after
// "listening on". It may be called once.
func (p *process) metricsURL(t *testing.T) string {
	t.Helper()
	line, ok := p.await("metrics on ")
	url, found := strings.CutPrefix(line, "metrics on ")
	if !ok || !found || strings.Count(p.log.String(), "\n") != 2 {
		t.Fatalf("it doesn't say in its second line where its metrics are: %s", &p.log)
	}
	return url
}

// fetchText returns the status and the body of an answer.
func fetchText(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// sample returns the sum of the samples that begin with prefix.
func sample(t *testing.T, metrics, prefix string) (sum float64) {
	t.Helper()
	found := false
	for line := range strings.Lines(metrics) {
		if !strings.HasPrefix(line, prefix) {
			continue
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(line[strings.LastIndexByte(line, ' '):]), 64)
		if err != nil {
			t.Fatal(err)
		}
		sum, found = sum+v, true
	}
	if !found {
		t.Errorf("no %s", prefix)
	}
	return sum
}

// The metrics have every byte that clients got, also of pages and of errors, and are at
// their own address alone.
func TestMetricsOfServe(t *testing.T) {
	p := start(t, "--index", "--metrics=127.0.0.1:0", filesWith(t, "a.txt", strings.Repeat("content ", 10_000)))
	at := p.metricsURL(t)
	var got int
	for _, path := range []string{"/a.txt", "/a.txt", "/", "/missing", "/metrics", "/livez"} {
		_, body := fetchText(t, p.url+path)
		got += len(body)
	}
	for path, want := range map[string]int{"/": 404, "/a.txt": 404, "/livez": 200, "/readyz": 200, "/readyz?stores": 200} {
		if status, _ := fetchText(t, at+path); status != want {
			t.Errorf("%s: %d, want %d", path, status, want)
		}
	}
	if resp, err := http.Post(at+"/metrics", "", nil); err != nil || resp.StatusCode != 405 {
		t.Errorf("POST: %v, %v; want 405", resp, err)
	} else {
		resp.Body.Close()
	}
	status, metrics := fetchText(t, at+"/metrics")
	if status != 200 {
		t.Fatalf("status %d", status)
	}
	if n := sample(t, metrics, "downloadview_body_bytes_total{"); int(n) != got {
		t.Errorf("%.0f bytes of bodies, and clients got %d", n, got)
	}
	for prefix, want := range map[string]float64{
		`downloadview_answers_total{mode="stream",rule="",status="200"}`:                                        3,
		`downloadview_answers_total{mode="stream",rule="",status="404"}`:                                        3,
		`downloadview_downloads_open `:                                                                          0,
		`http_server_request_duration_seconds_count{http_request_method="GET",http_response_status_code="200",`: 3,
		`target_info{service_name="downloadview"`:                                                               1,
	} {
		if got := sample(t, metrics, prefix); got != want {
			t.Errorf("%s %v, want %v", prefix, got, want)
		}
	}
	for _, wrong := range []string{"a.txt", "body_size", "127.0.0.1", "server_address", "otel_scope"} {
		if strings.Contains(metrics, wrong) {
			t.Errorf("the metrics have %q", wrong)
		}
	}
}

// A running download is open.
func TestMetricsOfRunningDownload(t *testing.T) {
	p, _ := startLarge(t, "--metrics=127.0.0.1:0")
	_, metrics := fetchText(t, p.metricsURL(t)+"/metrics")
	if n := sample(t, metrics, "downloadview_downloads_open "); n != 1 {
		t.Errorf("%v downloads are open, want 1", n)
	}
}

// A server that is stopping lives, but is not ready.
func TestNotReadyWhileStopping(t *testing.T) {
	p, x := startLarge(t, "--metrics=127.0.0.1:0")
	at := p.metricsURL(t)
	p.signal(t, syscall.SIGTERM)
	p.mustAwait(t, "stopping")
	for status := 200; status != 503; { // the line comes just before
		var body string
		if status, body = fetchText(t, at+"/readyz"); status == 503 && body != "the server is stopping\n" {
			t.Errorf("%q", body)
		}
	}
	if status, _ := fetchText(t, at+"/livez"); status != 200 {
		t.Errorf("/livez: %d", status)
	}
	if _, err := io.Copy(io.Discard, x.Body); err != nil {
		t.Error(err)
	}
	if got := p.wait(); got != exitOK {
		t.Errorf("exit status %d", got)
	}
}

// The metrics can be at a socket, which is removed in the end.
func TestMetricsAtASocket(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "m.sock")
	p := start(t, "--metrics=unix:"+socket, filesWith(t, "a.txt", "content"))
	if got, want := p.metricsURL(t), "http://unix:"+socket; got != want {
		t.Errorf("metrics on %s, want %s", got, want)
	}
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Get("http://x/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); string(body) != "ok\n" {
		t.Errorf("%s %q", resp.Status, body)
	}
	p.signal(t, syscall.SIGTERM)
	p.wait()
	if _, err := net.Dial("unix", socket); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("afterwards: %v", err)
	}
}

// A collector keeps what is sent to it. It doesn't decode it.
type collector struct {
	mu   sync.Mutex
	sent map[string][]byte // by path
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent[r.URL.Path] = append(c.sent[r.URL.Path], body...)
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// With OTEL_EXPORTER_OTLP_ENDPOINT, spans and metrics are sent there, the last ones when
// the server ends. None has the query of a request, nor the token of a link.
func TestOTLP(t *testing.T) {
	c := &collector{sent: map[string][]byte{}}
	srv := httptest.NewServer(c)
	defer srv.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", srv.URL)
	t.Setenv("OTEL_SERVICE_NAME", "shop-files")
	p := start(t, filesWith(t, "a.txt", "content"))
	const token = "/~1.k1.1769428800.AAAAAAAAAAAAAAAAAAAAAA"
	for _, path := range []string{"/a.txt?dvs=secret", token + "/a.txt"} {
		fetchText(t, p.url+path)
	}
	p.signal(t, syscall.SIGTERM)
	if got := p.wait(); got != exitOK {
		t.Errorf("exit status %d", got)
	}
	for path, words := range map[string][]string{
		"/v1/traces":  {"shop-files", "download", "respond", "open", "send", "/a.txt"},
		"/v1/metrics": {"shop-files", "downloadview.answers", "downloadview.body", "http.server.request.duration"},
	} {
		for _, word := range words {
			if !bytes.Contains(c.sent[path], []byte(word)) {
				t.Errorf("%s has no %q: %q", path, word, c.sent[path])
			}
		}
		for _, secret := range []string{"secret", "AAAAAAA", "dvs"} {
			if bytes.Contains(c.sent[path], []byte(secret)) {
				t.Errorf("%s has %q: %q", path, secret, c.sent[path])
			}
		}
	}
	if !regexp.MustCompile(`path=/a\.txt .* request_id=[0-9a-f]{32}\n`).MatchString(p.log.String()) {
		t.Errorf("the log has no trace: %s", &p.log)
	}
}

// A collector that is down, or that never answers, costs downloads nothing. The end of the
// server doesn't wait long for it.
func TestDeadCollector(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for name, endpoint := range map[string]string{"down": "http://127.0.0.1:1", "silent": "http://" + silent.Addr().String()} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
			t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "1") // milliseconds
			p := start(t, filesWith(t, "a.txt", "content"))
			for range 100 {
				if status, body := fetchText(t, p.url+"/a.txt"); status != 200 || body != "content" {
					t.Fatalf("%d %q", status, body)
				}
			}
			p.signal(t, syscall.SIGTERM)
			ended := make(chan int, 1)
			go func() { ended <- p.wait() }()
			select {
			case got := <-ended:
				if got != exitOK {
					t.Errorf("exit status %d", got)
				}
			case <-time.After(time.Minute): // flushTime is far less
				t.Fatal("it waits for the collector")
			}
			if !strings.Contains(p.log.String(), "not exported") {
				t.Errorf("the log doesn't say so: %s", &p.log)
			}
		})
	}
}

// A server without --metrics, and without a variable of OpenTelemetry that asks for an
// export, makes no spans and counts nothing.
func TestNoTelemetry(t *testing.T) {
	for _, tt := range []struct{ name, value string }{
		{"OTEL_SERVICE_NAME", "shop-files"},
		{"OTEL_TRACES_EXPORTER", "none"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT", ""},
		{"OTEL_METRICS_EXPORTER", ""},
	} {
		t.Run(fmt.Sprintf("%s=%s", tt.name, tt.value), func(t *testing.T) {
			t.Setenv(tt.name, tt.value)
			seen, err := openTelemetry(t.Context(), "", nil)
			if seen != nil || err != nil {
				t.Errorf("%v, %v; want none", seen, err)
			}
			if o := (&accessLog{seen: seen}).options(); o.Tracer != nil {
				t.Errorf("there is a Tracer: %v", o.Tracer)
			}
			h := http.NotFoundHandler()
			if got := seen.around(h); fmt.Sprint(got) != fmt.Sprint(h) {
				t.Errorf("the handler is wrapped: %v", got)
			}
		})
	}
	t.Setenv("OTEL_SDK_DISABLED", "true")
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
	if seen, err := openTelemetry(t.Context(), "", nil); seen != nil || err != nil {
		t.Errorf("with OTEL_SDK_DISABLED: %v, %v; want none", seen, err)
	}
}
