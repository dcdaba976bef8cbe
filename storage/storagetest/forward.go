package storagetest

import (
	"context"
	"io"
	"io/fs"
	"iter"

	"github.com/downloadview/downloadview"
)

// forward passes on what a storage offers beside files. Where it doesn't the
// answer is errors.ErrUnsupported, as without the wrapper.
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

// exists asks the inner storage where it can tell, else the files of the outer
// one, which may count or fail.
func exists(ctx context.Context, inner, outer downloadview.Storage, key string) (bool, error) {
	if e, ok := inner.(downloadview.Exister); ok {
		return e.Exists(ctx, key)
	}
	return downloadview.Exists(ctx, struct{ downloadview.Storage }{outer}, key)
}

// everything is what a wrapper passes on.
type everything interface {
	downloadview.Lister
	downloadview.Exister
	downloadview.Saver
	downloadview.Deleter
	downloadview.Timed
	downloadview.URLer
	downloadview.Pather
}
