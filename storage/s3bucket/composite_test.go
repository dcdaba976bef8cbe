package s3bucket_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/archive"
	"github.com/downloadview/downloadview/storage/s3bucket"
)

// What was uploaded in parts with the checksum type COMPOSITE when the answers in
// testdata/minio were recorded, by MinIO's release of 2026-02-12.
var (
	twoParts   = strings.Repeat("0123456789abcdef", 5<<16) + "the end"
	threeParts = strings.Repeat("a", 5<<20) + strings.Repeat("b", 5<<20) + "c"
)

// The CRC-32 of an object is combined from those of its parts, which are asked for only
// when it is needed.
func TestCompositeCRC32(t *testing.T) {
	for _, tt := range []struct {
		name, content string
		asks          int64 // requests for the parts
	}{
		{"two", twoParts, 1},
		{"three", threeParts, 2}, // two of them in the first answer
	} {
		s, asked := recorded(t, tt.name, tt.content)
		fi, err := downloadview.Stat(t.Context(), file(t, s, "a"))
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := crc32Of(fi); ok || asked.Load() != 0 {
			t.Errorf("%s: %t, %d requests for the parts before they are needed", tt.name, ok, asked.Load())
		}
		sum, ok, err := askCRC32(t.Context(), t, fi)
		if want := crc32.ChecksumIEEE([]byte(tt.content)); err != nil || !ok || sum != want || asked.Load() != tt.asks {
			t.Errorf("%s: %08x %t %v after %d requests, want %08x after %d", tt.name, sum, ok, err, asked.Load(), want, tt.asks)
		}
	}
}

// recorded is a store with MinIO's answers. It counts the requests for the parts.
func recorded(t *testing.T, name, content string) (*s3bucket.Storage, *atomic.Int64) {
	t.Helper()
	var asked atomic.Int64
	return fake(t, func(w http.ResponseWriter, r *http.Request) {
		which := name
		switch {
		case r.Method == http.MethodHead:
		case !r.URL.Query().Has("attributes"):
			w.Header().Set("ETag", `"2cee421f1404f02d0f7498f6947d28fe-2"`)
			io.WriteString(w, content)
			return
		default:
			asked.Add(1)
			if name == "three" {
				which = map[string]string{"": "three-first", "2": "three-rest"}[r.Header.Get("X-Amz-Part-Number-Marker")]
			}
		}
		replay(t, w, filepath.Join("testdata", "minio", "composite-"+which+"."+strings.ToLower(r.Method)+".http"))
	}), &asked
}

func askCRC32(ctx context.Context, t *testing.T, fi fs.FileInfo) (uint32, bool, error) {
	t.Helper()
	s, ok := fi.(interface {
		AskCRC32(ctx context.Context) (uint32, bool, error)
	})
	if !ok {
		t.Fatalf("%T can't be asked", fi)
	}
	return s.AskCRC32(ctx)
}

// An archive has such an object as it is. Archives that don't need the checksum, or
// know it, don't ask for it.
func TestArchiveOfComposites(t *testing.T) {
	s, asked := recorded(t, "two", twoParts)
	entries := archive.Of(archive.Entry{Name: "a", File: file(t, s, "a")})
	b := readArchive(t, archive.Zip("a.zip", entries, nil))
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	r, err := z.File[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r) // checks the checksum
	if err != nil || string(got) != twoParts || z.File[0].Method != zip.Store || asked.Load() != 1 {
		t.Errorf("%d bytes by method %d, %v, after %d requests for the parts", len(got), z.File[0].Method, err, asked.Load())
	}

	known := archive.NewMemory(0)
	if err := archive.Warm(t.Context(), entries, known); err != nil || asked.Load() != 2 {
		t.Errorf("Warm: %v, %d requests for the parts", err, asked.Load())
	}
	sum := crc32.ChecksumIEEE([]byte(twoParts))
	for name, f := range map[string]downloadview.File{
		"tar":            archive.Tar("a.tar", entries, nil),
		"compressed zip": archive.CompressedZip("a.zip", entries, nil),
		"known":          archive.Zip("a.zip", entries, &archive.Options{Known: known}),
		"by the entry":   archive.Zip("a.zip", archive.Of(archive.Entry{Name: "a", File: file(t, s, "a"), CRC32: &sum}), nil),
	} {
		asked.Store(0)
		fi, err := downloadview.Stat(t.Context(), f)
		if err != nil || asked.Load() != 0 {
			t.Errorf("%s: %v, %d requests for the parts", name, err, asked.Load())
		}
		if name == "known" && fi.Size() != int64(len(b)) {
			t.Errorf("Warm didn't save the checksum: %d bytes, want %d", fi.Size(), len(b))
		}
	}
}

