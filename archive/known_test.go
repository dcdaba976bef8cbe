package archive_test

import (
	"archive/zip"
	"bytes"
	"context"
	"hash/crc32"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/archive"
	"github.com/downloadview/downloadview/storage/iofs"
)

func methods(t testing.TB, b []byte) (methods []uint16) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		methods = append(methods, f.Method)
	}
	return methods
}

// A client that began before the checksums were computed goes on with that archive.
// One that begins later gets the new one.
func TestKnownChecksums(t *testing.T) {
	known := archive.NewMemory(0)
	var n atomic.Int64
	content := map[string][]byte{"a": noise(100_000), "b": noise(70_000)}
	entries := archive.Of(
		archive.Entry{Name: "a", File: counted{file("a", content["a"]), "a", &n}},
		archive.Entry{Name: "b", File: counted{file("b", content["b"]), "b", &n}},
	)
	view := downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: archive.Zip("a.zip", entries, &archive.Options{
			Known: known, IfRange: r.Header.Get("If-Range"),
		})}, nil
	})
	s := httptest.NewServer(downloadview.NewHandler(view, nil))
	defer s.Close()
	before := ask(t, "GET", s.URL)
	if err := archive.Warm(t.Context(), entries, known); err != nil {
		t.Fatal(err)
	}
	after := ask(t, "GET", s.URL)
	if m := methods(t, before.body); m[0] != zip.Deflate || m[1] != zip.Deflate {
		t.Errorf("before: methods %d", m)
	}
	if m := methods(t, after.body); m[0] != zip.Store || m[1] != zip.Store {
		t.Errorf("after: methods %d", m)
	}
	wantGoZip(t, after.body, []member{{"a", content["a"]}, {"b", content["b"]}})
	for _, tt := range []struct {
		tag  string
		want answer
	}{{before.Header.Get("Etag"), before}, {after.Header.Get("Etag"), after}} {
		got := ask(t, "GET", s.URL, "Range", "bytes=90000-", "If-Range", tt.tag)
		if got.StatusCode != 206 || !bytes.Equal(got.body, tt.want.body[90000:]) || got.Header.Get("Etag") != tt.tag {
			t.Errorf("If-Range %s: %d, %d other bytes", tt.tag, got.StatusCode, len(got.body))
		}
	}
	if got := ask(t, "GET", s.URL, "Range", "bytes=90000-", "If-Range", `"other"`); got.StatusCode != 200 || !bytes.Equal(got.body, after.body) {
		t.Errorf("If-Range of another version: %d", got.StatusCode)
	}

	n.Store(0)
	if err := archive.Warm(t.Context(), entries, known); err != nil || n.Load() != 0 {
		t.Errorf("Warm again: %v, %d bytes read", err, n.Load())
	}
}

// A file that others write to while it is read is left out, and doesn't keep the rest from
// being computed.
func TestWarmWhileAFileGrows(t *testing.T) {
	dir, entries := onDisk(t, map[string][]byte{"a.log": noise(1000), "b.pdf": noise(1000)})
	for i := range entries {
		f := entries[i].File
		fi, err := downloadview.Stat(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		a := downloadview.AttributesOf(fi)
		entries[i].Attributes = &a
		if f.Name() == "a.log" {
			entries[i].File = growing{f, filepath.Join(dir, "a.log")}
		}
	}
	known := archive.NewMemory(0)
	if err := archive.Warm(t.Context(), archive.Of(entries...), known); err != nil {
		t.Error(err)
	}
	for _, e := range entries {
		v, ok := archive.VersionOf(e.File, *e.Attributes)
		if !ok {
			t.Fatal("no version")
		}
		if _, got := known.Load(t.Context(), v, v.Size); got != (e.File.Name() == "b.pdf") {
			t.Errorf("%s: its checksum is known: %t", e.File.Name(), got)
		}
	}
}

// A growing file gets a line more when it has been opened.
type growing struct {
	downloadview.File
	path string
}

func (f growing) Unwrap() downloadview.File { return f.File }

func (f growing) Open(ctx context.Context) (fs.File, error) {
	h, err := f.File.Open(ctx)
	return &growingHandle{h, f.path}, err
}

type growingHandle struct {
	fs.File
	path string
}

func (h *growingHandle) Read(p []byte) (int, error) {
	if h.path != "" {
		f, err := os.OpenFile(h.path, os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			return 0, err
		}
		defer f.Close()
		h.path = ""
		if _, err := f.WriteString("one line more\n"); err != nil {
			return 0, err
		}
	}
	return h.File.Read(p)
}

// What a store knows is used: the members of a zip archive, and what FileInfo says.
func TestStoredChecksums(t *testing.T) {
	inner := read(t, archive.Zip("in.zip", archive.Of(archive.Entry{Name: "x", File: file("x", noise(1000))}), nil))
	z, err := zip.NewReader(bytes.NewReader(inner), int64(len(inner)))
	if err != nil {
		t.Fatal(err)
	}
	fromZip, err := iofs.New(z, nil).File("x")
	if err != nil {
		t.Fatal(err)
	}
	b := read(t, archive.Zip("a.zip", archive.Of(
		archive.Entry{Name: "x", File: fromZip, ModTime: date},
		archive.Entry{Name: "y", File: summed{file("y", noise(500)), crc32.ChecksumIEEE(noise(500))}, ModTime: date},
		archive.Entry{Name: "z", File: file("z", noise(5)), ModTime: date},
	), nil))
	if m := methods(t, b); m[0] != zip.Store || m[1] != zip.Store || m[2] != zip.Deflate {
		t.Errorf("methods %d", m)
	}
	wantGoZip(t, b, []member{{"x", noise(1000)}, {"y", noise(500)}, {"z", noise(5)}})
}

// summed is a file whose store has its CRC-32.
type summed struct {
	downloadview.File
	sum uint32
}

func (f summed) Stat(ctx context.Context) (fs.FileInfo, error) {
	fi, err := downloadview.Stat(ctx, f.File)
	return summedInfo{fi, downloadview.AttributesOf(fi), f.sum}, err
}

type summedInfo struct {
	fs.FileInfo
	attributes downloadview.Attributes
	sum        uint32
}

func (i summedInfo) Attributes() downloadview.Attributes { return i.attributes }
func (i summedInfo) CRC32() (uint32, bool)               { return i.sum, true }
