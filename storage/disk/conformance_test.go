package disk_test

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/downloadview/downloadview/storage/disk"
	"github.com/downloadview/downloadview/storage/storagetest"
)

func TestConformance(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storagetest.Fixture {
		_, dir := newStorage(t)
		s := disk.New(openRoot(t, dir), &disk.Options{BaseURL: &url.URL{Scheme: "https", Host: "example.com"}})
		put := func(key string, content []byte) error {
			local, err := filepath.Localize(key)
			if err != nil {
				return fmt.Errorf("%w: %w", errors.ErrUnsupported, err)
			}
			name := filepath.Join(dir, local)
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				return windowsNames(err)
			}
			return windowsNames(os.WriteFile(name, content, 0o644))
		}
		return storagetest.Fixture{Storage: s, Put: put, SetModTime: func(key string, at time.Time) error {
			return os.Chtimes(filepath.Join(dir, filepath.FromSlash(key)), at, at)
		}}
	})
}

// windowsNames treats a failed write as caused by one of the many names that
// Windows doesn't allow.
func windowsNames(err error) error {
	if err != nil && runtime.GOOS == "windows" {
		return fmt.Errorf("%w: %w", errors.ErrUnsupported, err)
	}
	return err
}
