package resume_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/disk"
	"github.com/downloadview/downloadview/storage/resume"
	"github.com/downloadview/downloadview/storage/storagetest"
)

// It is a storage like others, and keeps the capabilities of the storage below.
func TestConformance(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storagetest.Fixture {
		root, err := os.OpenRoot(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { root.Close() })
		s := disk.New(root, nil)
		return storagetest.Fixture{
			Storage: resume.New(parts{s, s}, nil),
			Put: func(key string, content []byte) error {
				if !fs.ValidPath(key) || len(filepath.Base(key)) > 255 {
					return errors.ErrUnsupported
				}
				if err := root.MkdirAll(filepath.Dir(key), 0o755); err != nil {
					return err
				}
				return root.WriteFile(key, content, 0o644)
			},
			SetModTime: func(key string, at time.Time) error { return root.Chtimes(key, at, at) },
		}
	})
}

// everything has all capabilities of a directory.
type everything interface {
	downloadview.Lister
	downloadview.Saver
	downloadview.Deleter
	downloadview.Pather
}

// parts is a directory whose files support ranges, like those of a bucket.
type parts struct {
	everything
	storage downloadview.Storage
}

func (s parts) File(key string) (downloadview.File, error) {
	f, err := s.storage.File(key)
	if err != nil {
		return nil, err
	}
	return part{f}, nil
}

type part struct{ downloadview.File }

func (f part) Unwrap() downloadview.File { return f.File }

func (f part) Open(ctx context.Context) (fs.File, error) {
	h, err := f.File.Open(ctx)
	if err != nil {
		return nil, err
	}
	return &once{File: h}, nil
}

func (f part) OpenRange(ctx context.Context, offset, length int64) (fs.File, error) {
	return downloadview.OpenRange(ctx, f.File, offset, length)
}

// once can't seek and can't be closed twice.
type once struct {
	fs.File
	sync.Once
}

func (h *once) Close() (err error) {
	err = errors.New("closed twice")
	h.Do(func() { err = h.File.Close() })
	return err
}
