package storagetest

import (
	"context"
	"io/fs"
	"iter"

	"github.com/downloadview/downloadview"
)

// wrapped returns fx with every file in a wrapper that says by Unwrap that it
// changes nothing. What gets lost there was never asked for through the
// functions of package downloadview.
func (fx Fixture) wrapped() Fixture {
	return Fixture{Storage: wrappedStorage{fx.Storage}, Put: fx.Put}
}

type wrappedStorage struct{ inner downloadview.Storage }

func (s wrappedStorage) File(key string) (downloadview.File, error) {
	f, err := s.inner.File(key)
	if f == nil || err != nil {
		return nil, err
	}
	return wrappedFile{f}, nil
}

func (s wrappedStorage) List(ctx context.Context, folder string) iter.Seq2[fs.FileInfo, error] {
	return downloadview.List(ctx, s.inner, folder)
}

type wrappedFile struct{ downloadview.File }

func (f wrappedFile) Unwrap() downloadview.File { return f.File }

var _ downloadview.Lister = wrappedStorage{}
