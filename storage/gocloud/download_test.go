package gocloud_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/gocloud"
)

// serve serves one file, and returns a function that requests it.
func serve(t *testing.T, f downloadview.File) func(method string, fields ...string) (*http.Response, string) {
	t.Helper()
	view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: f}, nil
	})
	srv := httptest.NewServer(downloadview.NewHandler(view, &downloadview.Options{Logger: slog.New(slog.DiscardHandler)}))
	t.Cleanup(srv.Close)
	return func(method string, fields ...string) (*http.Response, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, srv.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(fields); i += 2 {
			req.Header.Add(fields[i], fields[i+1])
		}
		resp, err := srv.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp, string(body)
	}
}

func TestRequestsOfDownloads(t *testing.T) {
	const size = 10_000
	content := strings.Repeat("0123456789", size/10)
	tests := []struct {
		name              string
		method            string
		fields            []string
		status            int
		body              string
		reads, attributes int
	}{
		{"whole", "GET", nil, 200, content, 1, 0},
		{"head", "HEAD", nil, 200, "", 0, 1},
		{"range", "GET", []string{"Range", "bytes=3-5"}, 206, "345", 1, 0},
		{"suffix", "GET", []string{"Range", "bytes=-3"}, 206, "789", 1, 1},
		{"not modified", "GET", []string{"If-Modified-Since", "Thu, 01 Jan 2026 00:00:00 GMT"}, 304, "", 0, 1},
		{"modified", "GET", []string{"If-None-Match", `"other"`}, 200, content, 1, 1},
		{"unsatisfiable", "GET", []string{"Range", "bytes=10000-"}, 416, "Requested Range Not Satisfiable\n", 1, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := &cloud{content: content, promised: size, code: gcerrors.Unknown, status: true, time: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
			resp, body := serve(t, file(t, gocloud.New(c.open(t), nil), "a"))(tt.method, tt.fields...)
			if resp.StatusCode != tt.status || body != tt.body {
				t.Errorf("status %d and %d bytes, want %d and %d", resp.StatusCode, len(body), tt.status, len(tt.body))
			}
			if c.reads != tt.reads || c.attributes != tt.attributes {
				t.Errorf("%d reads and %d looks, want %d and %d", c.reads, c.attributes, tt.reads, tt.attributes)
			}
		})
	}
}

// HEAD and GET return the same tag, so the tag works in the next request.
func TestTagOfHeadIsGoodForGet(t *testing.T) {
	buckets(t, func(t *testing.T, b *blob.Bucket) {
		put(t, b, "a.txt", strings.Repeat("0123456789", 1000), nil)
		ask := serve(t, file(t, gocloud.New(b, nil), "a.txt"))
		head, _ := ask("HEAD")
		get, _ := ask("GET")
		tag := head.Header.Get("ETag")
		if tag == "" || tag != get.Header.Get("ETag") {
			t.Fatalf("HEAD has the tag %q, GET has %q, want one and the same", tag, get.Header.Get("ETag"))
		}
		if resp, body := ask("GET", "Range", "bytes=2-4", "If-Range", tag); resp.StatusCode != http.StatusPartialContent || body != "234" {
			t.Errorf("a range of that tag: status %d and %d bytes, want 206 and 234", resp.StatusCode, len(body))
		}
		if resp, _ := ask("GET", "If-None-Match", tag); resp.StatusCode != http.StatusNotModified {
			t.Errorf("unless that tag: status %d, want 304", resp.StatusCode)
		}
		if resp, body := ask("GET", "Range", "bytes=-3"); resp.StatusCode != http.StatusPartialContent || body != "789" {
			t.Errorf("the last bytes: status %d, %q, want 206 and 789", resp.StatusCode, body)
		}
	})
}
