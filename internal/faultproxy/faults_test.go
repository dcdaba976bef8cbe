package faultproxy_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/downloadview/downloadview"
	. "github.com/downloadview/downloadview/internal/faultproxy"
	"github.com/downloadview/downloadview/internal/s3test"
	"github.com/downloadview/downloadview/storage/resume"
	"github.com/downloadview/downloadview/storage/s3bucket"
)

const (
	size = 300_000
	cut  = 100_000 // where bodies break off
)

// begun cuts the first answer off, so that the next request is the second.
func begun(p *Proxy) { p.On(1, Gets, Cut(cut, FIN)) }

// times applies a fault to each of the first n requests; ever applies it to
// all.
func times(n int, faults ...Fault) func(*scene) {
	return func(s *scene) {
		for i := range n {
			s.proxy.On(i+1, nil, faults...)
		}
	}
}

func once(faults ...Fault) func(*scene) { return times(1, faults...) }
func ever(faults ...Fault) func(*scene) { return func(s *scene) { s.proxy.On(0, nil, faults...) } }

// then applies a fault to the request after a first answer that was cut off.
func then(faults ...Fault) func(*scene) {
	return func(s *scene) {
		begun(s.proxy)
		s.proxy.On(2, nil, faults...)
	}
}

// afterwards is then for all later requests.
func afterwards(faults ...Fault) func(*scene) {
	return func(s *scene) {
		begun(s.proxy)
		s.proxy.On(0, nil, faults...)
	}
}

// A scene is an object behind a proxy.
type scene struct {
	proxy   *Proxy
	replace func()
}

