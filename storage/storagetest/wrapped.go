package storagetest

import (
	"context"

	"github.com/downloadview/downloadview"
)

// wrapped returns fx with every file in a wrapper that says by Unwrap that it
// changes nothing. What gets lost there was never asked for through the
// functions of package downloadview.
func (fx Fixture) wrapped() Fixture {
	fx.Storage = wrappedStorage{forward{fx.Storage}}
	return fx
}

type wrappedStorage struct{ forward }

func (s wrappedStorage) File(key string) (downloadview.File, error) {
	f, err := s.inner.File(key)
	if f == nil || err != nil {
		return nil, err
	}
	return wrappedFile{f}, nil
}

func (s wrappedStorage) Exists(ctx context.Context, key string) (bool, error) {
	return exists(ctx, s.inner, s, key)
}

type wrappedFile struct{ downloadview.File }

func (f wrappedFile) Unwrap() downloadview.File { return f.File }

var _ everything = wrappedStorage{}
