package storagetest

import (
	"context"

	"github.com/downloadview/downloadview"
)

// wrapped returns fx with every file in a wrapper that adds only an Unwrap method.
// The functions of package downloadview must find the optional interfaces of the
// inner file.
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
