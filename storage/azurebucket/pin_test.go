package azurebucket_test

import (
	"errors"
	"io/fs"
	"net/http"
	"slices"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/azuretest"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/storage/azurebucket"
)

func TestPin(t *testing.T) {
	srv := azuretest.Start(t)
	srv.Put(t, "a", []byte("the old version"))
	f := file(t, azurebucket.New(srv.Client, nil), "a")
	tag := attributes(t, func() (fs.FileInfo, error) { return downloadview.Stat(t.Context(), f) }).ETag
	srv.Counter.Reset()
	pinned := downloadview.Pin(f, tag)
	if got := srv.Counter.Requests(); got != nil {
		t.Errorf("Pin asks %v, want no request", got)
	}
	doors := map[string]func() (fs.FileInfo, error){
		"whole": func() (fs.FileInfo, error) { return through(pinned.Open(t.Context())) },
		"range": func() (fs.FileInfo, error) { return through(downloadview.OpenRange(t.Context(), pinned, 4, 3)) },
		"stat":  func() (fs.FileInfo, error) { return downloadview.Stat(t.Context(), pinned) },
	}
	for name, door := range doors {
		if got := attributes(t, door).ETag; got != tag {
			t.Errorf("%s: tag %s, want %s", name, got, tag)
		}
	}
	srv.Put(t, "a", []byte("a new version"))
	for name, door := range doors {
		if _, err := door(); !errors.Is(err, downloadview.ErrChanged) {
			t.Errorf("%s of another version: %v, want ErrChanged", name, err)
		}
	}
	if _, err := through(downloadview.Pin(pinned, "").Open(t.Context())); err != nil {
		t.Errorf("pinned to nothing: %v, want whichever is there", err)
	}
	for _, r := range srv.Counter.Requests() {
		if r.Operation != "PutBlob" && r.IfMatch != tag && r != (azuretest.Request{Operation: "GetBlob"}) {
			t.Errorf("asked %v, want If-Match %s", r, tag)
		}
	}
}

// through closes the handle and returns its metadata.
func through(h fs.File, err error) (fs.FileInfo, error) {
	if err != nil {
		return nil, err
	}
	defer h.Close()
	return h.Stat()
}

// An archived blob exists, but can't be read now.
func TestArchived(t *testing.T) {
	srv := azuretest.Start(t)
	srv.Put(t, "a", []byte("x"))
	if _, err := srv.Client.NewBlobClient("a").SetTier(t.Context(), blob.AccessTierArchive, nil); err != nil {
		t.Fatal(err)
	}
	s := azurebucket.New(srv.Client, nil)
	url := buckettest.Serve(t, s)
	for _, method := range []string{"GET", "HEAD"} {
		resp, _, err := buckettest.Get(t, method, url+"/a")
		if err != nil || resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") != "3600" {
			t.Errorf("%s: status %d, %v, %v; want 503 and an hour", method, resp.StatusCode, resp.Header, err)
		}
	}
	if found, err := s.Exists(t.Context(), "a"); !found || err != nil {
		t.Errorf("Exists = %t, %v, want true", found, err)
	}
	if got, want := buckettest.Names(t, s, ""), []string{"a"}; !slices.Equal(got, want) {
		t.Errorf("List = %q, want %q", got, want)
	}
}
