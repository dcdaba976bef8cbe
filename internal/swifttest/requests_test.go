//go:build linux

package swifttest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/storage/resume"
)

// small is the key of an object with ten digits.
const small = "a folder/small é+%41.txt"

// requests are common requests, sent to the handler.
func requests(t *testing.T, bucket downloadview.Storage) {
	url := buckettest.Serve(t, resume.New(bucket, nil))
	const path = "/a%20folder/small%20%C3%A9%2B%2541.txt"
	head, _, err := buckettest.Get(t, "HEAD", url+path)
	if err != nil || head.StatusCode != http.StatusOK || head.ContentLength != 10 {
		t.Fatalf("HEAD: %s of %d bytes, %v; want 200 of 10", head.Status, head.ContentLength, err)
	}
	tag := head.Header.Get("ETag")
	for _, tt := range []struct {
		name, path string
		fields     []string
		status     int
		body       string
	}{
		{"whole", path, nil, 200, "0123456789"},
		{"range", path, []string{"Range", "bytes=2-3"}, 206, "23"},
		{"suffix", path, []string{"Range", "bytes=-3"}, 206, "789"},
		{"if-range holds", path, []string{"Range", "bytes=2-3", "If-Range", tag}, 206, "23"},
		{"if-range fails", path, []string{"Range", "bytes=2-3", "If-Range", `"other"`}, 200, "0123456789"},
		{"not modified", path, []string{"If-None-Match", tag}, 304, ""},
		{"no match", path, []string{"If-Match", `"other"`}, 412, ""},
		{"unsatisfiable", path, []string{"Range", "bytes=10-"}, 416, ""},
		{"missing", "/missing.txt", nil, 404, ""},
		{"range of what is missing", "/missing.txt", []string{"Range", "bytes=0-1"}, 404, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			resp, body, err := buckettest.Get(t, "GET", url+tt.path, tt.fields...)
			if err != nil || resp.StatusCode != tt.status {
				t.Errorf("%s, %v; want %d", resp.Status, err, tt.status)
			}
			if tt.status < 300 && string(body) != tt.body {
				t.Errorf("body %q, want %q", body, tt.body)
			}
		})
	}
	t.Run("several ranges", func(t *testing.T) {
		resp, body, err := buckettest.Get(t, "GET", url+path, "Range", "bytes=0-1,-2")
		if err != nil || resp.StatusCode != http.StatusPartialContent {
			t.Errorf("%s, %v; want 206", resp.Status, err)
		}
		for _, part := range []string{"bytes 0-1/10\r\n\r\n01\r\n--", "bytes 8-9/10\r\n\r\n89\r\n--"} {
			if !strings.Contains(string(body), part) {
				t.Errorf("body %q, want %q in it", body, part)
			}
		}
	})
	t.Run("signed URL", func(t *testing.T) { signedURL(t, bucket) })
}

// signedURL checks the URL to which a client is redirected: the store itself
// answers it, with the signed file name.
func signedURL(t *testing.T, bucket downloadview.Storage) {
	f, err := bucket.File(small)
	if err != nil {
		t.Fatal(err)
	}
	const disposition = `attachment; filename="_.txt"; filename*=UTF-8''%C3%A9.txt`
	signed, _, err := downloadview.SignedURL(t.Context(), f, downloadview.SignOptions{Disposition: disposition})
	if err != nil {
		t.Fatal(err)
	}
	resp, body, err := buckettest.Get(t, "GET", signed, "Range", "bytes=2-3")
	if err != nil || resp.StatusCode != http.StatusPartialContent || string(body) != "23" {
		t.Errorf("%s %q, %v; want 206 with 23", resp.Status, body, err)
	}
	if got := resp.Header.Get("Content-Disposition"); got != disposition {
		t.Errorf("disposition %q, want %q", got, disposition)
	}
	tampered := strings.Replace(signed, "_.txt", "x.txt", 1)
	if resp, _, err := buckettest.Get(t, "GET", tampered); err != nil || tampered == signed || resp.StatusCode != http.StatusForbidden {
		t.Errorf("with another name: %s, %v; want 403", resp.Status, err)
	}
}
