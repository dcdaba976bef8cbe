package iofs_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/iofs"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func archiveOf(t *testing.T, members ...packed) *zip.Reader {
	t.Helper()
	r, err := pack(members...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func one(method uint16, modified time.Time, content string) packed {
	return packed{zip.FileHeader{Name: "x", Method: method, Modified: modified}, []byte(content)}
}

// facts opens key and returns the metadata of its handle.
func facts(t *testing.T, s downloadview.Storage, key string) downloadview.Attributes {
	t.Helper()
	fi, err := downloadview.Stat(t.Context(), fileOf(t, s, key))
	if err != nil {
		t.Fatal(err)
	}
	return downloadview.AttributesOf(fi)
}

func fileOf(t *testing.T, s downloadview.Storage, key string) downloadview.File {
	t.Helper()
	f, err := s.File(key)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func read(t *testing.T, s downloadview.Storage, key string) (string, error) {
	t.Helper()
	h, err := fileOf(t, s, key).Open(t.Context())
	if err != nil {
		return "", err
	}
	defer h.Close()
	content, err := io.ReadAll(h)
	return string(content), err
}

// edited is the archive of members with old replaced by changed in its bytes.
func edited(t *testing.T, old, changed string, members ...packed) *zip.Reader {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		f, err := w.CreateHeader(&m.FileHeader)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(m.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(b.Bytes(), []byte(old)) {
		t.Fatalf("the archive has no %q in it", old)
	}
	written := bytes.ReplaceAll(b.Bytes(), []byte(old), []byte(changed))
	r, err := zip.NewReader(bytes.NewReader(written), int64(len(written)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestMemberDate(t *testing.T) {
	const extended, unknown = "UT\x05\x00", "XX\x05\x00"
	zone := time.FixedZone("", -7*60*60)
	for _, c := range []struct {
		name    string
		archive *zip.Reader
		tag     bool
		modTime time.Time
	}{
		{"in UTC", archiveOf(t, one(zip.Store, noon, "content")), true, noon},
		{"with a zone", archiveOf(t, one(zip.Store, noon.In(zone), "content")), true, noon},
		{"MS-DOS only", edited(t, extended, unknown, one(zip.Store, noon, "content")), true, time.Time{}},
		{"none", archiveOf(t, one(zip.Store, time.Time{}, "content")), false, time.Time{}},
		{"the epoch", archiveOf(t, one(zip.Store, time.Unix(0, 0), "content")), false, time.Time{}},
		{"Python's and Java's", archiveOf(t, one(zip.Store, time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC), "content")), false, time.Time{}},
		{"Gradle's", edited(t, extended, unknown, one(zip.Store, time.Date(1980, 2, 1, 0, 0, 0, 0, time.UTC), "content")), false, time.Time{}},
		{"of an empty member", archiveOf(t, one(zip.Store, noon, "")), true, noon},
		{"deflated", archiveOf(t, one(zip.Deflate, noon, "content")), true, noon},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := facts(t, iofs.New(c.archive, nil), "x")
			if got := a.ETag != ""; got != c.tag {
				t.Errorf("entity tag = %q, want one: %t", a.ETag, c.tag)
			}
			if !a.ModTime.Equal(c.modTime) {
				t.Errorf("time = %v, want %v", a.ModTime, c.modTime)
			}
		})
	}
}

func TestMemberWithoutChecksum(t *testing.T) {
	r := archiveOf(t, one(zip.Store, noon, "content"))
	r.File[0].CRC32 = 0
	if a := facts(t, iofs.New(r, nil), "x"); a.ETag != "" || !a.ModTime.IsZero() {
		t.Errorf("entity tag = %q, time = %v, want neither", a.ETag, a.ModTime)
	}
}

// Reproducible builds have the same time in every version.
func TestTagTellsContentsOfOneTimeAndSize(t *testing.T) {
	a := facts(t, iofs.New(archiveOf(t, one(zip.Store, noon, "version 1")), nil), "x")
	b := facts(t, iofs.New(archiveOf(t, one(zip.Store, noon, "version 2")), nil), "x")
	same := facts(t, iofs.New(archiveOf(t, one(zip.Deflate, noon, "version 1")), nil), "x")
	if a.ETag == b.ETag {
		t.Errorf("two contents have the entity tag %s", a.ETag)
	}
	if a.ETag != same.ETag {
		t.Errorf("entity tag = %s, want that of the same content packed otherwise, %s", same.ETag, a.ETag)
	}
}

func download(t *testing.T, s downloadview.Storage, path string, fields ...string) (*http.Response, string, error) {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("/{path...}", downloadview.NewHandler(downloadview.StorageView{Storage: s}, quiet))
	server := httptest.NewServer(mux)
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(fields); i += 2 {
		r.Header.Set(fields[i], fields[i+1])
	}
	resp, err := server.Client().Do(r)
	if err != nil {
		return &http.Response{}, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp, string(body), err
}

// A member that doesn't match its checksum must not look complete.
func TestDamagedMember(t *testing.T) {
	for _, method := range []uint16{zip.Store, zip.Deflate} {
		for name, content := range map[string]string{
			"small": "0123456789",
			"large": strings.Repeat("0123456789", 100_000),
		} {
			r := archiveOf(t, one(method, noon, content))
			r.File[0].CRC32++
			s := iofs.New(r, nil)
			if got, err := read(t, s, "x"); !errors.Is(err, zip.ErrChecksum) || got == content {
				t.Errorf("%s, method %d: %d bytes, error is %v, want zip.ErrChecksum and not all bytes", name, method, len(got), err)
			}
			resp, body, err := download(t, s, "/x")
			if err == nil && resp.StatusCode == http.StatusOK || body == content {
				t.Errorf("%s, method %d: answer %d with %d bytes, %v, want a refusal or an abort", name, method, resp.StatusCode, len(body), err)
			}
		}
	}
}

// A member may be longer or shorter than its header says.
func TestMemberOfAnotherSize(t *testing.T) {
	for _, method := range []uint16{zip.Store, zip.Deflate} {
		for _, size := range []uint64{5, 20} {
			r := archiveOf(t, one(method, noon, "0123456789"))
			r.File[0].UncompressedSize64 = size
			s := iofs.New(r, nil)
			if got, err := read(t, s, "x"); err == nil {
				t.Errorf("method %d: a member of 10 bytes that says %d = %q, want an error", method, size, got)
			}
			if resp, body, err := download(t, s, "/x", "Range", "bytes=1-2"); err == nil && resp.StatusCode != http.StatusInternalServerError {
				t.Errorf("method %d: a range of 10 bytes that say %d is answered %d %q, want 500", method, size, resp.StatusCode, body)
			}
		}
	}
}

// countingReaderAt counts the bytes that are read from an archive.
type countingReaderAt struct {
	*bytes.Reader
	bytes int
}

func (c *countingReaderAt) ReadAt(p []byte, at int64) (int, error) {
	n, err := c.Reader.ReadAt(p, at)
	c.bytes += n
	return n, err
}

func TestRangesOfMembers(t *testing.T) {
	content := strings.Repeat("0123456789", 100_000)
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, method := range map[string]uint16{"stored": zip.Store, "deflated": zip.Deflate} {
		f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: method, Modified: noon})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	source := &countingReaderAt{Reader: bytes.NewReader(b.Bytes())}
	r, err := zip.NewReader(source, int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	s := iofs.New(r, nil)

	source.bytes = 0
	resp, body, err := download(t, s, "/stored", "Range", "bytes=-4")
	if err != nil || resp.StatusCode != http.StatusPartialContent || body != "6789" {
		t.Errorf("stored: %d %q, %v, want the last four bytes", resp.StatusCode, body, err)
	}
	if source.bytes > 1000 {
		t.Errorf("stored: %d bytes of the archive were read for four", source.bytes)
	}
	resp, body, err = download(t, s, "/stored", "Range", "bytes=1-2,-1")
	if err != nil || resp.StatusCode != http.StatusPartialContent || !strings.Contains(body, "\r\n\r\n12\r\n") {
		t.Errorf("stored, two ranges: %d, %d bytes, %v", resp.StatusCode, len(body), err)
	}

	resp, body, err = download(t, s, "/deflated", "Range", "bytes=-4")
	if err != nil || resp.StatusCode != http.StatusOK || body != content || resp.Header.Get("Accept-Ranges") != "none" {
		t.Errorf("deflated: %d with %d bytes, Accept-Ranges %q, %v, want the whole", resp.StatusCode, len(body), resp.Header.Get("Accept-Ranges"), err)
	}
}

// A range of all bytes is verified like the whole member.
func TestRangeOfAllIsChecked(t *testing.T) {
	r := archiveOf(t, one(zip.Store, noon, "0123456789"))
	r.File[0].CRC32++
	resp, body, err := download(t, iofs.New(r, nil), "/x", "Range", "bytes=0-")
	if err != nil || resp.StatusCode != http.StatusInternalServerError {
		t.Errorf("answer %d %q, %v, want 500", resp.StatusCode, body, err)
	}
}

func TestSeekAfterReading(t *testing.T) {
	s := iofs.New(archiveOf(t, one(zip.Store, noon, "0123456789")), nil)
	h, err := fileOf(t, s, "x").Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if _, err := io.ReadFull(h, make([]byte, 3)); err != nil {
		t.Fatal(err)
	}
	if at, err := h.(io.Seeker).Seek(2, io.SeekCurrent); at != 5 || err != nil {
		t.Errorf("Seek(2, io.SeekCurrent) after three bytes = %d, %v, want 5", at, err)
	}
	if rest, err := io.ReadAll(h); string(rest) != "56789" || err != nil {
		t.Errorf("rest = %q, %v", rest, err)
	}
}

func TestFolderOfArchive(t *testing.T) {
	r := archiveOf(t, packed{zip.FileHeader{Name: "d/x", Modified: noon}, []byte("content")})
	sub, err := fs.Sub(r, "d")
	if err != nil {
		t.Fatal(err)
	}
	s := iofs.New(sub, nil)
	if got, want := facts(t, s, "x"), facts(t, iofs.New(r, nil), "d/x"); got.ETag != want.ETag || got.ETag == "" {
		t.Errorf("entity tag = %q, want that of the whole archive's, %q", got.ETag, want.ETag)
	}
	if content, err := read(t, s, "x"); content != "content" || err != nil {
		t.Errorf("content = %q, %v", content, err)
	}
}

func TestHostileNames(t *testing.T) {
	var members []packed
	for _, name := range []string{"../../etc/passwd", "/abs", `win\file.txt`, `..\up`, "ok//double", "..", "", "nul\x00", "twice", "twice"} {
		members = append(members, packed{zip.FileHeader{Name: name, Modified: noon}, []byte("content of " + name)})
	}
	s := iofs.New(archiveOf(t, members...), nil)
	for key, want := range map[string]string{
		"etc/passwd":   "content of ../../etc/passwd",
		"abs":          "content of /abs",
		"win/file.txt": `content of win\file.txt`,
		"up":           `content of ..\up`,
		"ok/double":    "content of ok//double",
		"twice":        "content of twice",
	} {
		if got, err := read(t, s, key); got != want || err != nil {
			t.Errorf("%q = %q, %v, want %q", key, got, err, want)
		}
	}
	for _, key := range []string{"..", "../../etc/passwd", "/abs", "ok//double", ""} {
		if f, err := s.File(key); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("File(%q) = %v, %v, want fs.ErrInvalid", key, f, err)
		}
	}
	if names, err := namesIn(t, s, "win"); !slices.Equal(names, []string{"file.txt"}) || err != nil {
		t.Errorf("names in win = %q, %v, want file.txt", names, err)
	}
	want := []string{"abs", "etc", "nul\x00", "ok", "twice", "up", "win"}
	if names, err := namesIn(t, s, ""); !slices.Equal(names, want) || err != nil {
		t.Errorf("names = %q, %v, want %q", names, err, want)
	}
}

func namesIn(t *testing.T, s *iofs.Storage, folder string) (names []string, err error) {
	t.Helper()
	for fi, err := range s.List(t.Context(), folder) {
		if err != nil {
			return names, err
		}
		names = append(names, fi.Name())
	}
	return names, nil
}

func TestMembersThatAreNoFiles(t *testing.T) {
	link := zip.FileHeader{Name: "link"}
	link.SetMode(fs.ModeSymlink | 0o777)
	s := iofs.New(archiveOf(t, packed{link, []byte("/etc/passwd")}, packed{zip.FileHeader{Name: "folder/"}, nil}), nil)
	for _, key := range []string{"link", "folder"} {
		if content, err := read(t, s, key); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q = %q, %v, want fs.ErrNotExist", key, content, err)
		}
	}
	if names, err := namesIn(t, s, ""); !slices.Equal(names, []string{"folder"}) || err != nil {
		t.Errorf("names = %q, %v, want the folder", names, err)
	}
}

func TestUnreadableMembers(t *testing.T) {
	encrypted := archiveOf(t, one(zip.Store, noon, "0123456789"))
	encrypted.File[0].Flags |= 1
	unknown := archiveOf(t, one(zip.Store, noon, "0123456789"))
	unknown.File[0].Method = 99
	for name, r := range map[string]*zip.Reader{"encrypted": encrypted, "method 99": unknown} {
		_, err := read(t, iofs.New(r, nil), "x")
		if !errors.Is(err, zip.ErrAlgorithm) || downloadview.StatusCode(err) != http.StatusInternalServerError {
			t.Errorf("%s: error is %v, want zip.ErrAlgorithm, which is 500", name, err)
		}
	}
}
