package s3bucket_test

import (
	"errors"
	"io/fs"
	"slices"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/s3test"
	"github.com/downloadview/downloadview/storage/s3bucket"
)

// A pinned file is always in the same version, requested by If-Match.
func TestPin(t *testing.T) {
	srv := s3test.Start(t)
	srv.Put(t, "a", []byte("0123456789"))
	s := s3bucket.New(srv.Client, srv.Bucket, nil)
	f := file(t, s, "a")
	tag := attributes(t, statOf(t, s, "a")).ETag
	pinned := downloadview.Pin(f, tag)
	if got, _ := downloadview.SourceOf(pinned); pinned.Name() != "a" || got.Path != "a" {
		t.Errorf("the pinned file is %q at %v, want a as before", pinned.Name(), got)
	}
	uses := map[string]func() error{
		"Open": func() error {
			h, err := pinned.Open(t.Context())
			return closed(h, err)
		},
		"OpenRange": func() error {
			h, err := downloadview.OpenRange(t.Context(), pinned, 2, 3)
			return closed(h, err)
		},
		"Stat": func() error {
			_, err := downloadview.Stat(t.Context(), pinned)
			return err
		},
	}
	srv.Counter.Reset()
	for name, use := range uses {
		if err := use(); err != nil {
			t.Errorf("%s of the version that is there: %v", name, err)
		}
	}
	for _, r := range srv.Counter.Requests() {
		if r.IfMatch != tag {
			t.Errorf("%s asks If-Match %q, want %s", r.Operation, r.IfMatch, tag)
		}
	}

	srv.Put(t, "a", []byte("9876543210"))
	for name, use := range uses {
		if err := use(); !errors.Is(err, downloadview.ErrChanged) {
			t.Errorf("%s of a version that was replaced: %v, want ErrChanged", name, err)
		}
	}
	srv.Counter.Reset()
	for _, loose := range []downloadview.File{f, downloadview.Pin(pinned, "")} {
		h, err := loose.Open(t.Context())
		if err := closed(h, err); err != nil {
			t.Errorf("the file that isn't pinned: %v", err)
		}
	}
	open := s3test.Request{Operation: "GetObject"}
	if got, want := srv.Counter.Requests(), []s3test.Request{open, open}; !slices.Equal(got, want) {
		t.Errorf("files that aren't pinned ask %v, want %v", got, want)
	}
	if err := s.Delete(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	for name, use := range uses {
		if err := use(); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s of a version that is gone: %v, want fs.ErrNotExist", name, err)
		}
	}
}

func closed(h fs.File, err error) error {
	if err != nil {
		return err
	}
	return h.Close()
}
