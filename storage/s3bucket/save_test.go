package s3bucket_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/internal/s3test"
	"github.com/downloadview/downloadview/storage/s3bucket"
)

// operations returns the requested operations since the last Reset.
func operations(srv *s3test.Server) (names []string) {
	for _, r := range srv.Counter.Requests() {
		names = append(names, r.Operation)
	}
	return names
}

// uploads returns how many unfinished uploads in parts the bucket has.
func uploads(t *testing.T, srv *s3test.Server) int {
	t.Helper()
	out, err := srv.Client.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: &srv.Bucket})
	if err != nil {
		t.Fatal(err)
	}
	return len(out.Uploads)
}

func TestSaveSizes(t *testing.T) {
	srv := s3test.Start(t)
	s := s3bucket.New(srv.Client, srv.Bucket, &s3bucket.Options{Prefix: "in/"})
	// The counter has no names for the requests of an upload in parts: its
	// begin and its completion are POST, a part is a PutObject.
	parts := func(n int) []string {
		return slices.Concat([]string{"POST"}, slices.Repeat([]string{"PutObject"}, n), []string{"POST"})
	}
	for size, want := range map[int][]string{
		0:         {"PutObject"},
		1:         {"PutObject"},
		8<<20 - 1: {"PutObject"},
		8 << 20:   parts(1),
		8<<20 + 1: parts(2),
		20 << 20:  parts(3),
		24 << 20:  parts(3),
	} {
		srv.Counter.Reset()
		object := buckettest.Numbered(size, size)
		if err := s.Save(t.Context(), "a.csv", struct{ io.Reader }{bytes.NewReader(object)}); err != nil {
			t.Errorf("Save of %d bytes: %v", size, err)
			continue
		}
		if got := operations(srv); !slices.Equal(got, want) {
			t.Errorf("%d bytes are %q, want %q", size, got, want)
		}
		h, err := file(t, s, "a.csv").Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if a := attributes(t, h.Stat); a.ContentType != "text/csv; charset=utf-8" || a.Size != int64(size) {
			t.Errorf("%d bytes are stored as %+v, want them as text/csv", size, a)
		}
		if got := content(t, h); got != string(object) {
			t.Errorf("%d bytes are stored, or other ones; want %d", len(got), size)
		}
	}
	if n := uploads(t, srv); n != 0 {
		t.Errorf("%d uploads are left, want none", n)
	}
	if got, want := buckettest.Names(t, s3bucket.New(srv.Client, srv.Bucket, nil), ""), []string{"in/"}; !slices.Equal(got, want) {
		t.Errorf("the bucket has %q, want %q: the prefix", got, want)
	}
}

// Whatever makes an upload fail, none of its parts stay.
func TestSaveLeavesNoParts(t *testing.T) {
	srv := s3test.Start(t)
	s := s3bucket.New(srv.Client, srv.Bucket, nil)
	srv.Put(t, "a", []byte("old"))
	long := strings.Repeat("long", 3<<20)
	broken := errors.New("broken")
	ctx, cancel := context.WithCancel(t.Context())
	for name, save := range map[string]func() error{
		"reader": func() error {
			return s.Save(t.Context(), "a", io.MultiReader(strings.NewReader(long), iotest.ErrReader(broken)))
		},
		"panic": func() (err error) {
			defer func() { err = recover().(error) }()
			return s.Save(t.Context(), "a", io.MultiReader(strings.NewReader(long), reading(func() error { panic(broken) })))
		},
		"context": func() error {
			err := s.Save(ctx, "a", io.MultiReader(strings.NewReader(long), reading(func() error { cancel(); return io.EOF })))
			if errors.Is(err, context.Canceled) && !errors.Is(err, downloadview.ErrUpstream) {
				return broken
			}
			return err
		},
	} {
		if err := save(); !errors.Is(err, broken) {
			t.Errorf("%s: %v, want it to be told", name, err)
		}
		if n := uploads(t, srv); n != 0 {
			t.Errorf("%s: %d uploads are left, want none", name, n)
		}
		h, err := file(t, s, "a").Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := content(t, h); got != "old" {
			t.Errorf("%s: the object has %d bytes, want the old ones", name, len(got))
		}
	}
}

// reading is a reader that calls a function.
type reading func() error

func (r reading) Read([]byte) (int, error) { return 0, r() }

// If a store fails in the middle of an upload, it is told to abort it.
func TestStoreRefusesPart(t *testing.T) {
	var asked []string
	s := fake(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method)
		io.Copy(io.Discard, r.Body)
		switch r.Method {
		case http.MethodPost:
			io.WriteString(w, "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>")
		case http.MethodPut:
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, "<Error><Code>AccessDenied</Code></Error>")
		case http.MethodDelete:
			if got := r.URL.Query().Get("uploadId"); got != "u" {
				t.Errorf("upload %q is aborted, want u", got)
			}
			w.WriteHeader(http.StatusNoContent)
		}
	})
	err := s.Save(t.Context(), "a", strings.NewReader(strings.Repeat("long", 3<<20)))
	if !errors.Is(err, fs.ErrPermission) {
		t.Errorf("Save: %v, want fs.ErrPermission", err)
	}
	if want := []string{"POST", "PUT", "DELETE"}; !slices.Equal(asked, want) {
		t.Errorf("asked %q, want %q", asked, want)
	}
}

func TestDelete(t *testing.T) {
	srv := s3test.Start(t)
	srv.Put(t, "in/a", []byte("x"))
	srv.Put(t, "a", []byte("x"))
	s := s3bucket.New(srv.Client, srv.Bucket, &s3bucket.Options{Prefix: "in/"})
	if err := s.Delete(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), "a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Delete again: %v, want fs.ErrNotExist", err)
	}
	if got, want := buckettest.Names(t, s3bucket.New(srv.Client, srv.Bucket, nil), ""), []string{"a"}; !slices.Contains(got, want[0]) {
		t.Errorf("the bucket has %q, want still %q, which is not below the prefix", got, want)
	}
	unable := fake(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			w.WriteHeader(http.StatusForbidden)
		}
	})
	if err := unable.Delete(t.Context(), "a"); !errors.Is(err, fs.ErrPermission) && !errors.Is(err, downloadview.ErrUpstream) {
		t.Errorf("Delete that is refused: %v", err)
	}
}
