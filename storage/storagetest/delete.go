package storagetest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/downloadview/downloadview"
)

func checkDelete(ctx context.Context, fx Fixture) error {
	for _, key := range []string{"folder/a", "folder/b", "c", "only/one"} {
		if _, err := fx.put(key, []byte(key)); err != nil {
			return err
		}
	}
	remove := func(key string) error { return downloadview.Delete(ctx, fx.Storage, key) }
	if err := remove("c"); errors.Is(err, errors.ErrUnsupported) {
		return nil
	} else if err != nil {
		return fmt.Errorf("Delete: %w", err)
	}
	var p problems
	p.in("after Delete", wantNoContent(ctx, fx.Storage, "c"))
	ended, end := context.WithCancel(ctx)
	end()
	if err := downloadview.Delete(ended, fx.Storage, "folder/a"); !errors.Is(err, context.Canceled) {
		p.addf("the context is cancelled: Delete: error is %v, want context.Canceled", err)
	}
	for _, key := range []string{"c", "missing", "no/such/folder/x", "folder"} {
		if err := remove(key); !errors.Is(err, fs.ErrNotExist) {
			p.addf("Delete(%q): error is %v, want fs.ErrNotExist", key, err)
		}
	}
	for _, key := range fx.refused() {
		if err := remove(key); !errors.Is(err, fs.ErrInvalid) {
			p.addf("Delete(%q): error is %v, want fs.ErrInvalid", key, err)
		}
	}
	for _, key := range []string{"folder/a", "folder/b"} {
		p.in(short(key)+", which was not deleted", wantOwn(ctx, fx, key))
	}
	if err := remove("only/one"); err != nil {
		p.addf("Delete(%q): %w", "only/one", err)
	}
	if err := remove("only"); !errors.Is(err, fs.ErrNotExist) {
		p.addf("Delete of a folder that became empty: error is %v, want fs.ErrNotExist", err)
	}
	return p.err()
}

func wantOwn(ctx context.Context, fx Fixture, key string) error {
	return wantBytes(ctx, fx, key, []byte(key))
}
