package localfile_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/leasetest"
	"github.com/downloadview/downloadview/internal/localfile"
)

// opened are the ways to open the file "leased" of a folder.
func opened(t *testing.T) (name string, ways map[string]func(context.Context) (*os.File, error)) {
	dir := t.TempDir()
	name = filepath.Join(dir, "leased")
	if err := os.WriteFile(name, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	root, err := localfile.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return name, map[string]func(context.Context) (*os.File, error){
		"below a root": func(ctx context.Context) (*os.File, error) { return root.OpenRegular(ctx, "leased") },
		"by its path":  func(ctx context.Context) (*os.File, error) { return localfile.OpenPath(ctx, name) },
	}
}

// Open waits for a holder that releases its lease when it is asked.
func TestLeaseIsWaitedFor(t *testing.T) {
	name, ways := opened(t)
	for way, open := range ways {
		t.Run(way, func(t *testing.T) {
			leasetest.HoldUntilBroken(t, name)
			h, err := open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer h.Close()
			if text, err := io.ReadAll(h); string(text) != "content" || err != nil {
				t.Errorf("%q, %v, want the content", text, err)
			}
		})
	}
}

// If the holder doesn't, Open waits as long as Patience says, or until the
// request ends.
func TestLeaseIsKept(t *testing.T) {
	name, ways := opened(t)
	for way, open := range ways {
		t.Run(way, func(t *testing.T) {
			leasetest.Hold(t, name)
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				h, err := open(t.Context())
				if took := time.Since(began); downloadview.StatusCode(err) != http.StatusServiceUnavailable || took != localfile.Patience {
					t.Errorf("%v, %v after %v, want 503 after %v", h, err, took, localfile.Patience)
				}
				var coded *downloadview.StatusError
				if !errors.As(err, &coded) || coded.Header.Get("Retry-After") == "" {
					t.Errorf("%v has no Retry-After", err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if h, err := open(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%v, %v, want that the request ended", h, err)
				}
			})
		})
	}
}
