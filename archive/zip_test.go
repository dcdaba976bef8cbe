package archive_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview/archive"
	"github.com/downloadview/downloadview/internal/testserver"
)

// withSums gives those entries that which accepts their CRC-32.
func withSums(members []member, which func(i int) bool) []archive.Entry {
	entries := entriesOf(members)
	for i, m := range members {
		if which(i) {
			sum := crc32.ChecksumIEEE(m.content)
			entries[i].CRC32 = &sum
		}
	}
	return entries
}

// layouts say which members have a known CRC-32.
var layouts = map[string]func(i int) bool{
	"framed": func(int) bool { return false },
	"stored": func(int) bool { return true },
	"mixed":  func(i int) bool { return i%2 == 0 },
}

func TestZip(t *testing.T) {
	for name, which := range layouts {
		t.Run(name, func(t *testing.T) {
			members := several()
			b := read(t, archive.Zip("a.zip", archive.Of(withSums(members, which)...), nil))
			wantZip(t, b, members)
		})
	}
	t.Run("empty", func(t *testing.T) {
		b := read(t, archive.Zip("a.zip", archive.Of(), nil))
		wantGoZip(t, b, nil)
		out, err := exec.Command("unzip", "-t", write(t, "a.zip", b)).CombinedOutput()
		if err == nil || !strings.Contains(string(out), "zipfile is empty") {
			t.Errorf("unzip: %v\n%s", err, out)
		}
	})
}

func TestRangesEqualTheWhole(t *testing.T) {
	for name, which := range layouts {
		t.Run(name, func(t *testing.T) {
			randomRanges(t, archive.Zip("a.zip", archive.Of(withSums(several()[:8], which)...), &archive.Options{Comment: "the end"}))
		})
	}
}

// Java's ZipInputStream reads a zip from a stream, which not every archive allows.
func TestJavaReadsAStream(t *testing.T) {
	classes := t.TempDir()
	run(t, "", "javac", "-d", classes, filepath.Join("testdata", "Stream.java"))
	java := testserver.Binary(t, "java", "DOWNLOADVIEW_JAVA")
	for name, which := range layouts {
		t.Run(name, func(t *testing.T) {
			members := several()
			cmd := exec.CommandContext(t.Context(), java, "-cp", classes, "Stream")
			cmd.Stdin = bytes.NewReader(read(t, archive.Zip("a.zip", archive.Of(withSums(members, which)...), nil)))
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			var want strings.Builder
			for _, m := range members {
				fmt.Fprintf(&want, "%d %08x\n", len(m.content), crc32.ChecksumIEEE(m.content))
			}
			if string(out) != want.String() {
				t.Errorf("got\n%s\nwant\n%s", out, want.String())
			}
		})
	}
}

// The metadata of entries is kept.
func TestMetadata(t *testing.T) {
	entries := []archive.Entry{
		{Name: "run", File: file("x", []byte("#!")), Mode: 0o755, Comment: "ein Kommentar: ö"},
		{Name: "d/", Mode: 0o700, ModTime: time.Date(2001, 2, 3, 4, 5, 7, 0, time.UTC)},
		{Name: "old", File: file("x", nil), ModTime: time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC)},
		{Name: "late", File: file("x", nil), ModTime: time.Date(2050, 1, 1, 2, 3, 4, 0, time.UTC), Mode: fs.ModeSetuid | 0o600},
		{File: file("a/b/of the key.txt", nil)},
	}
	b := read(t, archive.Zip("a.zip", archive.Of(entries...), &archive.Options{Comment: "of all: ü"}))
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if z.Comment != "of all: ü" {
		t.Errorf("comment %q", z.Comment)
	}
	for i, want := range []struct {
		name, comment string
		mode          fs.FileMode
		modified      time.Time
	}{
		{"run", "ein Kommentar: ö", 0o755, date},
		{"d/", "", fs.ModeDir | 0o700, time.Date(2001, 2, 3, 4, 5, 7, 0, time.UTC)},
		{"old", "", 0o644, time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)},
		{"late", "", 0o600, time.Date(2050, 1, 1, 2, 3, 4, 0, time.UTC)},
		{"a/b/of the key.txt", "", 0o644, date},
	} {
		f := z.File[i]
		if f.Name != want.name || f.Comment != want.comment || f.Mode() != want.mode || !f.Modified.Equal(want.modified) {
			t.Errorf("%q %q %v %v, want %+v", f.Name, f.Comment, f.Mode(), f.Modified.UTC(), want)
		}
	}
	if out := run(t, "", "zipinfo", "-lz", write(t, "a.zip", b)); !strings.Contains(out, "-rwxr-xr-x") || !strings.Contains(out, "drwx------") {
		t.Error(out)
	}
}
