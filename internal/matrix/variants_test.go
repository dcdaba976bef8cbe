package matrix_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/middleware"
)

// Variants of objects in a bucket: a request for each coding that is tried, one for the
// object itself, and one for the bytes.
func TestVariantsInBucket(t *testing.T) {
	p, put := bucket(t)
	content := map[string]string{"": strings.Repeat("the object itself ", 500), "br": strings.Repeat("in brotli ", 500)}
	put("a.css", []byte(content[""]))
	put("a.css.br", []byte(content["br"]))
	view := downloadview.StorageView{Storage: p.storage, Key: downloadview.PathKey("/"), Response: downloadview.Response{StoredFields: downloadview.StoredName}}
	app := httptest.NewServer(downloadview.NewHandler(middleware.NewVariants(p.storage, nil).View(view), nil))
	t.Cleanup(app.Close)
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	ask := func(method string, fields ...string) (*http.Response, string) {
		r, err := http.NewRequest(method, app.URL+"/a.css", nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(fields); i += 2 {
			r.Header.Set(fields[i], fields[i+1])
		}
		resp, err := transport.RoundTrip(r)
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
	tags := map[string]string{}
	for coding, accepts := range map[string]string{"": "identity", "br": "br"} {
		resp, _ := ask("HEAD", "Accept-Encoding", accepts)
		tags[coding] = resp.Header.Get("Etag")
		if resp.ContentLength != int64(len(content[coding])) {
			t.Errorf("HEAD with %s: %d bytes, want %d", accepts, resp.ContentLength, len(content[coding]))
		}
	}
	if tags[""] == tags["br"] || tags["br"] == "" {
		t.Errorf("tags %q, want one for each", tags)
	}
	for _, tt := range []struct {
		name   string
		fields []string
		status int
		coding string
		body   string
	}{
		{"whole", nil, 200, "br", content["br"]},
		{"gzip is not there", []string{"Accept-Encoding", "gzip"}, 200, "", content[""]},
		{"the second choice", []string{"Accept-Encoding", "gzip, br;q=0.5"}, 200, "br", content["br"]},
		{"a range", []string{"Range", "bytes=10-2999"}, 206, "br", content["br"][10:3000]},
		{"the last bytes", []string{"Range", "bytes=-7"}, 206, "br", content["br"][4993:]},
		{"past the end of the variant", []string{"Range", "bytes=5000-"}, 416, "", ""},
		{"resumed", []string{"Range", "bytes=10-", "If-Range", tags["br"]}, 206, "br", content["br"][10:]},
		{"resumed with the tag of the object", []string{"Range", "bytes=10-", "If-Range", tags[""]}, 200, "br", content["br"]},
		{"have it", []string{"If-None-Match", tags["br"]}, 304, "", ""},
		{"have the object", []string{"If-None-Match", tags[""]}, 200, "br", content["br"]},
	} {
		t.Run(tt.name, func(t *testing.T) {
			resp, body := ask("GET", append([]string{"Accept-Encoding", "br"}, tt.fields...)...)
			if resp.StatusCode != tt.status {
				t.Fatalf("%s, want %d", resp.Status, tt.status)
			}
			if got := resp.Header.Get("Vary"); tt.status < 400 && got != "Accept-Encoding" {
				t.Errorf("Vary %q, want Accept-Encoding", got)
			}
			if tt.status >= 300 {
				return
			}
			if got := resp.Header.Get("Content-Encoding"); got != tt.coding || body != tt.body {
				t.Errorf("Content-Encoding %q, %d bytes; want %q, %d", got, len(body), tt.coding, len(tt.body))
			}
			if got := resp.Header.Get("Content-Type"); got != "text/css; charset=utf-8" {
				t.Errorf("Content-Type %q, want that of the object", got)
			}
		})
	}
	resp, body := ask("GET", "Accept-Encoding", "br", "Range", "bytes=0-9,4000-4009")
	if resp.StatusCode != 206 || !strings.Contains(body, "Content-Range: bytes 4000-4009/5000") {
		t.Errorf("two ranges: %s, %.200q", resp.Status, body)
	}
}
