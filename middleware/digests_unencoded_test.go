package middleware_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	chi "github.com/go-chi/chi/v5/middleware"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/middleware"
)

func gzipped(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.WriteString(w, s)
	if err != nil || w.Close() != nil {
		t.Fatal("no gzip")
	}
	return b.String()
}

// The Unencoded-Digest of a variant is that of the file itself, alone and behind every
// proxy. Of an answer without a coding it is the Repr-Digest.
func TestUnencodedDigest(t *testing.T) {
	css := strings.Repeat("a { color: red }\n", 100)
	coded := gzipped(t, css)
	for _, server := range aloneAndBehindProxies() {
		t.Run("behind "+server, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "media")
			for name, content := range map[string]string{"a.css": css, "a.css.gz": coded} {
				proxytest.Write(t, dir, name, content)
				if err := os.Chtimes(filepath.Join(dir, name), variantTime, variantTime); err != nil {
					t.Fatal(err)
				}
			}
			files := openDisk(t, dir)
			log := newRecordingLog()
			d := middleware.NewDigests(log, nil)
			t.Cleanup(d.Close)
			site := newProxySite(t, server, dir, d.View(middleware.NewVariants(files, nil).View(filesOf(files))))
			asks := func(fields ...string) http.Header {
				h := http.Header{"Accept-Encoding": {"gzip"}, "Want-Unencoded-Digest": {"sha-256=10, sha-512=3"}}
				for i := 0; i < len(fields); i += 2 {
					h.Set(fields[i], fields[i+1])
				}
				return h
			}
			first := site.do(t, "GET", "/a.css", asks())
			first.Body.Close()
			if got := first.Header.Get("Unencoded-Digest"); got != "" {
				t.Errorf("%q, want none yet", got)
			}
			log.wait(t) // only that of the file is computed
			tag := first.Header.Get("Etag")
			for _, tt := range []struct {
				name, method string
				fields       []string
				status       int
				want         string
			}{
				{"whole", "GET", nil, 200, digestOf(css)},
				{"HEAD", "HEAD", nil, 200, digestOf(css)},
				{"a range", "GET", []string{"Range", "bytes=5-9"}, 206, digestOf(css)},
				{"unchanged", "GET", []string{"If-None-Match", tag}, 304, digestOf(css)},
				{"without a coding", "GET", []string{"Accept-Encoding", "identity"}, 200, digestOf(css)},
				{"of another kind", "GET", []string{"Want-Unencoded-Digest", "sha-512=1"}, 200, ""},
				{"not wanted", "GET", []string{"Want-Unencoded-Digest", "sha-256=0"}, 200, ""},
			} {
				resp := site.do(t, tt.method, "/a.css", asks(tt.fields...))
				body := proxytest.Body(t, resp)
				if got := resp.Header.Get("Unencoded-Digest"); resp.StatusCode != tt.status || got != tt.want {
					t.Errorf("%s: %s, Unencoded-Digest %q, want %d, %q", tt.name, resp.Status, got, tt.status, tt.want)
				}
				if got := resp.Header.Get("Repr-Digest"); got != "" {
					t.Errorf("%s: Repr-Digest %q, which nobody asks for", tt.name, got)
				}
				if tt.name != "whole" {
					continue
				}
				if resp.Header.Get("Content-Encoding") != "gzip" || body != coded {
					t.Errorf("coding %q, %d bytes, want the variant", resp.Header.Get("Content-Encoding"), len(body))
				}
			}
			if len(log.sums) != 1 {
				t.Errorf("computed %v, want the digest of the file only", log.sums)
			}
			resp := site.do(t, "GET", "/a.css", asks("Want-Repr-Digest", "sha-256=1"))
			resp.Body.Close()
			log.wait(t) // that of the variant
			resp = site.do(t, "GET", "/a.css", asks("Want-Repr-Digest", "sha-256=1"))
			resp.Body.Close()
			if repr, unencoded := resp.Header.Get("Repr-Digest"), resp.Header.Get("Unencoded-Digest"); repr != digestOf(coded) || unencoded != digestOf(css) {
				t.Errorf("both: Repr-Digest %q, Unencoded-Digest %q", repr, unencoded)
			}
		})
	}
}

// If the store has a digest of the file, a variant needs no Digests.
func TestUnencodedDigestOfStore(t *testing.T) {
	css := strings.Repeat("a { color: red }\n", 100)
	known := downloadview.FromString("a.css", css, &downloadview.Attributes{ReprDigest: digestOf(css), ETag: `"v1"`})
	v := middleware.NewVariants(nil, &middleware.VariantsOptions{
		Sibling: func(_ *http.Request, key, coding string) (downloadview.File, error) {
			return downloadview.FromString(key, "in "+coding, &downloadview.Attributes{ETag: `"v1"`}), nil
		},
	}).View(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: known, StoredFields: downloadview.StoredDigest}, nil
	}))
	resp := askFor(v, "/a.css", "Accept-Encoding", "br", "Want-Unencoded-Digest", "sha-256=1")
	if got := resp.Header.Get("Unencoded-Digest"); got != digestOf(css) || resp.Header.Get("Content-Encoding") != "br" {
		t.Errorf("coding %q, Unencoded-Digest %q", resp.Header.Get("Content-Encoding"), got)
	}
}

// A handler outside that compresses makes the other digests wrong, but not this one.
func TestUnencodedDigestOfCompressedAnswer(t *testing.T) {
	css := strings.Repeat("a { color: red }\n", 100)
	f := downloadview.FromString("a.css", css, &downloadview.Attributes{ReprDigest: digestOf(css), ETag: `"v1"`, ContentType: "text/css"})
	v := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: f, StoredFields: downloadview.StoredDigest}, nil
	})
	app := httptest.NewServer(chi.Compress(5)(downloadview.NewHandler(v, nil)))
	defer app.Close()
	r, err := http.NewRequestWithContext(t.Context(), "GET", app.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Want-Unencoded-Digest", "sha-256=1")
	resp, err := app.Client().Do(r) // it asks for gzip and decodes it
	if err != nil {
		t.Fatal(err)
	}
	body := proxytest.Body(t, resp)
	if got := resp.Header.Get("Unencoded-Digest"); got != digestOf(body) || body != css || !resp.Uncompressed {
		t.Errorf("%d bytes, decoded: %t, Unencoded-Digest %q, want %q", len(body), resp.Uncompressed, got, digestOf(css))
	}
}

// If a variant disappears before it is opened, the digest is still that of what is sent.
func TestUnencodedDigestOfVariantThatDisappears(t *testing.T) {
	css := strings.Repeat("a { color: red }\n", 100)
	dir := t.TempDir()
	proxytest.Write(t, dir, "a.css", css)
	files := openDisk(t, dir)
	log := newRecordingLog()
	d := middleware.NewDigests(log, nil)
	t.Cleanup(d.Close)
	variants := middleware.NewVariants(files, nil).View(filesOf(files))
	v := d.View(downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		proxytest.Write(t, dir, "a.css.gz", "coded")
		resp, err := variants.Respond(r)
		return resp, errors.Join(err, os.Remove(filepath.Join(dir, "a.css.gz")))
	}))
	for _, want := range []string{"", digestOf(css)} {
		resp := askFor(v, "/a.css", "Accept-Encoding", "gzip", "Want-Unencoded-Digest", "sha-256=1")
		if body, got := proxytest.Body(t, resp), resp.Header.Get("Unencoded-Digest"); body != css || got != want {
			t.Errorf("%s, %d bytes, Unencoded-Digest %q, want %q", resp.Status, len(body), got, want)
		}
		if want == "" {
			log.wait(t)
		}
	}
}
