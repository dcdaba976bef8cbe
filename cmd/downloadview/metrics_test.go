package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview/internal/faultproxy"
	"github.com/downloadview/downloadview/internal/redistest"
	"github.com/downloadview/downloadview/internal/s3test"
	"github.com/downloadview/downloadview/middleware"
)

const (
	objectSize = 3 << 20
	hugeSize   = 64 << 20 // more than the buffers of a connection
)

// A mixed server serves a directory, whose files nginx would send, another one, and a
// bucket of a real server, behind links and without. The store that counts the downloads
// of links is down.
type mixed struct {
	*living
	faults   *faultproxy.Proxy
	link     string // for one download
	metrics  string // the text at /metrics
	received int64  // bytes of whole bodies that clients have got
	parts    int    // requests that the ledger gets
}

func startMixed(t *testing.T) *mixed {
	t.Helper()
	store := s3test.Start(t)
	store.Put(t, "a.pdf", make([]byte, objectSize))
	faults := faultproxy.Start(t, strings.TrimPrefix(store.Endpoint, "http://"))
	t.Setenv("AWS_ACCESS_KEY_ID", store.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", store.SecretKey)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", "none")
	redis := redistest.Start(t)
	t.Setenv("REDISCLI_AUTH", redis.Password)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "none")

	dir := t.TempDir()
	keyText := []byte("k1 " + strings.Repeat("A", 43) + "\n")
	for name, content := range map[string][]byte{"media/a.txt": []byte("content"), "plain/huge": nil, "links.keys": keyText} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Truncate(filepath.Join(dir, "plain", "huge"), hugeSize); err != nil {
		t.Fatal(err)
	}
	bucket := fmt.Sprintf("s3://%s?region=%s&use_path_style=true&endpoint=%s", store.Bucket, store.Region, url.QueryEscape(faults.URL))
	text := fmt.Sprintf(`
metrics: 127.0.0.1:0
links: redis://127.0.0.1:1
ledger: redis://%s
storages:
  media: media
  plain: plain
  reports: %s
mounts:
  /media/: media
  /plain/: {storage: plain, index: true}
  /reports/: reports
  /links/: {storage: reports, require_signature: true, key_file: links.keys}
proxies: {front: {server: nginx, from: 127.0.0.1}}
rules:
  - {id: media, source: media, destination: /_media/, proxy: front}
limits:
  buckets: {read_ahead: 2, read_ahead_part: 1MiB, read_ahead_memory: 8MiB}
`, redis.Addr, bucket)
	config := filepath.Join(dir, "downloadview.yaml")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	keys, err := middleware.ParseKeys("links.keys", keyText)
	if err != nil {
		t.Fatal(err)
	}
	link, err := middleware.NewLinks(keys, nil).Sign("/links/a.pdf", middleware.Grant{Times: 1, Expires: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	return &mixed{living: serve(t, "--config="+config), faults: faults, link: link}
}

// run makes requests of all kinds.
func (m *mixed) run(t *testing.T) {
	t.Helper()
	get := func(path string, status int, header ...string) {
		t.Helper()
		a := m.get(t, path, header...)
		if a.StatusCode != status || a.err != nil {
			t.Errorf("%s: %s, %v; want %d", path, a.Status, a.err, status)
		}
		m.received += int64(len(a.body))
	}
	get("/media/a.txt", 200)
	get("/plain/", 200)
	get("/plain/missing", 404)
	get("/plain/huge", 206, "Range", "bytes=0-999999")
	get("/reports/a.pdf", 200)
	m.faults.On(1, faultproxy.Gets, faultproxy.S3Error(503, "SlowDown", "Retry-After", "0"))
	get("/reports/a.pdf", 206, "Range", "bytes=0-999")
	m.faults.On(0, nil, faultproxy.S3Error(500, "InternalError"))
	get("/reports/a.pdf", 502)
	m.faults.Reset()
	get("/links/a.pdf", 403)
	get(m.link, 503)

	m.faults.On(1, faultproxy.Gets, faultproxy.Cut(1000, faultproxy.FIN))
	m.faults.On(0, faultproxy.Gets, faultproxy.Cut(0, faultproxy.FIN))
	if a := m.get(t, "/reports/a.pdf", "Range", "bytes=0-99999"); a.err == nil {
		t.Errorf("a download whose store fails is whole: %s, %d bytes", a.Status, len(a.body))
	}
	m.faults.Reset()
	m.leave(t, "/plain/huge")
	m.parts += 6 // those that were answered with a file, also with a part of it
}

// leave begins a download and closes its connection. It returns when the server has
// noticed.
func (m *mixed) leave(t *testing.T, path string) {
	t.Helper()
	resp, err := m.client.Get(m.url + path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(io.Discard, resp.Body, 1000); err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	for left := strings.Count(m.log(), "aborted_by=client"); strings.Count(m.log(), "aborted_by=client") == left; {
		<-m.more
	}
}

// scrape reads the metrics, when the ledger has all parts.
func (m *mixed) scrape(t *testing.T) {
	t.Helper()
	at := strings.TrimPrefix(m.await(t, nil, "metrics on "), "metrics on ")
	for from := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		m.fetch(t, at)
		got := m.samples(t, `downloadview_ledger_parts_total{result="stored"} `)
		if len(got) == 1 && got[0] == float64(m.parts) {
			return
		}
		if time.Since(from) > time.Minute {
			t.Fatalf("the ledger has %v parts, want %d", got, m.parts)
		}
	}
}

func (m *mixed) fetch(t *testing.T, at string) {
	t.Helper()
	resp, err := m.client.Get(at + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v", resp.Status, err)
	}
	m.metrics = string(text)
}

// samples returns the values of the samples whose lines begin with prefix.
func (m *mixed) samples(t *testing.T, prefix string) (values []float64) {
	t.Helper()
	for line := range strings.Lines(m.metrics) {
		if !strings.HasPrefix(line, prefix) {
			continue
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(line[strings.LastIndexByte(line, ' '):]), 64)
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, v)
	}
	return values
}

