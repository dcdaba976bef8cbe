package storagetest

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/downloadview/downloadview"
)

func checkTimes(ctx context.Context, fx Fixture) error {
	began := time.Now()
	f, err := fx.put(plainKey, []byte("content"))
	if err != nil {
		return err
	}
	got, err := downloadview.TimesOf(ctx, fx.Storage, plainKey)
	if errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	if err != nil {
		return err
	}
	var p problems
	if got.Created.IsZero() && got.Accessed.IsZero() {
		p.addf("Times = %v, want Created or Accessed set, or errors.ErrUnsupported", got)
	}
	// The clock of a file system, or of another machine, may differ.
	for what, at := range map[string]time.Time{"Created": got.Created, "Accessed": got.Accessed} {
		if !at.IsZero() && (at.Before(began.Add(-time.Hour)) || at.After(time.Now().Add(time.Hour))) {
			p.addf("Times: %s is %v, want about now, %v", what, at, began)
		}
	}
	fi, err := downloadview.Stat(ctx, f)
	if err != nil {
		return err
	}
	if g, w := got.Modified.Truncate(time.Second), fi.ModTime().Truncate(time.Second); !g.Equal(w) {
		p.addf("Times: Modified is %v, want %v as Stat returns it", g, w)
	}
	for key, want := range map[string]error{"missing": fs.ErrNotExist, "folder": fs.ErrNotExist} {
		if got, err := downloadview.TimesOf(ctx, fx.Storage, key); !errors.Is(err, want) {
			p.addf("Times(%q) = %v, error is %v, want %v", key, got, err, want)
		}
	}
	for _, key := range fx.refused() {
		if got, err := downloadview.TimesOf(ctx, fx.Storage, key); !errors.Is(err, fs.ErrInvalid) {
			p.addf("Times(%q) = %v, error is %v, want fs.ErrInvalid", key, got, err)
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := downloadview.TimesOf(ctx, fx.Storage, plainKey); !errors.Is(err, context.Canceled) {
		p.addf("the context is cancelled: Times: error is %v, want context.Canceled", err)
	}
	return p.err()
}
