package storagetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/downloadview/downloadview"
)

// checkPin pins a file and replaces it. The pinned file must not return bytes of the
// new version with the entity tag of the old one.
func checkPin(ctx context.Context, fx Fixture) error {
	old := bytesOf(1, 1000)
	f, err := fx.put(plainKey, old)
	if err != nil {
		return err
	}
	pinner, ok := downloadview.Find[downloadview.Pinner](f)
	if !ok {
		return nil
	}
	facts, err := factsOf(ctx, f)
	if err != nil {
		return err
	}
	tag := facts.StrongETag()
	if tag == "" {
		return nil // a file without a version can't be pinned to one
	}
	var p problems
	if missing, err := fx.file("missing"); err == nil {
		p.in("a missing file that is pinned", wantNothing(ctx, downloadview.Pin(missing, tag), fs.ErrNotExist, downloadview.ErrChanged))
	}
	pinned := pinner.Pin(tag)
	if pinned == nil {
		return fmt.Errorf("Pin(%s) returns nil", tag)
	}
	if pinned.Name() != f.Name() {
		p.addf("the name of the pinned file is %q, want %q", pinned.Name(), f.Name())
	}
	p.in("pinned", CheckFile(ctx, pinned))
	if got, err := readFile(ctx, pinned); err != nil || !bytes.Equal(got, old) {
		p.addf("pinned: %d bytes were read, %v, want the stored version", len(got), err)
	}
	p.in("pinned to a version that never existed", wantVersion(ctx, pinner.Pin(`"never"`), `"never"`, nil))

	young := bytesOf(2, 1000)
	if f, err = fx.put(plainKey, young); err != nil {
		return err
	}
	p.in("pinned, then replaced", wantVersion(ctx, pinned, tag, old))
	if got, err := readFile(ctx, f); err != nil || !bytes.Equal(got, young) {
		p.addf("not pinned: %d bytes were read, %v, want the new version", len(got), err)
	}
	return p.err()
}

// wantVersion checks f, which is pinned to tag and was replaced. Each way to open it,
// or to get its facts, must return the bytes old, or another tag, or
// [downloadview.ErrChanged]. A nil old means that the version never existed.
func wantVersion(ctx context.Context, f downloadview.File, tag string, old []byte) error {
	var p problems
	changed := func(door string, err error) bool {
		if err != nil && !errors.Is(err, downloadview.ErrChanged) {
			p.addf("%s: error is %v, want downloadview.ErrChanged", door, err)
		}
		return err != nil
	}
	bytesOfVersion := func(door string, h fs.File, err error, want []byte) {
		if h, err = opened(h, err); changed(door, err) {
			return
		}
		fi, err := h.Stat()
		if err != nil {
			h.Close()
			p.addf("%s: Stat of the handle: %w", door, err)
			return
		}
		got, err := drain(h)
		if downloadview.AttributesOf(fi).ETag == tag && (err == nil && !bytes.Equal(got, want) || old == nil) {
			p.addf("%s: %d bytes of another version have the entity tag %s", door, len(got), tag)
		}
	}
	h, err := f.Open(ctx)
	bytesOfVersion("Open", h, err, old)
	if r, ok := downloadview.Find[downloadview.RangeFile](f); ok {
		if h, err = r.OpenRange(ctx, 10, 20); !errors.Is(err, errors.ErrUnsupported) {
			bytesOfVersion("OpenRange", h, err, old[min(10, len(old)):min(30, len(old))])
		}
	}
	if s, ok := downloadview.Find[downloadview.StatFile](f); ok {
		fi, err := s.Stat(ctx)
		switch {
		case errors.Is(err, errors.ErrUnsupported), changed("Stat", err), fi == nil:
		case downloadview.AttributesOf(fi).ETag == tag && old == nil:
			p.addf("Stat succeeds for a version that never existed, want downloadview.ErrChanged")
		}
	}
	return p.err()
}