// After a mixed set of requests, the metrics say what has happened.
func TestMetricsOfAMixedRun(t *testing.T) {
	m := startMixed(t)
	m.run(t)
	m.scrape(t)
	for sample, want := range map[string]float64{
		`downloadview_answers_total{mode="offload",rule="media",status="200"}`:               1,
		`downloadview_body_bytes_total{mode="offload",rule="media"}`:                         0,
		`downloadview_aborts_total{party="client"}`:                                          1,
		`downloadview_aborts_total{party="origin"}`:                                          1,
		`downloadview_store_requests_total{operation="read",status="cut",storage="reports"}`: 4,
		`downloadview_store_requests_total{operation="read",status="503",storage="reports"}`: 1,
		`downloadview_store_requests_total{operation="read",status="500",storage="reports"}`: 3,
		`downloadview_store_duration_seconds_count{operation="read",storage="reports"}`:      13,
		`downloadview_leases_total{result="error"}`:                                          1,
		`downloadview_ledger_parts_total{result="dropped"}`:                                  0,
		`downloadview_readahead_memory_limit_bytes`:                                          8 << 20,
		`downloadview_readahead_memory_usage_bytes`:                                          0,
		`downloadview_downloads_open`:                                                        0,
	} {
		if got := m.samples(t, sample+" "); len(got) != 1 || got[0] != want {
			t.Errorf("%s %v, want %v", sample, got, want)
		}
	}
	// Of the downloads that were cut short, more is counted than whole bodies have.
	var counted float64
	for _, v := range m.samples(t, "downloadview_body_bytes_total{") {
		counted += v
	}
	more := counted - float64(m.received)
	if more < 1000 || more >= hugeSize {
		t.Errorf("%.0f bytes are counted; clients got %d of whole bodies", counted, m.received)
	}
	for _, secret := range []string{"a.pdf", "127.0.0.1", "files"} {
		if strings.Contains(m.metrics, secret) {
			t.Errorf("the metrics have %q", secret)
		}
	}
}
