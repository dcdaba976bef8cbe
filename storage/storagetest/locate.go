package storagetest

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/downloadview/downloadview"
)

// checkURL parses URLs as a client does. Their unescaped path must end in the key. A
// signed one may have a query.
func checkURL(ctx context.Context, fx Fixture) error {
	if _, err := downloadview.URL(ctx, fx.Storage, plainKey); errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	var p problems
	for _, key := range append([]string{plainKey}, oddKeys...) {
		if _, err := fx.Storage.File(key); err != nil {
			continue
		}
		got, err := downloadview.URL(ctx, fx.Storage, key)
		if err != nil {
			p.addf("URL(%s): %w", short(key), err)
			continue
		}
		if u, err := url.Parse(got); err != nil {
			p.addf("URL(%s) = %q: %w", short(key), got, err)
		} else if !strings.HasSuffix(u.Path, "/"+key) || u.Fragment != "" {
			p.addf("URL(%s) = %q, whose path is %q, want it to end in the key", short(key), got, u.Path)
		}
	}
	for _, key := range fx.refused() {
		if got, err := downloadview.URL(ctx, fx.Storage, key); !errors.Is(err, fs.ErrInvalid) {
			p.addf("URL(%q) = %q, error is %v, want fs.ErrInvalid", key, got, err)
		}
	}
	return p.err()
}

// checkPath checks that the path is that of a file with the same bytes.
func checkPath(_ context.Context, fx Fixture) error {
	name, err := downloadview.Path(fx.Storage, plainKey)
	if errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	if err != nil {
		return err
	}
	var p problems
	if !filepath.IsAbs(name) {
		p.addf("Path(%q) = %q, want an absolute path", plainKey, name)
	}
	want := bytesOf(1, 1000)
	if _, err := fx.put(plainKey, want); err != nil {
		return err
	}
	if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, want) {
		p.addf("Path(%q) = %q; reading it gives %d bytes, %v, want the bytes of the file", plainKey, name, len(got), err)
	}
	for _, key := range fx.refused() {
		if got, err := downloadview.Path(fx.Storage, key); !errors.Is(err, fs.ErrInvalid) {
			p.addf("Path(%q) = %q, error is %v, want fs.ErrInvalid", key, got, err)
		}
	}
	return p.err()
}
