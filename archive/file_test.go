package archive_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/archive"
	"github.com/downloadview/downloadview/storage/disk"
	"github.com/downloadview/downloadview/storage/storagetest"
)

func TestFactsAreTrue(t *testing.T) {
	for name, f := range map[string]downloadview.File{
		"zip":            archive.Zip("a.zip", archive.Of(entriesOf(several())...), nil),
		"tar":            archive.Tar("a.tar", archive.Of(entriesOf(several())...), nil),
		"compressed zip": archive.CompressedZip("a.zip", archive.Of(entriesOf(several())...), nil),
	} {
		if err := storagetest.CheckFile(t.Context(), f); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if f.Name() == "" {
			t.Error("no name")
		}
	}
}

// Making an archive, and looking at it if its entries have attributes, opens nothing.
func TestLazy(t *testing.T) {
	touched := errors.New("touched")
	f := intercepted{nothingToStat{file("x", noise(10))}, func() error { return touched }}
	a := downloadview.Attributes{Size: 10, ETag: `"1"`}
	zip := archive.Zip("a.zip", archive.Of(archive.Entry{File: f, Attributes: &a}), nil)
	fi, err := downloadview.Stat(t.Context(), zip)
	if err != nil || fi.Size() != 30+1+10+5+16+46+1+22 {
		t.Errorf("%v, %v", fi, err)
	}
	if _, err := io.ReadAll(must(zip.Open(t.Context()))); err == nil || !strings.Contains(err.Error(), "touched") {
		t.Errorf("reading: %v", err)
	}
}

type nothingToStat struct{ downloadview.File }

func (nothingToStat) Stat(context.Context) (fs.FileInfo, error) { panic("Stat") }

func must(h fs.File, err error) fs.File {
	if err != nil {
		panic(err)
	}
	return h
}

// Files are asked several at once, but not too many.
func TestLookups(t *testing.T) {
	for give, want := range map[int]int64{0: 8, 3: 3} {
		synctest.Test(t, func(t *testing.T) {
			var now, most atomic.Int64
			var entries []archive.Entry
			for range 40 {
				entries = append(entries, archive.Entry{File: asked{file("x", nil), func() {
					now.Add(1)
					time.Sleep(time.Second) // until nobody else can start
					most.Store(max(most.Load(), now.Load()))
					time.Sleep(time.Second)
					now.Add(-1)
				}}})
			}
			if _, err := downloadview.Stat(t.Context(), archive.Zip("a.zip", archive.Of(entries...), &archive.Options{Lookups: give})); err != nil {
				t.Fatal(err)
			}
			if got := most.Load(); got != want {
				t.Errorf("Lookups %d: %d at once, want %d", give, got, want)
			}
		})
	}
}

type asked struct {
	downloadview.File
	stat func()
}

func (f asked) Stat(ctx context.Context) (fs.FileInfo, error) {
	f.stat()
	return downloadview.Stat(ctx, f.File)
}

// A resumed download of an archive with a member that was replaced begins again.
func TestResumeAfterChange(t *testing.T) {
	dir, entries := onDisk(t, map[string][]byte{"a": noise(100_000)})
	zip := archive.Zip("a.zip", archive.Of(entries...), nil)
	url := serve(t, func() downloadview.File { return zip })
	before := ask(t, "GET", url)
	tag := before.Header.Get("Etag")
	if got := ask(t, "GET", url, "Range", "bytes=50000-", "If-Range", tag); got.StatusCode != 206 || !bytes.Equal(got.body, before.body[50000:]) {
		t.Errorf("unchanged: %d", got.StatusCode)
	}
	pinned := downloadview.Pin(zip, tag)
	if err := os.WriteFile(filepath.Join(dir, "a"), noise(99_999), 0o600); err != nil {
		t.Fatal(err)
	}
	got := ask(t, "GET", url, "Range", "bytes=50000-", "If-Range", tag)
	if got.StatusCode != 200 || got.Header.Get("Etag") == tag || bytes.Equal(got.body, before.body) {
		t.Errorf("changed: %d with the tag %s", got.StatusCode, got.Header.Get("Etag"))
	}
	for name, open := range map[string]func() (fs.File, error){
		"Open":      func() (fs.File, error) { return pinned.Open(t.Context()) },
		"OpenRange": func() (fs.File, error) { return downloadview.OpenRange(t.Context(), pinned, 5, 10) },
	} {
		if h, err := open(); !errors.Is(err, downloadview.ErrChanged) {
			t.Errorf("%s of the former version: %v, %v", name, h, err)
		}
	}
	if _, err := downloadview.Stat(t.Context(), pinned); !errors.Is(err, downloadview.ErrChanged) {
		t.Errorf("Stat of the former version: %v", err)
	}
}

