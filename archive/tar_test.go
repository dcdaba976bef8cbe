package archive_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview/archive"
)

func TestTar(t *testing.T) {
	members := append(several(), member{strings.Repeat("a long folder/", 30) + "ü.txt", []byte("long")})
	f := archive.Tar("a.tar", archive.Of(entriesOf(members)...), nil)
	b := read(t, f)
	if len(b)%512 != 0 {
		t.Errorf("%d bytes are no whole blocks", len(b))
	}
	t.Run("archive/tar", func(t *testing.T) {
		r := tar.NewReader(bytes.NewReader(b))
		for _, m := range members {
			h, err := r.Next()
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			if err != nil || h.Name != m.name || !h.ModTime.Equal(date) || !bytes.Equal(got, m.content) {
				t.Errorf("%q of %v, %d bytes, %v; want %q", h.Name, h.ModTime, len(got), err, m.name)
			}
		}
		if _, err := r.Next(); !errors.Is(err, io.EOF) {
			t.Errorf("at the end: %v", err)
		}
	})
	p := write(t, "a.tar", b)
	for _, command := range [][]string{
		{"tar", "-xf", p},
		{"bsdtar", "-xf", p},
		{"7z", "x", "-bd", p},
		{"python3", "-c", "import sys, tarfile\nfor m in (t := tarfile.open(sys.argv[1])):\n t.extract(m)", p},
	} {
		t.Run(command[0], func(t *testing.T) {
			dir := t.TempDir()
			run(t, dir, command[0], command[1:]...)
			wantExtracted(t, dir, members)
		})
	}
}

func TestRangesOfTar(t *testing.T) {
	randomRanges(t, archive.Tar("a.tar", archive.Of(entriesOf(several()[:8])...), nil))
}

func TestTarMetadata(t *testing.T) {
	b := read(t, archive.Tar("a.tar", archive.Of(
		archive.Entry{Name: "run", File: file("x", []byte("#!")), Mode: 0o755, Comment: "left out"},
		archive.Entry{Name: "d/", Mode: 0o700, ModTime: time.Date(1950, 1, 2, 3, 4, 5, 0, time.UTC)},
	), nil))
	r := tar.NewReader(bytes.NewReader(b))
	for _, want := range []struct {
		name string
		mode fs.FileMode
		at   time.Time
	}{{"run", 0o755, date}, {"d/", fs.ModeDir | 0o700, time.Date(1950, 1, 2, 3, 4, 5, 0, time.UTC)}} {
		h, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if h.Name != want.name || h.FileInfo().Mode() != want.mode || !h.ModTime.Equal(want.at) {
			t.Errorf("%q %v %v, want %+v", h.Name, h.FileInfo().Mode(), h.ModTime, want)
		}
	}
}
