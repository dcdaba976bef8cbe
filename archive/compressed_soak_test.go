package archive_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/archive"
)

// volume is the size of a part of a split archive on a FAT32 disk, 4095 MiB. Compressed, it
// has more than 4 GiB, because it can't be compressed.
const volume = 4095 << 20

// volumeFile is a file of that size, which is told beforehand if it is sized.
func volumeFile(sized bool) downloadview.File {
	a := &downloadview.Attributes{Size: -1, ETag: `"1"`}
	if sized {
		a.Size = volume
	}
	block := noise(1 << 20)
	return downloadview.FromFunc("volume", func(_ context.Context, w io.Writer) error {
		for range volume / int64(len(block)) {
			if _, err := w.Write(block); err != nil {
				return err
			}
		}
		return nil
	}, a)
}

// A reader of a stream learns by the header of a member whether its sizes have eight bytes.
func TestCompressedZipOfVolumes(t *testing.T) {
	h, err := archive.CompressedZip("a.zip", archive.Of(archive.Entry{File: volumeFile(true)}), nil).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	head := make([]byte, 6)
	if _, err := io.ReadFull(h, head); err != nil {
		t.Fatal(err)
	}
	if want := []byte("PK\x03\x04\x2d\x00"); !bytes.Equal(head, want) {
		t.Errorf("the archive begins with %q, want %q, the version for zip64", head, want)
	}
}

// Programs read such a member. One whose size wasn't known breaks the download off.
// make soak runs it: it takes minutes, and 5 GiB in a temporary folder.
func TestCompressedZipOfVolumesInFull(t *testing.T) {
	if os.Getenv("DOWNLOADVIEW_SOAK") == "" {
		t.Skip("takes minutes; runs if DOWNLOADVIEW_SOAK is set")
	}
	small := archive.Entry{Name: "small", File: file("s", []byte("abc"))}
	name := filepath.Join(t.TempDir(), "a.zip")
	out, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	copyTo(t, out, archive.CompressedZip("a.zip", archive.Of(archive.Entry{File: volumeFile(true)}, small), nil))
	for _, command := range [][]string{{"unzip", "-tq", name}, {"7z", "t", "-bd", name}} {
		within(t, command, nil)
	}
	if _, err := out.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if got := within(t, []string{"bsdtar", "-tf", "-"}, out); !strings.Contains(got, "volume\nsmall\n") {
		t.Errorf("bsdtar: %s", got)
	}

	h, err := archive.CompressedZip("a.zip", archive.Of(archive.Entry{File: volumeFile(false)}, small), nil).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if n, err := io.Copy(io.Discard, struct{ io.Reader }{h}); err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("%d bytes, %v, want an error", n, err)
	}
}
