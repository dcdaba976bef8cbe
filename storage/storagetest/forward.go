package storagetest

import (
	"context"
	"io"
	"io/fs"
	"iter"

	"github.com/downloadview/downloadview"
)

// forward passes on calls to the optional methods of a storage, except Exists. If the
// storage doesn't have a method, the error is errors.ErrUnsupported, the same as
// without this wrapper.
type forward struct{ inner downloadview.Storage }

func (s forward) List(ctx context.Context, folder string) iter.Seq2[fs.FileInfo, error] {
	return downloadview.List(ctx, s.inner, folder)
}

func (s forward) Save(ctx context.Context, key string, r io.Reader) error {
	return downloadview.Save(ctx, s.inner, key, r)
}

func (s forward) Delete(ctx context.Context, key string) error {
	return downloadview.Delete(ctx, s.inner, key)
}

func (s forward) Times(ctx context.Context, key string) (downloadview.Times, error) {
	return downloadview.TimesOf(ctx, s.inner, key)
}

func (s forward) URL(ctx context.Context, key string) (string, error) {
	return downloadview.URL(ctx, s.inner, key)
}

func (s forward) Path(key string) (string, error) { return downloadview.Path(s.inner, key) }

// exists calls Exists of the inner storage if it has that method. Otherwise it asks a
// file of the outer storage, which may count the call or fail.
func exists(ctx context.Context, inner, outer downloadview.Storage, key string) (bool, error) {
	if e, ok := inner.(downloadview.Exister); ok {
		return e.Exists(ctx, key)
	}
	return downloadview.Exists(ctx, struct{ downloadview.Storage }{outer}, key)
}

// everything has the optional methods of a storage, which a wrapper passes on.
type everything interface {
	downloadview.Lister
	downloadview.Exister
	downloadview.Saver
	downloadview.Deleter
	downloadview.Timed
	downloadview.URLer
	downloadview.Pather
}
