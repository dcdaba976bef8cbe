package aferofs_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/spf13/afero"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/leasetest"
	"github.com/downloadview/downloadview/storage/aferofs"
)

// A bare OsFs opens without waiting because of pipes, so the storage itself
// must wait for a file under a write lease.
func TestLease(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "a")
	if err := os.WriteFile(name, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, s := range map[string]*aferofs.Storage{
		"bare":  aferofs.New(afero.NewOsFs(), &aferofs.Options{Dir: dir}),
		"based": aferofs.New(afero.NewBasePathFs(afero.NewOsFs(), dir), nil),
	} {
		f, err := s.File("a")
		if err != nil {
			t.Fatal(err)
		}
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
		if what != "bare" { // opening it waits in the system
			continue
		}
		t.Run("kept", func(t *testing.T) {
			leasetest.Hold(t, name)
			synctest.Test(t, func(t *testing.T) {
				if h, err := f.Open(t.Context()); downloadview.StatusCode(err) != http.StatusServiceUnavailable {
					t.Errorf("%v, %v, want 503", h, err)
				}
			})
		})
	}
}
