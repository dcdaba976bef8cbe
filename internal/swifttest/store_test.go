//go:build unix

package swifttest_test

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

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/swifttest"
	"github.com/downloadview/downloadview/storage/readahead"
	"github.com/downloadview/downloadview/storage/resume"
	"github.com/downloadview/downloadview/storage/s3bucket"
)

const large = 32 << 20

// One store for all that is shown of it: starting one takes its time.
func TestDistributedStore(t *testing.T) {
	c := swifttest.Start(t)
	storage := s3bucket.New(c.NewClient(t, func(o *s3.Options) { o.Retryer = aws.NopRetryer{} }), c.Bucket, nil)
	for _, o := range []struct {
		key     string
		content []byte
	}{{"small é.txt", []byte("0123456789")}, {"large.bin", numbered(large)}} {
		if err := downloadview.Save(t.Context(), storage, o.key, bytes.NewReader(o.content)); err != nil {
			t.Fatal(err)
		}
	}
	whole := numbered(large)
	patient := resume.Storage(storage, nil)
	hasty := resume.Storage(storage, &resume.Options{FirstByte: 5 * time.Second, Silence: 5 * time.Second, Tries: 2, Total: 5 * time.Second})
	views := map[string]string{
		"resumed":    serve(t, patient),
		"read ahead": serve(t, readahead.Storage(patient, &readahead.Options{Parts: 3, PartSize: 2 << 20})),
	}

	t.Run("requests", func(t *testing.T) { requests(t, views["resumed"], storage) })

	// Every node in turn, so that those that serve are among them.
	for n := range swifttest.Nodes {
		for name, url := range views {
			t.Run(fmt.Sprintf("node %d is killed, %s", n, name), func(t *testing.T) {
				downloads := begin(t, url+"/large.bin", 4)
				c.Kill(n)
				for _, d := range downloads {
					if got, err := d.rest(); err != nil || !bytes.Equal(got, whole) {
						t.Errorf("%d of %d bytes, %v; want the whole", len(got), len(whole), err)
					}
				}
				if got, err := begin(t, url+"/large.bin", 1)[0].rest(); err != nil || !bytes.Equal(got, whole) {
					t.Errorf("begun after it: %d of %d bytes, %v; want the whole", len(got), len(whole), err)
				}
				c.Revive(n)
			})
		}
	}

	// The third node has a copy, so that what is there is still had. What is to
	// be stored needs two of three.
	t.Run("two nodes are killed", func(t *testing.T) {
		url := serve(t, hasty)
		downloads := begin(t, url+"/large.bin", 4)
		c.Kill(0)
		c.Kill(1)
		for _, d := range append(downloads, begin(t, url+"/large.bin", 1)...) {
			if got, err := d.rest(); err == nil && !bytes.Equal(got, whole) {
				t.Errorf("%d bytes end like a download of %d", len(got), len(whole))
			}
		}
		err := downloadview.Save(t.Context(), storage, "new.txt", strings.NewReader("new"))
		if status := downloadview.StatusCode(err); status != http.StatusBadGateway && status != http.StatusServiceUnavailable {
			t.Errorf("saved with %v, which is %d; want 502 or 503", err, status)
		}
		if status := get(t, url+"/new.txt").StatusCode; status == http.StatusOK {
			t.Error("what could not be stored is there")
		}
	})

	t.Run("all nodes are killed", func(t *testing.T) {
		c.Revive(0)
		c.Revive(1)
		url := serve(t, hasty)
		downloads := begin(t, url+"/large.bin", 4)
		for n := range swifttest.Nodes {
			c.Kill(n)
		}
		for _, d := range downloads {
			if got, err := d.rest(); err == nil || len(got) >= len(whole) {
				t.Errorf("%d of %d bytes, %v; want them broken off", len(got), len(whole), err)
			}
		}
		for _, method := range []string{"GET", "HEAD"} {
			resp := do(t, method, url+"/large.bin")
			if s := resp.StatusCode; s != http.StatusBadGateway && s != http.StatusServiceUnavailable && s != http.StatusGatewayTimeout {
				t.Errorf("%s: %s, want 502, 503 or 504", method, resp.Status)
			}
			body, err := io.ReadAll(resp.Body)
			if all := fmt.Sprint(resp.Header, string(body)); err != nil || strings.Contains(all, "127.0.0.1") || strings.Contains(all, c.Bucket) {
				t.Errorf("%s: %v, the client sees %s", method, err, all)
			}
		}
	})
}

