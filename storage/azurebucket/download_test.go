package azurebucket_test

import (
	"io/fs"
	"net/http"
	"slices"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/azuretest"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/storage/azurebucket"
)

func asked(r azuretest.Request) buckettest.Request {
	kind := buckettest.Kind(r.Operation)
	switch r.Operation {
	case "GetBlob":
		kind = buckettest.Read
	case "GetBlobProperties":
		kind = buckettest.Look
	}
	return buckettest.Request{Kind: kind, Range: r.Range}
}

func bucket(t *testing.T, srv *azuretest.Server) buckettest.Bucket {
	whole, looked, part := buckettest.Whole, buckettest.Looked, buckettest.Part
	return buckettest.Counted(buckettest.Bucket{
		Storage: azurebucket.New(srv.Client, nil),
		Put:     func(key string, content []byte) error { return srv.TryPut(t.Context(), key, content) },
		Asks: map[string][]buckettest.Request{
			// The SDK can't express the range of all bytes.
			"range of all":     {whole},
			"range of nothing": {whole, looked},
			// Azure has no ranges of the last bytes.
			"suffix":                  {looked, part("bytes=99993-99999")},
			"suffix of more than all": {looked, part("bytes=0-99999")},
		},
	}, srv.Counter, asked)
}

func TestDownloads(t *testing.T) { buckettest.Downloads(t, bucket(t, azuretest.Start(t))) }

func TestReplaced(t *testing.T) { buckettest.Replaced(t, bucket(t, azuretest.Start(t))) }

// Later ranges are requested in the version of the first: if the blob has been
// replaced, none of the new bytes are sent.
func TestLaterRangesArePinned(t *testing.T) {
	srv := azuretest.Start(t)
	srv.Put(t, "a", buckettest.Numbered(1, 100_000))
	s := azurebucket.New(srv.Client, nil)
	tag := attributes(t, func() (fs.FileInfo, error) { return downloadview.Stat(t.Context(), file(t, s, "a")) }).ETag
	srv.Counter.Reset()
	resp, _, err := buckettest.Get(t, "GET", buckettest.Serve(t, s)+"/a", "Range", "bytes=0-9,50000-50009")
	if err != nil || resp.StatusCode != http.StatusPartialContent {
		t.Fatalf("%s, %v", resp.Status, err)
	}
	want := []azuretest.Request{
		{Operation: "GetBlobProperties"},
		{Operation: "GetBlob", Range: "bytes=0-9"},
		{Operation: "GetBlob", Range: "bytes=50000-50009", IfMatch: tag},
	}
	if got := srv.Counter.Requests(); !slices.Equal(got, want) {
		t.Errorf("requests %v, want %v", got, want)
	}
}

// A range past the end costs one additional request.
func TestFarPastTheEnd(t *testing.T) {
	srv := azuretest.Start(t)
	srv.Put(t, "a", []byte("0123456789"))
	srv.Counter.Reset()
	url := buckettest.Serve(t, azurebucket.New(srv.Client, nil))
	resp, _, err := buckettest.Get(t, "GET", url+"/a", "Range", "bytes=200-209")
	if err != nil || resp.StatusCode != http.StatusRequestedRangeNotSatisfiable || resp.Header.Get("Content-Range") != "bytes */10" {
		t.Errorf("%s, %q, %v, want 416 of 10 bytes", resp.Status, resp.Header.Get("Content-Range"), err)
	}
	if got, want := operations(srv), []string{"GetBlob", "GetBlobProperties"}; !slices.Equal(got, want) {
		t.Errorf("requests %q, want %q", got, want)
	}
}
