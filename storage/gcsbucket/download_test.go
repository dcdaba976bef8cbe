package gcsbucket_test

import (
	"testing"

	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/internal/gcstest"
	"github.com/downloadview/downloadview/storage/gcsbucket"
)

func bucketOf(t *testing.T, srv *gcstest.Server, s *gcsbucket.Storage) buckettest.Bucket {
	kinds := map[string]buckettest.Kind{"ReadObject": buckettest.Read, "GetObject": buckettest.Look}
	seen := func(r gcstest.Request) buckettest.Request {
		kind, ok := kinds[r.Operation]
		if !ok {
			kind = buckettest.Kind(r.Operation)
		}
		return buckettest.Request{Kind: kind, Range: r.Range}
	}
	return buckettest.Counted(buckettest.Bucket{
		Storage: s,
		Put:     func(key string, content []byte) error { return srv.TryPut(t.Context(), key, content) },
		Asks: map[string][]buckettest.Request{
			// A range of all bytes is sent as a request without a range, which
			// works for an empty object, too.
			"range of all":     {buckettest.Whole},
			"range of nothing": {buckettest.Whole, buckettest.Looked},
		},
	}, srv.Counter, seen)
}

func TestRequestsOfDownloads(t *testing.T) {
	srv := gcstest.Start(t)
	for name, transport := range transports() {
		client := srv.NewClient(t, transport)
		t.Run(name, func(t *testing.T) {
			buckettest.Downloads(t, bucketOf(t, srv, gcsbucket.New(client, srv.Bucket, nil)))
		})
	}
}

func TestReplacedWhileDownloading(t *testing.T) {
	srv := gcstest.Start(t)
	for name, transport := range transports() {
		client := srv.NewClient(t, transport)
		t.Run(name, func(t *testing.T) {
			buckettest.Replaced(t, bucketOf(t, srv, gcsbucket.New(client, srv.Bucket, nil)))
		})
	}
}
