package s3bucket_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/archive"
	"github.com/downloadview/downloadview/internal/s3test"
	"github.com/downloadview/downloadview/storage/s3bucket"
)

// An archive of a folder of a bucket needs no request for each object if its entries
// have what the listing says. If the objects are asked, their CRC-32 is used. An object
// that is replaced is noticed.
func TestArchiveOfAFolder(t *testing.T) {
	srv := s3test.Start(t)
	for _, key := range []string{"f/a.txt", "f/b c.txt"} {
		srv.Put(t, key, []byte("content of "+key), func(in *s3.PutObjectInput) { in.ChecksumAlgorithm = types.ChecksumAlgorithmCrc32 })
	}
	s := s3bucket.New(srv.Client, srv.Bucket, nil)
	folder := func(attributes func(downloadview.Attributes) *downloadview.Attributes) downloadview.File {
		return archive.Zip("f.zip", func(yield func(archive.Entry, error) bool) {
			for fi, err := range s.List(t.Context(), "f") {
				if err != nil {
					yield(archive.Entry{}, err)
					return
				}
				f, err := s.File("f/" + fi.Name())
				if !yield(archive.Entry{Name: fi.Name(), File: f, Attributes: attributes(downloadview.AttributesOf(fi))}, err) {
					return
				}
			}
		}, nil)
	}
	listed := folder(func(a downloadview.Attributes) *downloadview.Attributes { return &a })
	for method, f := range map[uint16]downloadview.File{
		zip.Deflate: listed,
		zip.Store:   folder(func(downloadview.Attributes) *downloadview.Attributes { return nil }),
	} {
		b := readArchive(t, f)
		z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		for i, name := range []string{"a.txt", "b c.txt"} {
			r, err := z.File[i].Open()
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			if r.Close(); err != nil || string(got) != "content of f/"+name || z.File[i].Name != name || z.File[i].Method != method {
				t.Errorf("%q by method %d: %q, %v; want method %d", z.File[i].Name, z.File[i].Method, got, err, method)
			}
		}
		if downloadview.AttributesOf(statArchive(t, f)).StrongETag() == "" {
			t.Error("no entity tag")
		}
	}

	h, err := listed.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	srv.Put(t, "f/b c.txt", []byte("CONTENT OF f/b c.txt"))
	if _, err := io.ReadAll(h); !errors.Is(err, downloadview.ErrChanged) {
		t.Errorf("an object that was replaced: %v", err)
	}
}

// An object that was replaced after it was listed is left out when checksums are computed
// ahead. The others aren't.
func TestWarmAfterAReplacement(t *testing.T) {
	srv := s3test.Start(t)
	s := s3bucket.New(srv.Client, srv.Bucket, nil)
	var entries []archive.Entry
	for _, key := range []string{"f/a.txt", "f/b.txt"} {
		srv.Put(t, key, []byte("content of "+key))
		f, err := s.File(key)
		if err != nil {
			t.Fatal(err)
		}
		a := downloadview.AttributesOf(statArchive(t, f))
		entries = append(entries, archive.Entry{File: f, Attributes: &a})
	}
	srv.Put(t, "f/a.txt", []byte("CONTENT OF f/a.txt"))
	known := archive.NewMemory(0)
	if err := archive.Warm(t.Context(), archive.Of(entries...), known); err != nil {
		t.Error(err)
	}
	for i, want := range []bool{false, true} {
		v, ok := archive.VersionOf(entries[i].File, *entries[i].Attributes)
		if !ok {
			t.Fatal("no version")
		}
		if _, got := known.Load(t.Context(), v, v.Size); got != want {
			t.Errorf("%s: its checksum is known: %t, want %t", entries[i].File.Name(), got, want)
		}
	}
}

func readArchive(t *testing.T, f downloadview.File) []byte {
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

func statArchive(t *testing.T, f downloadview.File) fs.FileInfo {
	t.Helper()
	fi, err := downloadview.Stat(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return fi
}