// What a client receives if the answers of a real store have faults.
func TestFaults(t *testing.T) {
	srv := s3test.Start(t)
	const gone = "NoSuchKey"
	tests := []struct {
		name     string
		set      func(*scene)
		status   int
		whole    bool
		after    string // Retry-After
		requests int
		request  string // of the client: "GET", "HEAD" or a Range
	}{
		{"nothing", func(*scene) {}, 200, true, "", 1, "GET"},
		{"dies", once(Cut(cut, FIN)), 200, true, "", 2, "GET"},
		{"is reset", once(Cut(cut, RST)), 200, true, "", 2, "GET"},
		{"dies before the first byte", once(Cut(0, FIN)), 200, true, "", 2, "GET"},
		{"is reset before the first byte", once(Cut(0, RST)), 200, true, "", 2, "GET"},
		{"dies at the last byte", once(Cut(size-1, FIN)), 200, true, "", 2, "GET"},
		{"dies twice", times(2, Cut(cut, FIN)), 200, true, "", 3, "GET"},
		{"stalls", once(Cut(cut, Silence)), 200, true, "", 2, "GET"},
		{"stalls before the first byte", once(Cut(0, Silence)), 200, true, "", 2, "GET"},
		{"stalls before the first byte, ever", ever(Cut(0, Silence)), 504, true, "", 3, "GET"},
		{"dies in a range", once(Cut(cut, FIN)), 206, true, "", 2, "bytes=1000-"},
		{"dies in a suffix", once(Cut(cut, FIN)), 206, true, "", 2, "bytes=-299000"},
		{"dies, and gives no byte more", afterwards(Cut(0, FIN)), 200, false, "", 4, "GET"},
		{"dies, and is silent", afterwards(Mute()), 200, false, "", 4, "GET"},
		{"is silent once", once(Mute()), 200, true, "", 2, "GET"},
		{"is silent", ever(Mute()), 504, true, "", 3, "GET"},
		{"is silent to HEAD", ever(Mute()), 504, true, "", 3, "HEAD"},
		{"500 once", once(S3Error(500, "InternalError")), 200, true, "", 2, "GET"},
		{"500", ever(S3Error(500, "InternalError")), 502, true, "", 3, "GET"},
		{"500 once to HEAD", once(S3Error(500, "InternalError")), 200, true, "", 2, "HEAD"},
		{"502", ever(Status(502, "<html>")), 502, true, "", 3, "GET"},
		{"503 once", once(S3Error(503, "SlowDown")), 200, true, "", 2, "GET"},
		{"503", ever(S3Error(503, "SlowDown")), 503, true, "3", 3, "GET"},
		{"503 for seven seconds", ever(S3Error(503, "SlowDown", "Retry-After", "7")), 503, true, "7", 1, "GET"},
		{"429 for nine seconds", ever(S3Error(429, "TooManyRequests", "Retry-After", "9")), 503, true, "9", 1, "GET"},
		{"503 after it began", then(S3Error(503, "SlowDown")), 200, true, "", 3, "GET"},
		{"400", ever(S3Error(400, "InvalidRequest")), 502, true, "", 1, "GET"},
		{"401", ever(S3Error(401, "ExpiredToken")), 502, true, "", 1, "GET"},
		{"403, which S3 says of what is missing too", ever(S3Error(403, "AccessDenied")), 404, true, "", 1, "GET"},
		{"404", ever(S3Error(404, gone)), 404, true, "", 1, "GET"},
		{"404 after it began", then(S3Error(404, gone)), 200, false, "", 2, "GET"},
		{"301 to nowhere", ever(S3Error(301, "PermanentRedirect")), 502, true, "", 1, "GET"},
		{"says it is longer", once(Field("Content-Length", "300100")), 200, false, "", 2, "GET"},
		{"says the range is shorter", once(Field("Content-Length", "298999")), 206, true, "", 2, "bytes=1000-"},
		{"says two lengths", once(Field("Content-Length", "300000", "5")), 200, true, "", 2, "GET"},
		{"header breaks off", once(Raw("HTTP/1.1 200 OK\r\nContent-Le")), 200, true, "", 2, "GET"},
		{"garbage", once(Raw("\x00\x01\x02 and so on\r\n\r\n")), 200, true, "", 2, "GET"},
		{"TLS", ever(Raw("\x15\x03\x01\x00\x02\x02\x46")), 502, true, "", 3, "GET"},
		{"nothing, and the end", ever(Raw("\n")), 502, true, "", 3, "GET"},
		{"another tag", then(Field("ETag", `"other"`)), 200, false, "", 2, "GET"},
		{"no tag any more", then(Field("ETag")), 200, false, "", 2, "GET"},
		{"a weak tag", once(Cut(cut, FIN), Field("ETag", `W/"v"`)), 200, false, "", 1, "GET"},
		{"range ignored", then(Status(200, strings.Repeat("x", size), "ETag", `"v"`)), 200, false, "", 2, "GET"},
		{"another range", then(Field("Content-Range", "bytes 0-199999/300000")), 200, true, "", 3, "GET"},
		{"another size", then(Field("Content-Range", "bytes 100000-299999/400000")), 200, false, "", 2, "GET"},
		{"a range without Content-Range", then(Field("Content-Range")), 200, false, "", 2, "GET"},
		{"compressed", once(Gzip()), 200, true, "", 1, "GET"},
		{"chunks without end", once(Chunked()), 200, false, "", 1, "GET"},
		{"rest in chunks without end", then(Chunked()), 200, true, "", 2, "GET"},
		{"slow", once(Slow(10*time.Millisecond, 10<<20)), 200, true, "", 1, "GET"},
		{"refused", func(s *scene) { s.proxy.Refuse() }, 502, true, "", 0, "GET"},
		{"refused after it began", func(s *scene) {
			s.proxy.On(1, nil, Before(s.proxy.Refuse), Cut(cut, FIN))
		}, 200, false, "", 1, "GET"},
		{"replaced", func(s *scene) {
			begun(s.proxy)
			s.proxy.On(2, nil, Before(s.replace))
		}, 200, false, "", 2, "GET"},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			key := fmt.Sprintf("%d/a b+c.bin", i)
			content := numbered(1)
			srv.Put(t, key, content)
			proxy := Start(t, strings.TrimPrefix(srv.Endpoint, "http://"))
			tt.set(&scene{proxy, func() { srv.Put(t, key, numbered(2)) }})
			client := srv.NewClient(t, func(o *s3.Options) {
				o.BaseEndpoint, o.RetryMaxAttempts = &proxy.URL, 1
			})
			app := serve(t, resume.New(s3bucket.New(client, srv.Bucket, nil), &resume.Options{
				FirstByte: 2 * time.Second,
				Silence:   2 * time.Second,
				Total:     30 * time.Second,
				Backoff:   func(int) time.Duration { return 0 },
			}))

			resp, body, err := ask(t, app+"/"+key, tt.request)
			if resp.StatusCode != tt.status || (err == nil) != tt.whole {
				t.Errorf("status %d, %d bytes, %v, want %d and whole %t", resp.StatusCode, len(body), err, tt.status, tt.whole)
			}
			if resp.StatusCode < 300 && tt.request != "HEAD" {
				var first int
				if tt.status == http.StatusPartialContent {
					first = 1000
				}
				if tt.whole && !bytes.Equal(body, content[first:]) || !bytes.HasPrefix(content[first:], body) {
					t.Errorf("%d bytes, or other ones", len(body))
				}
			}
			if got := resp.Header.Get("Retry-After"); got != tt.after {
				t.Errorf("Retry-After %q, want %q", got, tt.after)
			}
			if got := proxy.Requests(); len(got) != tt.requests {
				t.Errorf("the store was asked %d times, want %d: %+v", len(got), tt.requests, got)
			}
			for _, r := range proxy.Requests() {
				if r.Range != "" && r.Range != tt.request && r.IfMatch == "" {
					t.Errorf("%s was asked for in any version", r.Range)
				}
			}
			if said := fmt.Sprint(resp.Header, string(body[:min(len(body), 1000)])); strings.Contains(said, "secret") {
				t.Errorf("the client sees %s", said)
			}
		})
	}
}

func serve(t *testing.T, s downloadview.Storage) string {
	t.Helper()
	key := func(r *http.Request) (string, error) { return strings.TrimPrefix(r.URL.Path, "/"), nil }
	srv := httptest.NewServer(downloadview.NewHandler(
		downloadview.StorageView{Storage: s, Key: key},
		&downloadview.Options{Logger: slog.New(slog.DiscardHandler)},
	))
	t.Cleanup(srv.Close)
	return srv.URL
}

// ask returns the answer and its body; the error is that of the body.
func ask(t *testing.T, url, what string) (*http.Response, []byte, error) {
	t.Helper()
	method, byteRange := what, ""
	if strings.HasPrefix(what, "bytes") {
		method, byteRange = "GET", what
	}
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if byteRange != "" {
		req.Header.Set("Range", byteRange)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp, body, err
}

// numbered returns bytes in which each position can be recognised.
func numbered(version int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "version %d line %d\n", version, i)
	}
	return b.Bytes()[:size]
}
