package main

import (
	"archive/zip"
	"bytes"
	"context"
	"database/sql"
	"embed"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/afero"
	"gocloud.dev/blob"
	"gocloud.dev/blob/memblob"

	"github.com/downloadview/downloadview/storage/remote"
)

// Names that break many download pages.
const (
	manyScripts = "zażółć € 日本.txt"
	percent     = "100% done.pdf"
	quotes      = `"quotes" & <angles>.txt`
	override    = "report \u202efdp.txt" // the override would show it as "report txt.pdf"
)

var (
	//go:embed samples
	embedded embed.FS
	samples  = below("samples", embedded)

	//go:embed samples/hello.txt
	hello []byte
	//go:embed samples/report.pdf
	report []byte
)

func below(folder string, fsys fs.FS) fs.FS {
	sub, err := fs.Sub(fsys, folder)
	if err != nil {
		panic(err) // the folder's name is no path
	}
	return sub
}

// A stock has all the places from which the demo's files come.
type stock struct {
	dir     string   // temporary, with all that is on disk
	folder  *os.Root // below dir
	memory  afero.Fs
	bucket  *blob.Bucket
	archive *zip.Reader
	db      *sql.DB

	origin    *remote.Storage // of another server
	originURL *url.URL

	closers []func() error
}

// openStock opens and fills all places. The caller closes the stock.
func openStock(ctx context.Context) (*stock, error) {
	s := &stock{}
	for _, open := range []func(context.Context) error{
		s.openFolder, s.openMemory, s.openBucket, s.openArchive, s.openDatabase, s.openOrigin,
	} {
		if err := open(ctx); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// Close closes and removes everything, in the reverse order of opening.
func (s *stock) Close() error {
	var errs []error
	for _, c := range slices.Backward(s.closers) {
		errs = append(errs, c())
	}
	return errors.Join(errs...)
}

func (s *stock) onClose(f func() error) { s.closers = append(s.closers, f) }

func (s *stock) openFolder(context.Context) (err error) {
	if s.dir, err = os.MkdirTemp("", "downloadview-demo-"); err != nil {
		return err
	}
	s.onClose(func() error { return os.RemoveAll(s.dir) })
	path := filepath.Join(s.dir, "files")
	if err := os.CopyFS(path, samples); err != nil {
		return err
	}
	if s.folder, err = os.OpenRoot(path); err != nil {
		return err
	}
	s.onClose(s.folder.Close)
	return errors.Join(
		s.folder.WriteFile(manyScripts, hello, 0o600),
		s.folder.WriteFile(percent, report, 0o600),
		s.dateFolder(),
	)
}

// dateFolder sets the times of the files back. A server that counts in seconds gives a
// file no entity tag within the second of its change, since it may change again.
func (s *stock) dateFolder() error {
	entries, err := fs.ReadDir(s.folder.FS(), ".")
	if err != nil {
		return err
	}
	date := time.Date(2026, time.May, 4, 9, 30, 0, 0, time.UTC)
	for _, e := range entries {
		err = errors.Join(err, s.folder.Chtimes(e.Name(), date, date))
	}
	return err
}

func (s *stock) openMemory(context.Context) error {
	s.memory = afero.NewMemMapFs()
	return afero.WriteFile(s.memory, override, hello, 0o600)
}

func (s *stock) openBucket(ctx context.Context) error {
	s.bucket = memblob.OpenBucket(nil)
	s.onClose(s.bucket.Close)
	return s.bucket.WriteAll(ctx, "letters/"+quotes, hello, &blob.WriterOptions{ContentType: "text/plain"})
}

func (s *stock) openArchive(context.Context) error {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	if err := z.AddFS(s.folder.FS()); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	var err error
	s.archive, err = zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	return err
}
