package middleware_test

import (
	"context"
	"crypto/sha256"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/middleware"
	"github.com/downloadview/downloadview/spool"
)

// A spool has computed the digest while it made the content. Nobody computes it again.
func TestDigestsOfSpooledContent(t *testing.T) {
	content := strings.Repeat("0123456789", 300_000)
	s, err := spool.New(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	made := downloadview.FromFunc("a.bin", func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, content)
		return err
	}, nil)
	id := spool.ID{Key: "a"}
	log := newRecordingLog()
	d := middleware.NewDigests(log, nil)
	v := d.View(downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		return s.Response(r, id, downloadview.Response{File: made})
	}))
	asks := append([]string{"Want-Digest", "SHA-512;q=1, SHA-256;q=0.5"}, wantDigests...)
	want := map[string]string{
		"Repr-Digest": digestOf(content), "Content-Digest": digestOf(content),
		"Digest": "SHA-256=" + strings.Trim(strings.TrimPrefix(digestOf(content), "sha-256="), ":"),
	}

	resp := askFor(v, "/a.bin", asks...) // makes it
	if got := proxytest.Body(t, resp); got != content {
		t.Errorf("made: %s, %d bytes, want %d", resp.Status, len(got), len(content))
	}
	if err := s.Warm(t.Context(), id, made); err != nil { // waits until it is complete
		t.Fatal(err)
	}
	resp = askFor(v, "/a.bin", asks...)
	for field, want := range want {
		if got := resp.Header.Get(field); got != want {
			t.Errorf("complete: %s %q, want %q", field, got, want)
		}
	}
	resp = askFor(v, "/a.bin", append(asks, "Range", "bytes=5-14")...)
	if repr, body := resp.Header.Get("Repr-Digest"), resp.Header.Get("Content-Digest"); repr != digestOf(content) || body != digestOf(content[5:15]) {
		t.Errorf("a range: Repr-Digest %q, Content-Digest %q", repr, body)
	}
	f, err := s.File(id, made)
	if err != nil {
		t.Fatal(err)
	}
	if sum, err := d.Compute(t.Context(), f); err != nil || sum != sha256.Sum256([]byte(content)) {
		t.Errorf("Compute: %x, %v", sum, err)
	}
	d.Close()
	if len(log.sums) > 0 {
		t.Errorf("computed again: %v", log.sums)
	}
}

// A proxy that sends a spooled file passes its digest on.
func TestDigestsOfSpooledContentBehindProxies(t *testing.T) {
	content := strings.Repeat("0123456789", 1000)
	for _, server := range proxytest.Names() {
		t.Run(server, func(t *testing.T) {
			s, err := spool.New(t.TempDir(), nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { s.Close() })
			id, made := spool.ID{Key: "a"}, downloadview.FromString("a.bin", content, nil)
			if err := s.Warm(t.Context(), id, made); err != nil {
				t.Fatal(err)
			}
			d := middleware.NewDigests(nil, nil)
			t.Cleanup(d.Close)
			proxy := newProxySite(t, server, s.Files(), d.View(downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
				return s.Response(r, id, downloadview.Response{File: made})
			})))
			resp := proxy.do(t, "GET", "/a.bin", http.Header{"Want-Repr-Digest": {"sha-256=1"}})
			body, mode := proxytest.Body(t, resp), (<-proxy.outcomes).Mode
			if got := resp.Header.Get("Repr-Digest"); body != content || got != digestOf(content) || mode != downloadview.Offloaded {
				t.Errorf("%v, %s with %d bytes, Repr-Digest %q; want it handed over with the digest", mode, resp.Status, len(body), got)
			}
		})
	}
}
