package middleware_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/middleware"
)

func openDigests(t *testing.T, name string) *middleware.DigestFile {
	t.Helper()
	d, err := middleware.OpenDigestFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func record(t *testing.T, d *middleware.DigestFile, file, version, content string) {
	t.Helper()
	if err := d.Record(t.Context(), middleware.FileVersion{File: file, Version: version}, sha256.Sum256([]byte(content))); err != nil {
		t.Fatal(err)
	}
}

// wantKept checks the digest of a version; content "" stands for none.
func wantKept(t *testing.T, d *middleware.DigestFile, file, version, content string) {
	t.Helper()
	sum, ok, err := d.Digest(t.Context(), middleware.FileVersion{File: file, Version: version})
	if err != nil || ok != (content != "") || ok && sum != sha256.Sum256([]byte(content)) {
		t.Errorf("%s in version %s: %x, %t, %v; want that of %q", file, version, sum, ok, err, content)
	}
}

// Digests survive a restart, and a crash in the middle of a line.
func TestDigestFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "digests")
	d := openDigests(t, name)
	record(t, d, "/srv/a", "1", "first")
	record(t, d, "/srv/a", "2", "second")
	record(t, d, "/srv/<b>&\n", "1", "odd")
	wantKept(t, d, "/srv/a", "1", "")
	wantKept(t, d, "/srv/a", "2", "second")
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"file":"/srv/c","vers`); err != nil {
		t.Fatal(err)
	}
	f.Close()
	d = openDigests(t, name)
	wantKept(t, d, "/srv/a", "2", "second")
	wantKept(t, d, "/srv/<b>&\n", "1", "odd")
	record(t, d, "/srv/c", "1", "third")
	d.Close()
	d = openDigests(t, name)
	defer d.Close()
	wantKept(t, d, "/srv/c", "1", "third")
}

// While a server is started again, the old process may still write to the file.
func TestDigestFileWhileTheServerIsReplaced(t *testing.T) {
	name := filepath.Join(t.TempDir(), "digests")
	before := openDigests(t, name)
	for i := range 1500 {
		record(t, before, "/srv/a", fmt.Sprint(i), "content")
	}
	for _, process := range []string{"first", "second", "third"} {
		after := openDigests(t, name)
		record(t, after, "/srv/with a long name/"+process, "1", "new")
		record(t, before, "/srv/"+process, "1", "old")
		record(t, after, "/srv/"+process+"/b", "1", "newer")
		if err := before.Close(); err != nil {
			t.Fatal(err)
		}
		before = after
	}
	before.Close()
	d := openDigests(t, name)
	defer d.Close()
	wantKept(t, d, "/srv/a", "1499", "content")
	for _, process := range []string{"first", "second", "third"} {
		wantKept(t, d, "/srv/with a long name/"+process, "1", "new")
		wantKept(t, d, "/srv/"+process+"/b", "1", "newer")
	}
}

// Old versions are removed when the file is opened.
func TestDigestFileStaysSmall(t *testing.T) {
	name := filepath.Join(t.TempDir(), "digests")
	d := openDigests(t, name)
	for i := range 1500 {
		record(t, d, "/srv/a", fmt.Sprint(i), "content")
	}
	d.Close()
	d = openDigests(t, name)
	record(t, d, "/srv/b", "1", "more")
	d.Close()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "\n"); n != 2 {
		t.Errorf("%d lines, want 2", n)
	}
	d = openDigests(t, name)
	defer d.Close()
	wantKept(t, d, "/srv/a", "1499", "content")
	wantKept(t, d, "/srv/b", "1", "more")
	if left, _ := filepath.Glob(name + ".*"); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// A file that can't be made smaller, as on a full disk or in a folder that the server may not
// write to, is used as it is. Here the name of its successor is too long.
func TestDigestFileThatStaysLarge(t *testing.T) {
	name := filepath.Join(t.TempDir(), strings.Repeat("d", 250))
	d := openDigests(t, name)
	for i := range 1500 {
		record(t, d, "/srv/a", fmt.Sprint(i), "content")
	}
	d.Close()
	d = openDigests(t, name)
	wantKept(t, d, "/srv/a", "1499", "content")
	record(t, d, "/srv/b", "1", "more")
	d.Close()
	d = openDigests(t, name)
	defer d.Close()
	wantKept(t, d, "/srv/b", "1", "more")
}

// A file of another kind is refused, and stays as it is.
func TestDigestFileRefusesOthers(t *testing.T) {
	dir := t.TempDir()
	for _, text := range []string{"hello\n", "hello", "{}", "a very long line without an end", "{}\n", `{"file":"/a","version":"1","sha256":"00"}` + "\n"} {
		proxytest.Write(t, dir, "digests", text)
		_, err := middleware.OpenDigestFile(filepath.Join(dir, "digests"))
		if err == nil || !strings.Contains(err.Error(), "line 1 is not a line of digests") {
			t.Errorf("%q: %v, want it refused", text, err)
		}
		if got, _ := os.ReadFile(filepath.Join(dir, "digests")); string(got) != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

// The first line may be cut off, too.
func TestDigestFileOfAnEarlyCrash(t *testing.T) {
	name := filepath.Join(t.TempDir(), "digests")
	for _, text := range []string{"", "{", `{"file":"/srv/a`} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		d := openDigests(t, name)
		record(t, d, "/srv/b", "1", "content")
		d.Close()
		d = openDigests(t, name)
		wantKept(t, d, "/srv/b", "1", "content")
		d.Close()
	}
}

// After a restart the digest is there without reading the file again.
func TestDigestsAfterRestart(t *testing.T) {
	dir := t.TempDir()
	proxytest.Write(t, dir, "a.bin", "0123456789")
	s := openDisk(t, dir)
	f, err := s.File("a.bin")
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "digests")
	kept := openDigests(t, name)
	d := middleware.NewDigests(kept, nil)
	if _, err := d.Compute(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	d.Close()
	kept.Close()

	kept = openDigests(t, name)
	defer kept.Close()
	d = middleware.NewDigests(kept, nil)
	d.Close() // nothing is computed any more
	view := d.View(downloadview.StorageView{Storage: s, Key: downloadview.PathKey("/")})
	if got := askFor(view, "/a.bin", wantDigests...).Header.Get("Repr-Digest"); got != digestOf("0123456789") {
		t.Errorf("Repr-Digest %q, want that of the file", got)
	}
}
