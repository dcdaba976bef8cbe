package gocloud_test

import (
	"net/http"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/leasetest"
	"github.com/downloadview/downloadview/storage/gocloud"
)

// Open waits for a local file under a write lease, for a limited time.
func TestLocalLease(t *testing.T) {
	dir := t.TempDir()
	b := fileBucket(t, dir)
	put(t, b, "a", "content", nil)
	f := file(t, gocloud.New(b, nil), "a")
	name := filepath.Join(dir, "a")
	t.Run("until it is broken", func(t *testing.T) {
		leasetest.HoldUntilBroken(t, name)
		h, err := f.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		if got := content(t, h); got != "content" {
			t.Errorf("%q, want the content", got)
		}
	})
	t.Run("kept", func(t *testing.T) {
		leasetest.Hold(t, name)
		synctest.Test(t, func(t *testing.T) {
			if h, err := f.Open(t.Context()); downloadview.StatusCode(err) != http.StatusServiceUnavailable {
				t.Errorf("%v, %v, want 503", h, err)
			}
		})
	})
}
