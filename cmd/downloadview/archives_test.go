package main

import (
	"archive/zip"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/faultproxy"
)

// members returns what is in a zip archive, as lines "NAME: CONTENT".
func members(t *testing.T, a answer) string {
	t.Helper()
	if a.err != nil || a.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v: %.200s", a.Status, a.err, a.body)
	}
	z, err := zip.NewReader(strings.NewReader(a.body), int64(len(a.body)))
	if err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	for _, f := range z.File {
		h, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(h)
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		lines.WriteString(f.Name + ": " + string(content) + "\n")
	}
	return lines.String()
}

// The archive of a folder of a bucket takes a listing of each folder, and a request for
// each file that is sent: none for its metadata. It breaks off if an object is replaced.
func TestArchiveOfABucket(t *testing.T) {
	clouds(t, func(t *testing.T, c *cloud) {
		for _, key := range []string{"2026/a.txt", "2026/q 1/é.txt", "2026/q 1/.b", "2027/c.txt"} {
			c.put(t, key, []byte("this is "+key))
		}
		c.put(t, "2026/empty.txt", nil)
		l := serve(t, "--archive", c.url(t))
		const want = "a.txt: this is 2026/a.txt\nempty.txt: \nq 1/: \nq 1/.b: this is 2026/q 1/.b\nq 1/é.txt: this is 2026/q 1/é.txt\n"
		objects := func() (n int) {
			for _, r := range c.faults.Requests() {
				if strings.Contains(r.Path, ".txt") || strings.Contains(r.Path, ".b") {
					n++
				}
			}
			return n
		}
		c.faults.Reset()
		head := l.ask(t, http.MethodHead, "/2026/?archive=zip")
		if n := objects(); n != 0 || head.StatusCode != http.StatusOK {
			t.Errorf("HEAD: %s after %d requests for objects, want none: %v", head.Status, n, c.faults.Requests())
		}
		if n := len(c.faults.Requests()); n != 2 {
			t.Errorf("HEAD: %d requests, want a listing of each folder: %v", n, c.faults.Requests())
		}
		c.faults.Reset()
		whole := l.get(t, "/2026/?archive=zip")
		if got := members(t, whole); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if n := objects(); n != 4 {
			t.Errorf("%d requests for objects, want one for each: %v", n, c.faults.Requests())
		}
		if whole.ContentLength != int64(len(whole.body)) || head.ContentLength != whole.ContentLength {
			t.Errorf("announced %d and %d bytes, sent %d", head.ContentLength, whole.ContentLength, len(whole.body))
		}
		tag := whole.Header.Get("ETag")
		rest := l.get(t, "/2026/?archive=zip", "Range", "bytes=50-", "If-Range", tag)
		if rest.StatusCode != http.StatusPartialContent || rest.body != whole.body[50:] {
			t.Errorf("the rest: %s, %d bytes, want %d", rest.Status, len(rest.body), len(whole.body)-50)
		}
		c.put(t, "2026/q 1/.b", []byte("that is 2026/q 1/.b"))
		if again := l.get(t, "/2026/?archive=zip", "Range", "bytes=50-", "If-Range", tag); again.StatusCode != http.StatusOK || again.Header.Get("ETag") == tag {
			t.Errorf("after a change: %s with the tag %s; want the new archive", again.Status, again.Header.Get("ETag"))
		}
		if got := l.get(t, "/2028/?archive=zip"); got.StatusCode != http.StatusNotFound {
			t.Errorf("no folder: %s, want 404", got.Status)
		}
		listing := func(r *http.Request) bool {
			return strings.Contains(r.URL.RawQuery, "q+1") || strings.Contains(r.URL.RawQuery, "q%201")
		}
		c.faults.On(0, listing, c.denied)
		if got := l.get(t, "/2026/?archive=zip"); got.StatusCode != http.StatusForbidden {
			t.Errorf("without permission for one folder: %s, want 403 and no archive without it", got.Status)
		}
		c.faults.Reset()
		c.faults.On(0, listing, faultproxy.Status(http.StatusInternalServerError, ""))
		if got := l.get(t, "/2026/?archive=zip"); got.StatusCode != http.StatusBadGateway {
			t.Errorf("a folder can't be listed: %s, want 502", got.Status)
		}
	})
}

// In the buckets of gocloud on this machine, listings have no entity tags.
func TestArchiveOfALocalBucket(t *testing.T) {
	dir := t.TempDir()
	for _, key := range []string{"2026/a.txt", "2026/q1/b.txt", "2026/.hidden"} {
		file := filepath.Join(dir, filepath.FromSlash(key))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("this is "+key), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	l := serve(t, "--archive", "file://"+dir)
	const want = "2026/: \n2026/a.txt: this is 2026/a.txt\n2026/q1/: \n2026/q1/b.txt: this is 2026/q1/b.txt\n"
	if got := members(t, l.get(t, "/?archive=zip")); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