// One answer asks the files once, also if it needs the metadata of the archive and then
// its bytes.
func TestOneLook(t *testing.T) {
	var n atomic.Int64
	entries := archive.Of(archive.Entry{File: asked{file("x", noise(10_000)), func() { n.Add(1) }}})
	for name, f := range map[string]downloadview.File{
		"zip":            archive.Zip("a.zip", entries, nil),
		"tar":            archive.Tar("a.tar", entries, nil),
		"compressed zip": archive.CompressedZip("a.zip", entries, nil),
	} {
		url := serve(t, func() downloadview.File { return f })
		tag := ask(t, "GET", url).Header.Get("Etag")
		for _, tt := range []struct {
			method string
			status int // of an archive with ranges
			fields []string
		}{
			{"GET", 200, nil},
			{"HEAD", 200, nil},
			{"GET", 304, []string{"If-None-Match", tag}},
			{"GET", 200, []string{"If-None-Match", `"other"`}},
			{"HEAD", 200, []string{"If-None-Match", `"other"`}},
			{"GET", 200, []string{"If-Modified-Since", "Thu, 01 Jan 1970 00:00:00 GMT"}},
			{"GET", 412, []string{"If-Match", `"other"`}},
			{"GET", 206, []string{"Range", "bytes=5-"}},
			{"GET", 206, []string{"Range", "bytes=5-", "If-Match", tag}},
			{"GET", 206, []string{"Range", "bytes=5-", "If-None-Match", `"other"`}},
			{"GET", 206, []string{"Range", "bytes=5-", "If-Range", tag}},
			{"GET", 200, []string{"Range", "bytes=5-", "If-Range", `"other"`}},
			{"GET", 206, []string{"Range", "bytes=1-2,2000-2001,5000-5001,9000-"}},
			{"GET", 416, []string{"Range", "bytes=100000-", "If-Match", tag}},
		} {
			if name == "compressed zip" && (tt.status == 206 || tt.status == 416) {
				tt.status = 200
			}
			n.Store(0)
			got := ask(t, tt.method, url, tt.fields...)
			if got.StatusCode != tt.status || got.err != nil {
				t.Errorf("%s, %s %q: %d, %v; want %d", name, tt.method, tt.fields, got.StatusCode, got.err, tt.status)
			}
			if n.Load() != 1 {
				t.Errorf("%s, %s %q: the file was asked %d times, want once", name, tt.method, tt.fields, n.Load())
			}
		}
	}
}

// The next answer asks the files again.
func TestNextAnswerLooksAgain(t *testing.T) {
	dir, entries := onDisk(t, map[string][]byte{"a": noise(1000)})
	zip := archive.Zip("a.zip", archive.Of(entries...), nil)
	url := serve(t, func() downloadview.File { return zip })
	before := ask(t, "GET", url, "If-None-Match", `"other"`)
	if err := os.WriteFile(filepath.Join(dir, "a"), noise(999), 0o600); err != nil {
		t.Fatal(err)
	}
	after := ask(t, "GET", url, "If-None-Match", before.Header.Get("Etag"))
	if after.StatusCode != 200 || after.ContentLength != before.ContentLength-1 || after.err != nil {
		t.Errorf("%d with %d bytes, %v; want 200 with %d", after.StatusCode, after.ContentLength, after.err, before.ContentLength-1)
	}
}

// What a listing says fits what is opened.
func TestAttributesOfAListing(t *testing.T) {
	dir, _ := onDisk(t, map[string][]byte{"a": noise(1000), "b": noise(10)})
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	storage := disk.New(root, nil)
	b := read(t, archive.Zip("a.zip", func(yield func(archive.Entry, error) bool) {
		for fi, err := range storage.List(t.Context(), "") {
			if err != nil {
				yield(archive.Entry{}, err)
				return
			}
			f, err := storage.File(fi.Name())
			a := downloadview.AttributesOf(fi)
			if !yield(archive.Entry{File: f, Attributes: &a}, err) {
				return
			}
		}
	}, nil))
	wantGoZip(t, b, []member{{"a", noise(1000)}, {"b", noise(10)}})
}

// A listing, or a database, may know the time of a file that has an entity tag, too, when
// it is opened. Then the time tells whether the file is the one that is expected.
func TestTimeOfAFileWithATag(t *testing.T) {
	f := file("x", noise(1000))
	for name, made := range map[string]func(string, iter.Seq2[archive.Entry, error], *archive.Options) downloadview.File{
		"zip": archive.Zip, "tar": archive.Tar, "compressed zip": archive.CompressedZip,
	} {
		for after, changed := range map[time.Duration]bool{
			0: false, 999 * time.Millisecond: false, // the bucket of f has fractions in its listings only
			-time.Millisecond: true, time.Second: true,
		} {
			e := archive.Entry{File: f, Attributes: &downloadview.Attributes{Size: 1000, ModTime: date.Add(after)}}
			h, err := made("a", archive.Of(e), nil).Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(h)
			if changed && (!errors.Is(err, downloadview.ErrChanged) || len(b) > 0) || !changed && err != nil {
				t.Errorf("%s, %v later: %d bytes, %v", name, after, len(b), err)
			}
			h.Close()
		}
	}
}

