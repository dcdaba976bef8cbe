package archive_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/archive"
)

func readAll(t testing.TB, f downloadview.File) []byte {
	t.Helper()
	h, err := f.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	b, err := io.ReadAll(h)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCompressedZip(t *testing.T) {
	members := append(several(), member{"text.txt", bytes.Repeat([]byte("all work and no play "), 10_000)})
	entries := withSums(members, func(i int) bool { return i%3 == 0 })
	for name, o := range map[string]*archive.Options{
		"all":  nil,
		"some": {Level: 9, Compress: func(name string) bool { return strings.HasSuffix(name, ".txt") }},
	} {
		t.Run(name, func(t *testing.T) {
			b := readAll(t, archive.CompressedZip("a.zip", archive.Of(entries...), o))
			wantZip(t, b, members)
			z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
			if err != nil {
				t.Fatal(err)
			}
			if f := z.File[len(members)-1]; f.CompressedSize64 > 5000 {
				t.Errorf("the text has %d bytes of %d", f.CompressedSize64, f.UncompressedSize64)
			}
			if f := z.File[len(members)-2]; name == "some" && f.Method != zip.Store || f.CompressedSize64 < f.UncompressedSize64 {
				t.Errorf("%q has the method %d and %d bytes", f.Name, f.Method, f.CompressedSize64)
			}
		})
	}
}

// Content of unknown size can be compressed, but not be in other archives.
func TestCompressedZipOfUnknownSize(t *testing.T) {
	text := strings.Repeat("a row of a table\n", 1000)
	e := archive.Entry{Name: "table.csv", ModTime: date, File: downloadview.FromFunc("t", func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}, nil)}
	wantGoZip(t, readAll(t, archive.CompressedZip("a.zip", archive.Of(e), nil)), []member{{"table.csv", []byte(text)}})
	if _, err := archive.Zip("a.zip", archive.Of(e), nil).Open(t.Context()); err == nil || !strings.Contains(err.Error(), "size of the file is not known") {
		t.Errorf("Zip: %v", err)
	}
}

func TestCompressedZipByHTTP(t *testing.T) {
	url := serve(t, func() downloadview.File {
		return archive.CompressedZip("a.zip", archive.Of(entriesOf(several())...), nil)
	})
	whole := ask(t, "GET", url)
	wantGoZip(t, whole.body, several())
	if whole.err != nil || whole.ContentLength != -1 || whole.Header.Get("Accept-Ranges") != "" || whole.Header.Get("Etag") == "" {
		t.Errorf("%v, length %d, %v", whole.err, whole.ContentLength, whole.Header)
	}
	if got := ask(t, "GET", url, "Range", "bytes=5-"); got.StatusCode != 200 || !bytes.Equal(got.body, whole.body) {
		t.Errorf("a range: %d, %d bytes", got.StatusCode, len(got.body))
	}
	if got := ask(t, "GET", url, "If-None-Match", whole.Header.Get("Etag")); got.StatusCode != 304 {
		t.Errorf("If-None-Match: %d", got.StatusCode)
	}
	if got := ask(t, "HEAD", url); got.StatusCode != 200 || got.ContentLength != -1 {
		t.Errorf("HEAD: %d, length %d", got.StatusCode, got.ContentLength)
	}
}

// A member that fails breaks the download off, so that the part is not taken for the
// whole.
func TestCompressedZipFails(t *testing.T) {
	for name, second := range map[string]downloadview.File{
		"fails":      failing{file("second", noise(5000)), errors.New("no")},
		"ends early": failing{file("second", noise(5000)), io.EOF},
		"is gone":    intercepted{file("second", noise(5000)), func() error { return os.ErrNotExist }},
		"has more":   archivedAs(file("second", noise(5000)), 4000),
	} {
		t.Run(name, func(t *testing.T) {
			ended := make(chan downloadview.Outcome, 1)
			url := serveObserved(t, func(_ *http.Request, o downloadview.Outcome) { ended <- o }, func() downloadview.File {
				return archive.CompressedZip("a.zip", archive.Of(
					archive.Entry{File: file("first", noise(100_000))}, archive.Entry{File: second},
				), nil)
			})
			got := ask(t, "GET", url)
			o := <-ended
			if got.StatusCode != 200 || got.err == nil || o.AbortedBy != downloadview.AbortedByOrigin || !strings.Contains(o.Err.Error(), `member "second": `) {
				t.Errorf("%d, %v; ended by %v: %v", got.StatusCode, got.err, o.AbortedBy, o.Err)
			}
		})
	}
	if _, err := archive.CompressedZip("a.zip", archive.Of(), &archive.Options{Level: 10}).Open(t.Context()); err == nil || !strings.Contains(err.Error(), "10") {
		t.Errorf("level 10: %v", err)
	}
}

// archivedAs says another size than f has.
func archivedAs(f downloadview.File, size int64) downloadview.File {
	return downloadview.FromFunc(f.Name(), func(ctx context.Context, w io.Writer) error {
		h, err := f.Open(ctx)
		if err != nil {
			return err
		}
		defer h.Close()
		_, err = io.Copy(w, h)
		return err
	}, &downloadview.Attributes{Size: size})
}
