//go:build linux

package swifttest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/downloadview/downloadview/internal/buckettest"
)

// large is the size of an object that is larger than the buffers of all
// sockets: most of it is still at the store when a client has read its
// beginning.
const large = 32 << 20

var whole = buckettest.Numbered(1, large)

// A download is a download that has begun and is not read further until finish.
type download struct {
	begun []byte
	body  io.ReadCloser
}

// begin starts n downloads of the large object.
func begin(t *testing.T, url string, n int) []*download {
	t.Helper()
	transport := &http.Transport{DialContext: dialNarrow}
	t.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport}
	downloads := make([]*download, n)
	for i := range downloads {
		resp, err := client.Get(url + "/large.bin")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { resp.Body.Close() })
		if resp.StatusCode != http.StatusOK || resp.ContentLength != large {
			t.Fatalf("%s of %d bytes, want 200 of %d", resp.Status, resp.ContentLength, large)
		}
		d := &download{begun: make([]byte, 256<<10), body: resp.Body}
		if _, err := io.ReadFull(d.body, d.begun); err != nil {
			t.Fatal(err)
		}
		downloads[i] = d
	}
	return downloads
}

// dialNarrow connects with a small buffer, so that little of an answer arrives
// before it is read.
func dialNarrow(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return conn, conn.(*net.TCPConn).SetReadBuffer(64 << 10)
}

// errDishonest is the error for an answer that seems complete but isn't.
var errDishonest = errors.New("other bytes than those of the object, or too few")

// finish reads the rest. An error other than errDishonest means that the answer
// was broken off, which the client can detect.
func (d *download) finish() error {
	rest, err := io.ReadAll(d.body)
	got := append(d.begun, rest...)
	if !bytes.HasPrefix(whole, got) || err == nil && len(got) < large {
		return fmt.Errorf("%w: %d of %d", errDishonest, len(got), large)
	}
	return err
}

// finishAll reports each incomplete download.
func finishAll(t *testing.T, downloads []*download) {
	t.Helper()
	for _, d := range downloads {
		if err := d.finish(); err != nil {
			t.Error(err)
		}
	}
}
