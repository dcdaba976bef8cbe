package archive_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/archive"
	"github.com/downloadview/downloadview/internal/testserver"
)

// Programs read all bytes of members around 4 GiB. make soak runs it: it takes
// minutes, and 9 GiB in a temporary folder.
func TestLargeMembersInFull(t *testing.T) {
	if os.Getenv("DOWNLOADVIEW_SOAK") == "" {
		t.Skip("takes minutes; runs if DOWNLOADVIEW_SOAK is set")
	}
	classes := t.TempDir()
	run(t, "", "javac", "-d", classes, filepath.Join("testdata", "Stream.java"))
	sums := sumsOfZeros(1<<32-1, 1<<32, 1<<32+1)
	for _, size := range []int64{1<<32 - 1, 1 << 32, 1<<32 + 1} {
		for _, layout := range []string{"framed", "stored"} {
			t.Run(fmt.Sprintf("%s, %d", layout, size), func(t *testing.T) {
				large := archive.Entry{Name: "large", File: sparse(t, "large", size)}
				if sum := sums[size]; layout == "stored" {
					large.CRC32 = &sum
				}
				f := archive.Zip("a.zip", archive.Of(large, archive.Entry{Name: "small", File: file("s", []byte("abc"))}), nil)
				name := filepath.Join(t.TempDir(), "a.zip")
				out, err := os.Create(name)
				if err != nil {
					t.Fatal(err)
				}
				defer out.Close()
				copyTo(t, out, f)
				for _, command := range [][]string{{"unzip", "-tq", name}, {"7z", "t", "-bd", name}} {
					within(t, command, nil)
				}
				in, err := os.Open(name)
				if err != nil {
					t.Fatal(err)
				}
				defer in.Close()
				if got := within(t, []string{"bsdtar", "-tf", "-"}, in); !strings.Contains(got, "large\nsmall\n") {
					t.Errorf("bsdtar: %s", got)
				}
				if _, err := in.Seek(0, io.SeekStart); err != nil {
					t.Fatal(err)
				}
				want := fmt.Sprintf("%d %08x\n3 352441c2\n", size, sums[size])
				if got := within(t, []string{"java", "-cp", classes, "Stream"}, in); got != want {
					t.Errorf("java: %q, want %q", got, want)
				}
			})
		}
	}
}

func copyTo(t *testing.T, w io.Writer, f downloadview.File) {
	t.Helper()
	h, err := f.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if _, err := io.Copy(w, struct{ io.Reader }{h}); err != nil {
		t.Fatal(err)
	}
}

func within(t *testing.T, command []string, in io.Reader) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, testserver.Binary(t, command[0], "DOWNLOADVIEW_"+strings.ToUpper(command[0])), command[1:]...)
	cmd.Stdin = in
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v\n%s", command[0], err, out)
	}
	return string(out)
}
