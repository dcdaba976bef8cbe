// Package wrapper has the code that storages share if they wrap another
// storage.
package wrapper

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"time"

	"github.com/downloadview/downloadview"
)

// A Storage passes calls on to Inner. If Inner doesn't support an operation,
// the error is [errors.ErrUnsupported], as without the wrapper.
type Storage struct{ Inner downloadview.Storage }

// List lists a folder of Inner.
func (s Storage) List(ctx context.Context, folder string) iter.Seq2[fs.FileInfo, error] {
	return downloadview.List(ctx, s.Inner, folder)
}

// Exists asks Inner.
func (s Storage) Exists(ctx context.Context, key string) (bool, error) {
	return downloadview.Exists(ctx, s.Inner, key)
}

// Save stores in Inner.
func (s Storage) Save(ctx context.Context, key string, r io.Reader) error {
	return downloadview.Save(ctx, s.Inner, key, r)
}

// Delete removes from Inner.
func (s Storage) Delete(ctx context.Context, key string) error {
	return downloadview.Delete(ctx, s.Inner, key)
}

// Times returns the times of a file of Inner.
func (s Storage) Times(ctx context.Context, key string) (downloadview.Times, error) {
	return downloadview.TimesOf(ctx, s.Inner, key)
}

// URL returns the public URL of a file of Inner.
func (s Storage) URL(ctx context.Context, key string) (string, error) {
	return downloadview.URL(ctx, s.Inner, key)
}

// Path returns the local path of a file of Inner.
func (s Storage) Path(key string) (string, error) { return downloadview.Path(s.Inner, key) }

// A File passes on what Inner offers, itself or by Unwrap. It has no Unwrap, so
// a type that embeds it may read the bytes in another way.
type File struct{ Inner downloadview.File }

// Name returns the name of Inner.
func (f File) Name() string { return f.Inner.Name() }

// Source returns the source of Inner.
func (f File) Source() (downloadview.Source, bool) { return downloadview.SourceOf(f.Inner) }

// Identity returns the identity of Inner.
func (f File) Identity() (string, bool) { return downloadview.IdentityOf(f.Inner) }

// SignedURL returns a signed URL of Inner.
func (f File) SignedURL(ctx context.Context, o downloadview.SignOptions) (string, time.Time, error) {
	return downloadview.SignedURL(ctx, f.Inner, o)
}

// OpenRange calls OpenRange of Inner if that is a [downloadview.RangeFile]. If
// it isn't, or can't open ranges this time, the error is
// [errors.ErrUnsupported] and nothing is opened.
func (f File) OpenRange(ctx context.Context, offset, length int64) (fs.File, error) {
	return downloadview.OpenRange(ctx, shut{f.Inner}, offset, length)
}

// shut is a File that can't be opened as a whole, which the package functions
// do if ranges fail.
type shut struct{ downloadview.File }

func (f shut) Unwrap() downloadview.File { return f.File }

func (f shut) Open(context.Context) (fs.File, error) { return nil, errors.ErrUnsupported }

var (
	_ downloadview.Identifier = File{}
	_ downloadview.Sourcer    = File{}
)
