package disk_test

import (
	"io"
	"net/http"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/leasetest"
	"github.com/downloadview/downloadview/storage/disk"
)

// Open waits for a file on which another process has a write lease, below a
// root and by its path, for a limited time.
func TestLease(t *testing.T) {
	s, dir := newStorage(t)
	name := filepath.Join(dir, "a")
	write(t, name, "content")
	below, err := s.File("a")
	if err != nil {
		t.Fatal(err)
	}
	single, err := disk.File(name)
	if err != nil {
		t.Fatal(err)
	}
	for what, f := range map[string]downloadview.File{"below a root": below, "single": single} {
		t.Run(what, func(t *testing.T) {
			leasetest.HoldUntilBroken(t, name)
			h, err := f.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer h.Close()
			if text, err := io.ReadAll(h); string(text) != "content" || err != nil {
				t.Errorf("%q, %v, want the content", text, err)
			}
		})
		t.Run(what+", kept", func(t *testing.T) {
			leasetest.Hold(t, name)
			synctest.Test(t, func(t *testing.T) {
				if h, err := f.Open(t.Context()); downloadview.StatusCode(err) != http.StatusServiceUnavailable {
					t.Errorf("%v, %v, want 503", h, err)
				}
			})
		})
	}
}
