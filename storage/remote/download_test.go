package remote_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"slices"
	"testing"

	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/storage/remote"
)

func countNew(to chan<- http.ConnState) func(net.Conn, http.ConnState) {
	return func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			to <- s
		}
	}
}

// The number and kind of the requests that each download sends to the origin.
func TestRequestsOfDownloads(t *testing.T) {
	origin := startFileServer(t)
	const size = 100_000
	bytesOf := bytes.Repeat([]byte("0123456789"), size/10)
	for name, content := range map[string][]byte{"a b.txt": bytesOf, "empty": nil} {
		if err := origin.put(name, content); err != nil {
			t.Fatal(err)
		}
	}
	url := buckettest.Serve(t, below(t, origin.URL+"/files", remote.Options{}))
	resp, _, err := buckettest.Get(t, "HEAD", url+"/a%20b.txt")
	if err != nil {
		t.Fatal(err)
	}
	tag := resp.Header.Get("ETag")
	if tag == "" {
		t.Fatalf("no tag in %v", resp.Header)
	}
	for _, tt := range []struct {
		name   string
		method string
		path   string
		fields []string
		status int
		body   []byte
		want   []string
	}{
		{"whole", "GET", "/a%20b.txt", nil, 200, bytesOf, []string{"GET"}},
		{"empty", "GET", "/empty", nil, 200, nil, []string{"GET"}},
		{"head", "HEAD", "/a%20b.txt", nil, 200, nil, []string{"HEAD"}},
		{"range", "GET", "/a%20b.txt", []string{"Range", "bytes=10-19"}, 206, bytesOf[10:20], []string{"GET bytes=10-19"}},
		{"open range", "GET", "/a%20b.txt", []string{"Range", "bytes=10-"}, 206, bytesOf[10:], []string{"GET bytes=10-"}},
		{"suffix", "GET", "/a%20b.txt", []string{"Range", "bytes=-7"}, 206, bytesOf[size-7:], []string{"GET bytes=-7"}},
		{"not modified", "GET", "/a%20b.txt", []string{"If-None-Match", tag}, 304, nil, []string{"HEAD"}},
		{"modified", "GET", "/a%20b.txt", []string{"If-None-Match", `"other"`}, 200, bytesOf, []string{"HEAD", "GET"}},
		{"if-range holds", "GET", "/a%20b.txt", []string{"Range", "bytes=1-2", "If-Range", tag}, 206, bytesOf[1:3], []string{"GET bytes=1-2"}},
		{"if-range fails", "GET", "/a%20b.txt", []string{"Range", "bytes=1-2", "If-Range", `"other"`}, 200, bytesOf, []string{"GET bytes=1-2", "GET"}},
		{"unsatisfiable", "GET", "/a%20b.txt", []string{"Range", "bytes=100000-"}, 416, nil, []string{"GET bytes=100000-", "HEAD"}},
		{"range of nothing", "GET", "/empty", []string{"Range", "bytes=0-"}, 200, nil, []string{"GET bytes=0-", "HEAD"}},
		{"suffix of nothing", "GET", "/empty", []string{"Range", "bytes=-5"}, 200, nil, []string{"GET bytes=-5", "HEAD"}},
		{"missing", "GET", "/gone", nil, 404, nil, []string{"GET"}},
		{"head of what is missing", "HEAD", "/gone", nil, 404, nil, []string{"HEAD"}},
		{"impossible key", "GET", "/..%2F..%2Fx", nil, 404, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			origin.requests()
			resp, body, err := buckettest.Get(t, tt.method, url+tt.path, tt.fields...)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != tt.status {
				t.Errorf("status %d, want %d", resp.StatusCode, tt.status)
			}
			if resp.StatusCode < 300 && !bytes.Equal(body, tt.body) {
				t.Errorf("%d bytes arrive, or other ones; want %d", len(body), len(tt.body))
			}
			if got := origin.requests(); !slices.Equal(got, tt.want) {
				t.Errorf("requests %q, want %q", got, tt.want)
			}
		})
	}
}

// If an origin doesn't support or allow HEAD, the file is opened instead.
func TestHeadWithoutHead(t *testing.T) {
	for _, status := range []int{401, 403, 405, 501} {
		url := buckettest.Serve(t, fake(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodHead {
				w.WriteHeader(status)
				return
			}
			w.Header().Set("ETag", `"v1"`)
			io.WriteString(w, "content")
		}))
		resp, _, err := buckettest.Get(t, "HEAD", url+"/a")
		if err != nil || resp.StatusCode != http.StatusOK || resp.ContentLength != 7 {
			t.Errorf("HEAD answered with %d: status %d, %d bytes, %v, want what GET says", status, resp.StatusCode, resp.ContentLength, err)
		}
		resp, _, err = buckettest.Get(t, "GET", url+"/a", "If-None-Match", `"v1"`)
		if err != nil || resp.StatusCode != http.StatusNotModified {
			t.Errorf("HEAD answered with %d: status %d, %v, want 304", status, resp.StatusCode, err)
		}
	}
}

// If an origin doesn't support ranges, the whole file is sent.
func TestOriginWithoutRanges(t *testing.T) {
	url := buckettest.Serve(t, fake(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "0123456789") }))
	for _, r := range []string{"bytes=2-4", "bytes=-3", "bytes=2-"} {
		resp, body, err := buckettest.Get(t, "GET", url+"/a", "Range", r)
		if err != nil || resp.StatusCode != http.StatusOK || string(body) != "0123456789" {
			t.Errorf("%s: status %d, %q, %v, want 200 and all", r, resp.StatusCode, body, err)
		}
	}
}
