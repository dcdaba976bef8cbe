//go:build linux

package swifttest_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/internal/swifttest"
	"github.com/downloadview/downloadview/storage/readahead"
	"github.com/downloadview/downloadview/storage/resume"
	"github.com/downloadview/downloadview/storage/s3bucket"
	"github.com/downloadview/downloadview/storage/storagetest"
)

// All tests share one store, because starting one is slow.
func TestStore(t *testing.T) {
	start := time.Now()
	c := swifttest.Start(t)
	t.Logf("started in %v", time.Since(start).Round(time.Second))
	bucket := s3bucket.New(c.Client, c.Bucket, nil)
	for key, content := range map[string][]byte{small: []byte("0123456789"), "large.bin": whole} {
		if err := downloadview.Save(t.Context(), bucket, key, bytes.NewReader(content)); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("requests", func(t *testing.T) { requests(t, bucket) })
	t.Run("one node is killed", func(t *testing.T) { oneNodeIsKilled(t, c, bucket) })
	t.Run("the gateway is killed", func(t *testing.T) { gatewayIsKilled(t, c, bucket) })
	t.Run("two nodes are killed", func(t *testing.T) { twoNodesAreKilled(t, c, bucket) })
	t.Run("all nodes are killed", func(t *testing.T) { allNodesAreKilled(t, c, bucket) })
}

// oneNodeIsKilled kills the node that all downloads read from. The gateway
// continues with another node by itself and logs it, so resume has nothing to
// do.
func oneNodeIsKilled(t *testing.T, c *swifttest.Cluster, bucket downloadview.Storage) {
	resumed := resume.New(bucket, nil)
	ahead := readahead.New(resumed, &readahead.Options{Parts: 2, PartSize: 4 << 20})
	urls := []string{buckettest.Serve(t, resumed), buckettest.Serve(t, ahead)}
	downloads := slices.Concat(begin(t, urls[0], 3), begin(t, urls[1], 3))
	c.Kill(0)
	finishAll(t, downloads)
	for _, url := range urls {
		finishAll(t, begin(t, url, 1))
	}
	const moved = "Trying to read object during GET (retrying)"
	if !strings.Contains(c.Log(), moved) {
		t.Errorf("no body was on its way when its node was killed: the gateway doesn't say %q", moved)
	}
	c.Revive(t, 0)
}

// gatewayIsKilled breaks all downloads off at the store; they continue at their
// offsets when it is back.
func gatewayIsKilled(t *testing.T, c *swifttest.Cluster, bucket downloadview.Storage) {
	counted := storagetest.Count(bucket)
	pause := func(int) time.Duration { return 100 * time.Millisecond }
	url := buckettest.Serve(t, resume.New(counted, &resume.Options{Tries: 10_000, Total: -1, Backoff: pause}))
	downloads := begin(t, url, 3)
	c.KillGateway()
	c.ReviveGateway(t)
	finishAll(t, downloads)
	if calls := counted.Calls(); calls.OpenRange < int64(len(downloads)) {
		t.Errorf("%+v: want each of %d downloads opened again", calls, len(downloads))
	}
}

// twoNodesAreKilled kills two nodes in the middle of downloads and of a Save.
// The third node has a copy of every object, so all downloads continue. Storing
// an object needs two nodes of three: Save fails, and there is no object under
// its key, then or when the nodes are back.
func twoNodesAreKilled(t *testing.T, c *swifttest.Cluster, bucket downloadview.Storage) {
	url := buckettest.Serve(t, resume.New(bucket, nil))
	downloads := begin(t, url, 3)
	kill := readerFunc(func([]byte) (int, error) {
		c.Kill(0)
		c.Kill(1)
		return 0, io.EOF
	})
	half := bytes.NewReader(whole[:large/2])
	rest := bytes.NewReader(whole[large/2:])
	save := func(key string, content io.Reader) {
		err := downloadview.Save(t.Context(), bucket, key, content)
		if status := downloadview.StatusCode(err); !unavailable(status) {
			t.Errorf("save %s: %v, which is %d; want 502, 503 or 504", key, err, status)
		}
	}
	save("half.bin", io.MultiReader(half, kill, rest))
	save("none.txt", strings.NewReader("new"))
	finishAll(t, downloads)
	finishAll(t, begin(t, url, 1))

	url = buckettest.Serve(t, bucket)
	for _, key := range []string{"half.bin", "none.txt"} {
		if resp := get(t, url+"/"+key); resp.StatusCode != http.StatusNotFound && !unavailable(resp.StatusCode) {
			t.Errorf("%s, which was not stored: %s, want 404, 502, 503 or 504", key, resp.Status)
		}
	}
	c.Revive(t, 0, 1)
	for _, key := range []string{"half.bin", "none.txt"} {
		if resp := get(t, url+"/"+key); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s, which was not stored: %s, want 404", key, resp.Status)
		}
	}
}

// allNodesAreKilled leaves no node with the objects. Downloads break off, so
// that no client takes them for complete, and new requests are refused. More
// tries would take longer: the store's 503 asks for a pause.
func allNodesAreKilled(t *testing.T, c *swifttest.Cluster, bucket downloadview.Storage) {
	url := buckettest.Serve(t, resume.New(bucket, &resume.Options{Tries: 1}))
	downloads := begin(t, url, 3)
	for n := range swifttest.Nodes {
		c.Kill(n)
	}
	for _, d := range downloads {
		if err := d.finish(); err == nil || errors.Is(err, errDishonest) {
			t.Errorf("%v, want an answer that breaks off", err)
		}
	}
	for _, method := range []string{"GET", "HEAD"} {
		resp, body, err := buckettest.Get(t, method, url+"/large.bin")
		if err != nil || !unavailable(resp.StatusCode) {
			t.Errorf("%s: %s, %v; want 502, 503 or 504", method, resp.Status, err)
		}
		for _, secret := range []string{c.Endpoint, c.Bucket + "/", c.AccessKey} {
			if seen := fmt.Sprintf("%v %s", resp.Header, body); strings.Contains(seen, secret) {
				t.Errorf("%s: the client sees %q in %s", method, secret, seen)
			}
		}
	}
}

// unavailable reports whether a status is that of a store which isn't
// available.
func unavailable(status int) bool {
	return status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout
}

// get returns an answer without its body.
func get(t *testing.T, url string) *http.Response {
	t.Helper()
	resp, _, err := buckettest.Get(t, "GET", url)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
