package iofs_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/iofs"
	"github.com/downloadview/downloadview/storage/storagetest"
)

func TestConformance(t *testing.T) {
	t.Run("MapFS", func(t *testing.T) {
		storagetest.Run(t, func(*testing.T) storagetest.Fixture {
			m := fstest.MapFS{}
			put := func(key string, content []byte) error {
				m[key] = &fstest.MapFile{Data: content}
				return nil
			}
			return storagetest.Fixture{Storage: iofs.New(m, nil), Put: put, SetModTime: func(key string, at time.Time) error {
				m[key].ModTime = at
				return nil
			}}
		})
	})
	t.Run("DirFS", func(t *testing.T) {
		storagetest.Run(t, func(t *testing.T) storagetest.Fixture {
			dir := t.TempDir()
			source := downloadview.Source{Scheme: "file", Path: sourcePath(dir)}
			return storagetest.Fixture{
				Storage: iofs.New(os.DirFS(dir), &iofs.Options{Source: source}), Put: putInto(dir), SetModTime: dateIn(dir),
			}
		})
	})
	t.Run("folder of a DirFS", func(t *testing.T) {
		storagetest.Run(t, func(t *testing.T) storagetest.Fixture {
			dir := filepath.Join(t.TempDir(), "sub")
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			sub, err := fs.Sub(os.DirFS(filepath.Dir(dir)), "sub")
			if err != nil {
				t.Fatal(err)
			}
			return storagetest.Fixture{Storage: iofs.New(sub, nil), Put: putInto(dir), SetModTime: dateIn(dir)}
		})
	})
	for name, method := range map[string]uint16{"zip, stored": zip.Store, "zip, deflated": zip.Deflate} {
		t.Run(name, func(t *testing.T) {
			storagetest.Run(t, func(*testing.T) storagetest.Fixture {
				a := &archive{method: method}
				return storagetest.Fixture{Storage: a, Put: a.put, SetModTime: a.setModTime}
			})
		})
	}
}

func putInto(dir string) func(key string, content []byte) error {
	return func(key string, content []byte) error {
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
}

func dateIn(dir string) func(key string, at time.Time) error {
	return func(key string, at time.Time) error {
		return os.Chtimes(filepath.Join(dir, filepath.FromSlash(key)), at, at)
	}
}

// windowsNames treats a failed write as caused by one of the many names that
// Windows doesn't allow.
func windowsNames(err error) error {
	if err != nil && runtime.GOOS == "windows" {
		return fmt.Errorf("%w: %w", errors.ErrUnsupported, err)
	}
	return err
}

func sourcePath(dir string) string {
	if runtime.GOOS == "windows" {
		return "/" + filepath.ToSlash(dir)
	}
	return dir
}

// archive is a storage of a zip archive that is written again for each new
// member.
type archive struct {
	method  uint16
	mu      sync.Mutex
	members []packed
	storage *iofs.Storage
}

func (a *archive) put(key string, content []byte) error {
	if strings.Contains(key, `\`) {
		return fmt.Errorf("%w: package zip makes a slash of it", errors.ErrUnsupported)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.members = slices.DeleteFunc(a.members, func(m packed) bool { return m.Name == key })
	header := zip.FileHeader{Name: key, Method: a.method, Modified: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	a.members = append(a.members, packed{header, content})
	return a.pack()
}

func (a *archive) setModTime(key string, at time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range a.members {
		if a.members[i].Name == key {
			a.members[i].Modified = at
		}
	}
	return a.pack()
}

func (a *archive) pack() error {
	r, err := pack(a.members...)
	a.storage = iofs.New(r, nil)
	return err
}

func (a *archive) current() *iofs.Storage {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.storage == nil {
		a.storage = iofs.New(&zip.Reader{}, nil)
	}
	return a.storage
}

func (a *archive) File(key string) (downloadview.File, error) {
	if _, err := a.current().File(key); err != nil {
		return nil, err
	}
	return archived{a, key}, nil
}

func (a *archive) List(ctx context.Context, folder string) iter.Seq2[fs.FileInfo, error] {
	return a.current().List(ctx, folder)
}

type archived struct {
	archive *archive
	key     string
}

func (f archived) Name() string { return f.key }

func (f archived) Open(ctx context.Context) (fs.File, error) {
	now, err := f.archive.current().File(f.key)
	if err != nil {
		return nil, err
	}
	return now.Open(ctx)
}

// packed is a member of an archive, with its decompressed content.
type packed struct {
	zip.FileHeader
	content []byte
}

func pack(members ...packed) (*zip.Reader, error) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		f, err := w.CreateHeader(&m.FileHeader)
		if err != nil {
			return nil, err
		}
		if _, err := f.Write(m.content); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
}
