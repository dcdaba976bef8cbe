//go:build !386

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview/internal/faultproxy"
	"github.com/downloadview/downloadview/internal/s3test"
)

// A download from a bucket is parked, and goes on when the connection to the store breaks
// afterwards. If the store then fails for good, the client sees that something is missing.
func TestParkedDownloadFromABucket(t *testing.T) {
	const size = 16 << 20 // more than the buffers of the connection
	content := make([]byte, size)
	rand.NewChaCha8([32]byte{}).Read(content)
	store := s3test.Start(t)
	store.Put(t, "a.bin", content)
	faults := faultproxy.Start(t, strings.TrimPrefix(store.Endpoint, "http://"))
	t.Setenv("AWS_ACCESS_KEY_ID", store.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", store.SecretKey)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", "none")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "none")
	bucket := fmt.Sprintf("s3://%s?region=%s&use_path_style=true&endpoint=%s", store.Bucket, store.Region, url.QueryEscape(faults.URL))
	returned := regexp.MustCompile(`(?m)^http_server_request_duration_seconds_count\{[^}]*http_response_status_code="200"[^}]*\} 1$`)
	for _, fails := range []bool{false, true} {
		t.Run(fmt.Sprintf("fails %v", fails), func(t *testing.T) {
			faults.Reset()
			faults.On(1, faultproxy.Gets, faultproxy.Cut(size-1<<20, faultproxy.FIN))
			if fails {
				faults.On(0, faultproxy.Gets, faultproxy.S3Error(403, "AccessDenied"))
			}
			m := &mixed{living: serve(t, "--metrics=127.0.0.1:0", bucket)}
			at := strings.TrimPrefix(m.await(t, nil, "metrics on "), "metrics on ")
			c, err := net.Dial("tcp", strings.TrimPrefix(m.url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if err := c.(*net.TCPConn).SetReadBuffer(96 << 10); err != nil {
				t.Fatal(err)
			}
			io.WriteString(c, "GET /a.bin HTTP/1.1\r\nHost: any.example\r\n\r\n")
			for end := time.Now().Add(20 * time.Second); !returned.MatchString(m.metrics); time.Sleep(20 * time.Millisecond) {
				if m.fetch(t, at); time.Now().After(end) {
					t.Fatalf("the handler doesn't return: the download is not parked\n%s", m.log())
				}
			}
			resp, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(resp.Body)
			switch {
			case fails && err == nil:
				t.Errorf("the client takes %d bytes for the whole object", len(got))
			case fails:
				m.await(t, nil, "aborted_by=origin")
			case err != nil || !bytes.Equal(got, content):
				t.Errorf("read %d bytes, %v; want the content\n%s", len(got), err, m.log())
			}
		})
	}
}
