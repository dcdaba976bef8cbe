package storagetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/downloadview/downloadview"
)

func checkRanges(ctx context.Context, fx Fixture) error {
	const size = 1000
	content := bytesOf(1, size)
	f, err := fx.put(plainKey, content)
	if err != nil {
		return err
	}
	var p problems
	for _, r := range []struct {
		offset, length int64
		from, to       int64 // equal if the range can't be satisfied
	}{
		{0, 1, 0, 1},
		{0, size, 0, size},
		{0, -1, 0, size},
		{1, 1, 1, 2},
		{500, 100, 500, 600},
		{size - 1, 1, size - 1, size},
		{size - 1, -1, size - 1, size},
		{1, -1, 1, size},
		{1, math.MinInt64, 1, size},
		{size - 10, 100, size - 10, size},
		{0, 10 * size, 0, size},
		{1, math.MaxInt64, 1, size},
		{-1, -1, size - 1, size},
		{-10, 3, size - 10, size},
		{-size, -1, 0, size},
		{-10 * size, -1, 0, size},
		{math.MinInt64, -1, 0, size},
		{size, 1, 0, 0},
		{size, -1, 0, 0},
		{10 * size, 1, 0, 0},
		{math.MaxInt64, 1, 0, 0},
	} {
		p.in(fmt.Sprintf("OpenRange(%d, %d) of %d bytes", r.offset, r.length, size),
			wantRange(ctx, f, r.offset, r.length, content[r.from:r.to]))
	}
	return p.err()
}

func checkRangesOfNothing(ctx context.Context, fx Fixture) error {
	f, err := fx.put(plainKey, nil)
	if err != nil {
		return err
	}
	var p problems
	for _, r := range [][2]int64{{0, -1}, {0, 1}, {1, -1}, {-1, -1}, {math.MinInt64, -1}} {
		p.in(fmt.Sprintf("OpenRange(%d, %d) of an empty file", r[0], r[1]), wantRange(ctx, f, r[0], r[1], nil))
	}
	return p.err()
}

// wantRange opens a range of f and checks that its bytes are want. If want is empty,
// opening must fail with [downloadview.ErrRange].
func wantRange(ctx context.Context, f downloadview.File, offset, length int64, want []byte) error {
	whole, err := factsOf(ctx, f)
	if err != nil {
		return err
	}
	h, err := opened(downloadview.OpenRange(ctx, f, offset, length))
	switch {
	case errors.Is(err, errors.ErrUnsupported) && mayRefuse(ctx, f, offset):
		return nil
	case len(want) == 0:
		if err == nil {
			h.Close()
		}
		if !errors.Is(err, downloadview.ErrRange) {
			return fmt.Errorf("error is %v, want downloadview.ErrRange", err)
		}
		return nil
	case err != nil:
		return err
	}
	fi, err := h.Stat()
	if err != nil {
		h.Close()
		return fmt.Errorf("Stat of the handle: %w", err)
	}
	got, err := drain(h)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("the %d bytes that were read are not the wanted %d bytes", len(got), len(want))
	}
	if err := sameFacts(downloadview.AttributesOf(fi), whole); err != nil {
		return fmt.Errorf("Stat of the handle differs from Stat of a handle for the whole file: %w", err)
	}
	return nil
}

// mayRefuse reports whether OpenRange of f may return errors.ErrUnsupported. It may if
// the handles of f can't seek and either f is no [downloadview.RangeFile] or the range
// is a suffix.
func mayRefuse(ctx context.Context, f downloadview.File, offset int64) bool {
	h, err := opened(f.Open(ctx))
	if err != nil {
		return false
	}
	defer h.Close()
	if _, ok := h.(io.Seeker); ok {
		return false
	}
	_, ok := downloadview.Find[downloadview.RangeFile](f)
	return !ok || offset < 0
}

// factsOf opens f and returns the attributes of its handle.
func factsOf(ctx context.Context, f downloadview.File) (downloadview.Attributes, error) {
	h, err := opened(f.Open(ctx))
	if err != nil {
		return downloadview.Attributes{}, err
	}
	defer h.Close()
	fi, err := h.Stat()
	if err != nil {
		return downloadview.Attributes{}, err
	}
	return downloadview.AttributesOf(fi), nil
}
