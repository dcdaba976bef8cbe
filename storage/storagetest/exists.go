package storagetest

import (
	"context"
	"errors"

	"github.com/downloadview/downloadview"
)

func checkExists(ctx context.Context, fx Fixture) error {
	var p problems
	want := func(key string, want bool) {
		if got, err := downloadview.Exists(ctx, fx.Storage, key); got != want || err != nil {
			p.addf("Exists(%s) = %t, %v, want %t and no error", short(key), got, err, want)
		}
	}
	want(plainKey, false)
	if _, err := fx.put(plainKey, nil); err != nil {
		return err
	}
	want(plainKey, true)
	for _, key := range []string{"folder", "missing", "no/such/folder/x", "", ".", "..", "/", "folder/", "../x", "\x00", "/" + plainKey} {
		want(key, false)
	}
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	if got, err := downloadview.Exists(ctx, fx.Storage, plainKey); got || !errors.Is(err, context.Canceled) {
		p.addf("the context is cancelled: Exists = %t, %v, want false and context.Canceled", got, err)
	}
	return p.err()
}
