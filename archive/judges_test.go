package archive_test

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview/internal/testserver"
)

// run runs a program, and returns what it printed. The test fails if the program does.
func run(t testing.TB, dir, name string, args ...string) string {
	t.Helper()
	out, err := tryRun(t, dir, name, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

func tryRun(t testing.TB, dir, name string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, testserver.Binary(t, name, "DOWNLOADVIEW_"+strings.ToUpper(name)), args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "TZ=America/New_York")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// write stores b as a file, and returns its path.
func write(t testing.TB, name string, b []byte) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(p, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

// wantExtracted checks what a program has extracted into dir.
func wantExtracted(t testing.TB, dir string, members []member) {
	t.Helper()
	for _, m := range members {
		p := filepath.Join(dir, filepath.FromSlash(m.name))
		fi, err := os.Stat(p)
		switch {
		case err != nil:
			t.Error(err)
			continue
		case m.content == nil:
			if !fi.IsDir() {
				t.Errorf("%q is no folder", m.name)
			}
			continue
		case !fi.ModTime().Equal(date):
			t.Errorf("%q has the time %v, want %v", m.name, fi.ModTime().UTC(), date)
		case fi.Mode().Perm()&0o755 != 0o644: // bsdtar reads local headers, which have no mode
			t.Errorf("%q has the mode %v", m.name, fi.Mode())
		}
		if b, err := os.ReadFile(p); err != nil || !bytes.Equal(b, m.content) {
			t.Errorf("%q has other bytes (%d), want %d: %v", m.name, len(b), len(m.content), err)
		}
	}
}

// wantZip lets other programs read b.
func wantZip(t *testing.T, b []byte, members []member) {
	t.Helper()
	t.Run("archive/zip", func(t *testing.T) { wantGoZip(t, b, members) })
	p := write(t, "a.zip", b)
	for _, command := range [][]string{
		{"unzip", "-q", p},
		{"7z", "x", "-bd", p},
		{"bsdtar", "-xf", p},
		{"python3", "-c", "import sys, zipfile\nz = zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\nz.extractall()", p},
	} {
		t.Run(command[0], func(t *testing.T) {
			dir := t.TempDir()
			run(t, dir, command[0], command[1:]...)
			if command[0] == "python3" { // it doesn't set times and modes
				wantBytes(t, dir, members)
				return
			}
			wantExtracted(t, dir, members)
		})
	}
	t.Run("unzip -t", func(t *testing.T) {
		if out := run(t, "", "unzip", "-t", p); !strings.Contains(out, "No errors detected") || strings.Contains(out, "warning") {
			t.Error(out)
		}
	})
	t.Run("zipinfo", func(t *testing.T) {
		out := run(t, "", "zipinfo", "-v", p)
		if n := strings.Count(out, "Central directory entry #"); n != len(members) || strings.Contains(out, "warning") {
			t.Errorf("%d entries, want %d\n%s", n, len(members), out)
		}
	})
	t.Run("7z t", func(t *testing.T) {
		if out := run(t, "", "7z", "t", p); !strings.Contains(out, "Everything is Ok") || strings.Contains(out, "WARNING") {
			t.Error(out)
		}
	})
	t.Run("bsdtar from a stream", func(t *testing.T) {
		dir := t.TempDir()
		cmd := exec.Command(testserver.Binary(t, "bsdtar", "DOWNLOADVIEW_BSDTAR"), "-xf", "-")
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "LC_ALL=C.UTF-8")
		cmd.Stdin = bytes.NewReader(b)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		wantBytes(t, dir, members)
	})
}

func wantBytes(t testing.TB, dir string, members []member) {
	t.Helper()
	for _, m := range members {
		if m.content == nil {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(m.name)))
		if err != nil || !bytes.Equal(b, m.content) {
			t.Errorf("%q has other bytes (%d), want %d: %v", m.name, len(b), len(m.content), err)
		}
	}
}

func wantGoZip(t testing.TB, b []byte, members []member) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if len(z.File) != len(members) {
		t.Fatalf("%d members, want %d", len(z.File), len(members))
	}
	for i, f := range z.File {
		m := members[i]
		if f.Name != m.name || !f.Modified.Equal(date) || f.NonUTF8 {
			t.Errorf("%q of %v, want %q of %v", f.Name, f.Modified, m.name, date)
		}
		r, err := f.Open()
		if err != nil {
			t.Errorf("%q: %v", f.Name, err)
			continue
		}
		got, err := io.ReadAll(r)
		if r.Close(); err != nil || !bytes.Equal(got, m.content) {
			t.Errorf("%q has %d other bytes, want %d: %v", f.Name, len(got), len(m.content), err)
		}
	}
}
