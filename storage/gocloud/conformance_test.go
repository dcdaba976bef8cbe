package gocloud_test

import (
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/blob/memblob"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/gocloud"
	"github.com/downloadview/downloadview/storage/storagetest"
)

func TestConformance(t *testing.T) {
	t.Run("mem", func(t *testing.T) {
		storagetest.Run(t, func(t *testing.T) storagetest.Fixture {
			b := closing(t, memblob.OpenBucket(nil))
			s := gocloud.New(b, &gocloud.Options{
				Source:  downloadview.Source{Scheme: "mem", Host: "bkt"},
				BaseURL: &url.URL{Scheme: "https", Host: "cdn.example.com", Path: "/media"},
			})
			return storagetest.Fixture{Storage: s, Put: func(key string, content []byte) error {
				return b.WriteAll(t.Context(), key, content, nil)
			}}
		})
	})
	for name, prefix := range map[string]string{"file": "", "file, below a prefix": "in/b c/"} {
		t.Run(name, func(t *testing.T) {
			storagetest.Run(t, func(t *testing.T) storagetest.Fixture {
				dir := t.TempDir()
				b := openFileBucket(t, dir)
				if prefix != "" {
					b = blob.PrefixedBucket(b, prefix)
				}
				closing(t, b)
				dir = filepath.Join(dir, filepath.FromSlash(prefix))
				root := "/" + strings.TrimPrefix(filepath.ToSlash(dir), "/") + "/"
				s := gocloud.New(b, &gocloud.Options{Source: downloadview.Source{Scheme: "file", Path: root}})
				put := func(key string, content []byte) error {
					if _, err := s.File(key); err != nil {
						return errors.ErrUnsupported
					}
					err := b.WriteAll(t.Context(), key, content, nil)
					if errors.Is(err, syscall.ENOTDIR) { // a file is where the folder should be
						return errors.ErrUnsupported
					}
					return err
				}
				return storagetest.Fixture{Storage: s, Put: put, SetModTime: func(key string, at time.Time) error {
					return os.Chtimes(filepath.Join(dir, filepath.FromSlash(key)), at, at)
				}}
			})
		})
	}
}
