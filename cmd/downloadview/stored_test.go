package main

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Type, encoding, language and name come from the store. Whether the file is shown, and
// how it is cached, does not, unless a flag says so.
func TestStoredDescription(t *testing.T) {
	clouds(t, func(t *testing.T, c *cloud) {
		c.describe(t, "a.bin")
		c.put(t, "plain.txt", digits[:10])
		for _, tt := range []struct {
			flags  []string
			method string
			cache  string
		}{
			{nil, "GET", "private, no-cache"},
			{nil, "HEAD", "private, no-cache"},
			{[]string{"--stored-cache-control"}, "GET", described.cacheControl},
			{[]string{"--stored-cache-control"}, "HEAD", described.cacheControl},
		} {
			l := serve(t, append(tt.flags, c.url(t))...)
			c.faults.Reset()
			got := l.ask(t, tt.method, "/a.bin")
			for field, want := range map[string]string{
				"Content-Type":        described.contentType + "; charset=utf-8",
				"Content-Encoding":    described.encoding,
				"Content-Language":    described.language,
				"Content-Disposition": `attachment; filename="report.txt"`,
				"Cache-Control":       tt.cache,
			} {
				if got := got.Header.Get(field); got != want {
					t.Errorf("%s %v: %s: %q, want %q", tt.method, tt.flags, field, got, want)
				}
			}
			var all strings.Builder
			got.Header.Write(&all)
			if strings.Contains(all.String(), "eve") {
				t.Errorf("the answer has metadata of users:\n%s", &all)
			}
			if n := len(c.faults.Requests()); n != 1 {
				t.Errorf("%s %v: %d requests, want 1", tt.method, tt.flags, n)
			}
			// That it is unknown is not passed on as a type.
			if got := l.ask(t, tt.method, "/plain.txt").Header.Get("Content-Type"); got != "text/plain; charset=utf-8" {
				t.Errorf("an object without a type of its own has %q", got)
			}
		}
	})
}

// A client that asks for a digest gets it.
func TestStoredDigest(t *testing.T) {
	c := startS3(t)
	c.describe(t, "a.bin")
	l := serve(t, c.url(t))
	sum := sha256.Sum256(digits[:10])
	want := "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
	if got := l.get(t, "/a.bin", "Want-Repr-Digest", "sha-256=3").Header.Get("Repr-Digest"); got != want {
		t.Errorf("Repr-Digest: %q, want %q", got, want)
	}
	if got := l.get(t, "/a.bin").Header.Get("Repr-Digest"); got != "" {
		t.Errorf("Repr-Digest: %q, which nobody wants", got)
	}
}

// Behind a proxy, the object's metadata is requested for the name, but not with --blind.
func TestStoredNameBehindProxy(t *testing.T) {
	c := startS3(t)
	c.s3.Put(t, "a.bin", digits[:10], func(in *s3.PutObjectInput) {
		in.ContentDisposition, in.CacheControl = &described.disposition, &described.cacheControl
	})
	for _, tt := range []struct {
		flags    []string
		name     string
		cache    string
		requests int
	}{
		{nil, "report.txt", "private, no-cache", 1},
		{[]string{"--blind"}, "a.bin", "private, no-cache", 0},
		{[]string{"--blind", "--stored-cache-control"}, "a.bin", described.cacheControl, 1},
	} {
		where := c.url(t) + "&sign_endpoint=https%3A%2F%2Ffiles.example.com"
		l := serve(t, append(tt.flags, "--accel=nginx", "--signed", "--rule=s3://"+c.bucket+"/=/_s3/", where)...)
		c.faults.Reset()
		h := l.get(t, "/a.bin").Header
		if got := h.Get("Content-Disposition"); got != `attachment; filename="`+tt.name+`"` {
			t.Errorf("%v: Content-Disposition: %s, want the name %s", tt.flags, got, tt.name)
		}
		if got := h.Get("Cache-Control"); got != tt.cache {
			t.Errorf("%v: Cache-Control: %s, want %s", tt.flags, got, tt.cache)
		}
		if n := len(c.faults.Requests()); n != tt.requests {
			t.Errorf("%v: %d requests, want %d", tt.flags, n, tt.requests)
		}
		var all strings.Builder
		h.Write(&all)
		if !strings.HasPrefix(h.Get("X-Accel-Redirect"), "/_s3/") || !strings.Contains(all.String(), "files.example.com") {
			t.Errorf("%v: no handover by a URL at sign_endpoint:\n%s", tt.flags, &all)
		}
		if log := l.log(); strings.Contains(log, "Signature") {
			t.Errorf("the log has a signature:\n%s", log)
		}
	}
}