// requests are those of every day.
func requests(t *testing.T, url string, storage downloadview.Storage) {
	const path = "/small%20%C3%A9.txt"
	tag := get(t, url+path).Header.Get("Etag")
	for _, tt := range []struct {
		name, method, path string
		fields             []string
		status             int
		body               string
	}{
		{"whole", "GET", path, nil, 200, "0123456789"},
		{"HEAD", "HEAD", path, nil, 200, ""},
		{"range", "GET", path, []string{"Range", "bytes=2-3"}, 206, "23"},
		{"suffix", "GET", path, []string{"Range", "bytes=-3"}, 206, "789"},
		{"if-range", "GET", path, []string{"Range", "bytes=2-3", "If-Range", tag}, 206, "23"},
		{"if-range fails", "GET", path, []string{"Range", "bytes=2-3", "If-Range", `"x"`}, 200, "0123456789"},
		{"not modified", "GET", path, []string{"If-None-Match", tag}, 304, ""},
		{"unsatisfiable", "GET", path, []string{"Range", "bytes=10-"}, 416, ""},
		{"missing", "GET", "/missing.txt", nil, 404, ""},
	} {
		resp := do(t, tt.method, url+tt.path, tt.fields...)
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != tt.status || tt.status < 300 && string(body) != tt.body {
			t.Errorf("%s: %s %q, %v; want %d %q", tt.name, resp.Status, body, err, tt.status, tt.body)
		}
	}
	if resp := do(t, "GET", url+path, "Range", "bytes=0-1,8-9"); resp.StatusCode != http.StatusPartialContent {
		t.Errorf("several ranges: %s", resp.Status)
	}

	f, err := storage.File("small é.txt")
	if err != nil {
		t.Fatal(err)
	}
	signed, err := downloadview.SignedURL(t.Context(), f, downloadview.SignOptions{Disposition: `attachment; filename="x.txt"`})
	if err != nil {
		t.Fatal(err)
	}
	resp := do(t, "GET", signed, "Range", "bytes=2-3")
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusPartialContent || string(body) != "23" || resp.Header.Get("Content-Disposition") != `attachment; filename="x.txt"` {
		t.Errorf("signed URL: %s %q, %v, %v", resp.Status, body, resp.Header, err)
	}
}

// A download has begun and has not been read to its end.
type download struct {
	begun []byte
	resp  *http.Response
}

// begin starts n downloads. More is on its way than what has been read, and less
// than all of it: the buffers between don't hold so much.
func begin(t *testing.T, url string, n int) []download {
	t.Helper()
	downloads := make([]download, n)
	for i := range downloads {
		resp := get(t, url)
		if resp.StatusCode != http.StatusOK || resp.ContentLength != large {
			t.Fatalf("%s of %d bytes", resp.Status, resp.ContentLength)
		}
		downloads[i] = download{make([]byte, 1<<20), resp}
		if _, err := io.ReadFull(resp.Body, downloads[i].begun); err != nil {
			t.Fatal(err)
		}
	}
	return downloads
}

func (d download) rest() ([]byte, error) {
	rest, err := io.ReadAll(d.resp.Body)
	return append(d.begun, rest...), err
}

func serve(t *testing.T, s downloadview.Storage) string {
	t.Helper()
	srv := httptest.NewServer(downloadview.NewHandler(downloadview.StorageView{
		Storage: s,
		Key:     func(r *http.Request) (string, error) { return strings.TrimPrefix(r.URL.Path, "/"), nil },
	}, &downloadview.Options{Logger: slog.New(slog.DiscardHandler)}))
	t.Cleanup(srv.Close)
	return srv.URL
}

func get(t *testing.T, url string) *http.Response {
	t.Helper()
	return do(t, "GET", url)
}

func do(t *testing.T, method, url string, fields ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(fields); i += 2 {
		r.Header.Set(fields[i], fields[i+1])
	}
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	resp, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// numbered returns n bytes of which no part repeats.
func numbered(n int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "line %d of a large object\n", i)
	}
	return b.Bytes()[:n]
}