// Without a validator, the size tells that a file is not the one that is expected.
func TestAnotherSize(t *testing.T) {
	for _, size := range []int64{999, 1001} {
		e := archive.Entry{File: downloadview.FromBytes("x", noise(1000), nil), Attributes: &downloadview.Attributes{Size: size}}
		h, err := archive.Zip("a.zip", archive.Of(e), nil).Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(h); !errors.Is(err, downloadview.ErrChanged) || len(b) > 0 {
			t.Errorf("%d bytes expected: %d bytes, %v", size, len(b), err)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A member without a validator leaves an archive without a tag and without ranges.
func TestNoValidator(t *testing.T) {
	plain := downloadview.FromBytes("x", noise(1000), nil)
	url := serve(t, func() downloadview.File {
		return archive.Zip("a.zip", archive.Of(archive.Entry{File: file("y", noise(10))}, archive.Entry{File: plain}), nil)
	})
	whole := ask(t, "GET", url)
	for _, fields := range [][]string{
		nil,
		{"If-None-Match", `"other"`},
		{"Range", "bytes=100-"},
		{"Range", "bytes=-100"},
		{"Range", "bytes=1-2,5-6"},
		{"Range", "bytes=100-", "If-None-Match", `"other"`},
	} {
		got := ask(t, "GET", url, fields...)
		if got.StatusCode != 200 || !bytes.Equal(got.body, whole.body) || got.Header.Get("Etag") != "" || got.Header.Get("Accept-Ranges") == "bytes" {
			t.Errorf("%q: %d, %v", fields, got.StatusCode, got.Header)
		}
	}
	if head := ask(t, "HEAD", url); head.StatusCode != 200 || head.ContentLength != whole.ContentLength || head.Header["Accept-Ranges"] != nil {
		t.Errorf("HEAD: %d, %v", head.StatusCode, head.Header)
	}
}

// Several requests may use one archive.
func TestConcurrentUse(t *testing.T) {
	f := archive.Zip("a.zip", archive.Of(entriesOf(several())...), &archive.Options{Resume: archive.NewMemory(10)})
	url, want := serve(t, func() downloadview.File { return f }), read(t, f)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if got := ask(t, "GET", url); got.err != nil || !bytes.Equal(got.body, want) {
				t.Errorf("%d bytes, %v", len(got.body), got.err)
			}
			if got := ask(t, "GET", url, "Range", "bytes=1000-1999,90000-"); got.err != nil || got.StatusCode != 206 {
				t.Errorf("ranges: %d, %v", got.StatusCode, got.err)
			}
		})
	}
	all.Wait()
}

// A nil file is an error, not a panic.
func TestNilFile(t *testing.T) {
	var none *asked
	_, err := archive.Zip("a.zip", archive.Of(archive.Entry{Name: "x", File: none}), nil).Open(t.Context())
	if err == nil || !strings.Contains(err.Error(), `member "x": the File is a nil *archive_test.asked`) {
		t.Error(err)
	}
}

// Progress comes about once for each MiB, and ends at the end of what was asked for.
func TestProgress(t *testing.T) {
	var reports []archive.Progress
	f := archive.Zip("a.zip", archive.Of(archive.Entry{File: file("a", noise(5<<20))}, archive.Entry{File: file("b", nil)}), &archive.Options{
		Progress: func(_ context.Context, p archive.Progress) { reports = append(reports, p) },
	})
	size := int64(len(read(t, f)))
	if n := len(reports); n < 5 || n > 8 {
		t.Errorf("%d reports of 5 MiB", n)
	}
	if p := reports[0]; p.Offset == 0 || p.Size != size || p.Name != "a" || p.Members != 2 || p.Member != 0 {
		t.Errorf("first: %+v", p)
	}
	if p := reports[len(reports)-1]; p.Offset != size || p.Name != "" {
		t.Errorf("last: %+v, of %d bytes", p, size)
	}
	reports = nil
	h, err := downloadview.OpenRange(t.Context(), f, 2<<20, 100)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if _, err := io.ReadAll(h); err != nil {
		t.Fatal(err)
	}
	if p := reports[len(reports)-1]; p.Offset != 2<<20+100 || p.Name != "a" {
		t.Errorf("of a range: %+v", p)
	}
}