// Parts that aren't those of the object, or that the store doesn't tell, are no
// checksum. What may be otherwise the next time is an error: or the archive would
// change to and fro.
func TestCompositeWithoutParts(t *testing.T) {
	const first = `<Part><PartNumber>1</PartNumber><Size>5</Size><ChecksumCRC32>3aRwJA==</ChecksumCRC32></Part>` // of "01234"
	const second = `<Part><PartNumber>2</PartNumber><Size>5</Size><ChecksumCRC32>Ex2gcA==</ChecksumCRC32></Part>`
	answer := func(tag, parts string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/xml")
			fmt.Fprintf(w, "<GetObjectAttributesResponse><ETag>%s</ETag>%s</GetObjectAttributesResponse>", tag, parts)
		}
	}
	status := func(status int, code string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { fakes.Refuse(w, r, status, code) }
	}
	list := func(parts string) string { return "<ObjectParts>" + parts + "</ObjectParts>" }
	more := "<IsTruncated>true</IsTruncated>"
	endless := func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.Header.Get("X-Amz-Part-Number-Marker"))
		next := strings.Replace(first, ">1<", fmt.Sprintf(">%d<", n+1), 1)
		answer("v1", list(more+next))(w, r)
	}
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		ok     bool
		err    error
	}{
		"all":             {answer("v1", list(first+second)), true, nil},
		"no parts":        {answer("v1", ""), false, nil},
		"an empty list":   {answer("v1", list("")), false, nil},
		"too few":         {answer("v1", list(first)), false, nil},
		"others":          {answer("v1", list(first+strings.Replace(second, "Ex2gcA", "AAAAAA", 1))), false, nil},
		"of another size": {answer("v1", list(first+strings.Replace(second, "<Size>5", "<Size>6", 1))), false, nil},
		"of SHA-256":      {answer("v1", list(strings.ReplaceAll(first+second, "CRC32", "SHA256"))), false, nil},
		"twice the first": {answer("v1", list(first+first)), false, nil},
		"without end":     {answer("v1", list(more+first+second)), false, nil},
		"always one more": {endless, false, nil},
		"another version": {answer("v2", list(first+second)), false, downloadview.ErrChanged},
		"forbidden":       {status(403, "AccessDenied"), false, nil},
		"gone":            {status(404, "NoSuchKey"), false, nil},
		"not known":       {status(501, "NotImplemented"), false, nil},
		"not allowed":     {status(405, "MethodNotAllowed"), false, nil},
		"the object":      {func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "0123456789") }, false, nil},
		"busy":            {status(503, "SlowDown"), false, downloadview.ErrUpstream},
		"failure":         {status(500, "InternalError"), false, downloadview.ErrUpstream},
	} {
		s := fake(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodHead {
				w.Header().Set("ETag", `"v1"`)
				w.Header().Set("Content-Length", "10")
				w.Header().Set("X-Amz-Checksum-Crc32", "3O3KWw==-2")
				return
			}
			tt.answer(w, r)
		})
		fi, err := downloadview.Stat(t.Context(), file(t, s, "a"))
		if err != nil {
			t.Fatal(err)
		}
		sum, ok, err := askCRC32(t.Context(), t, fi)
		if ok != tt.ok || !errors.Is(err, tt.err) || ok && sum != crc32.ChecksumIEEE([]byte("0123456789")) {
			t.Errorf("%s: %08x %t %v, want %t, %v", name, sum, ok, err, tt.ok, tt.err)
		}
		if tt.err == downloadview.ErrUpstream {
			_, err := downloadview.Stat(t.Context(), archive.Zip("a.zip", archive.Of(archive.Entry{File: file(t, s, "a")}), nil))
			if got := downloadview.StatusCode(err); got != 502 && got != 503 {
				t.Errorf("%s: an archive of it is %d: %v", name, got, err)
			}
		}
	}
}

// A store that doesn't know the question may send the object. It isn't read.
func TestObjectInPlaceOfItsParts(t *testing.T) {
	var unread atomic.Bool
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"v1"`)
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("X-Amz-Checksum-Crc32", "AAAAAA==-2")
		if r.Method == http.MethodHead {
			w.Header().Set("Content-Length", "10")
			return
		}
		line := bytes.Repeat([]byte("a"), 1<<20)
		for range 64 {
			if _, err := w.Write(line); err != nil {
				unread.Store(true)
				return
			}
		}
	}))
	defer srv.Close()
	s := fakeAt(srv.URL, srv.Client(), nil)
	fi, err := downloadview.Stat(t.Context(), file(t, s, "a"))
	if err != nil {
		t.Fatal(err)
	}
	if sum, ok, err := askCRC32(t.Context(), t, fi); ok || err != nil {
		t.Errorf("%08x %t %v", sum, ok, err)
	}
	srv.Close() // waits for the answer
	if !unread.Load() {
		t.Error("the object was read")
	}
}

// If the request ends, so does the question.
func TestCompositeOfAnEndedRequest(t *testing.T) {
	s, _ := recorded(t, "two", twoParts)
	fi, err := downloadview.Stat(t.Context(), file(t, s, "a"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, ok, err := askCRC32(ctx, t, fi); ok || !errors.Is(err, context.Canceled) {
		t.Errorf("%t, %v", ok, err)
	}
}
