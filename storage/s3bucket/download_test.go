package s3bucket_test

import (
	"slices"
	"testing"

	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/internal/s3test"
	"github.com/downloadview/downloadview/storage/s3bucket"
)

func kind(r s3test.Request) buckettest.Request {
	kind := buckettest.Kind(r.Operation)
	switch r.Operation {
	case "GetObject":
		kind = buckettest.Read
	case "HeadObject":
		kind = buckettest.Look
	}
	return buckettest.Request{Kind: kind, Range: r.Range}
}

func bucketOf(t *testing.T, srv *s3test.Server) buckettest.Bucket {
	return buckettest.Counted(buckettest.Bucket{
		Storage: s3bucket.New(srv.Client, srv.Bucket, nil),
		Put:     func(key string, content []byte) error { return srv.TryPut(t.Context(), key, content) },
	}, srv.Counter, kind)
}

func TestRequestsOfDownloads(t *testing.T) { buckettest.Downloads(t, bucketOf(t, s3test.Start(t))) }

func TestReplacedWhileDownloading(t *testing.T) {
	buckettest.Replaced(t, bucketOf(t, s3test.Start(t)))
}

// Later ranges are requested in the version of the first.
func TestRangesInOneVersion(t *testing.T) {
	srv := s3test.Start(t)
	srv.Put(t, "a", buckettest.Numbered(1, 100_000))
	s := s3bucket.New(srv.Client, srv.Bucket, nil)
	url := buckettest.Serve(t, s)
	srv.Counter.Reset()
	resp, _, err := buckettest.Get(t, "GET", url+"/a", "Range", "bytes=0-9,50000-50009,-10")
	if err != nil || resp.StatusCode != 206 {
		t.Fatalf("status %d, %v", resp.StatusCode, err)
	}
	tag := resp.Header.Get("ETag")
	want := []s3test.Request{
		{Operation: "HeadObject"},
		{Operation: "GetObject", Range: "bytes=0-9"},
		{Operation: "GetObject", Range: "bytes=50000-50009", IfMatch: tag},
		{Operation: "GetObject", Range: "bytes=99990-99999", IfMatch: tag},
	}
	if got := srv.Counter.Requests(); !slices.Equal(got, want) {
		t.Errorf("requests %v, want %v", got, want)
	}
}
