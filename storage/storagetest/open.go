package storagetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"sync"
	"testing/iotest"

	"github.com/downloadview/downloadview"
)

// checkLazy calls File for a missing key, stores it, and then opens the File. It must
// return the stored bytes, since Storage.File must not look whether a file is there.
func checkLazy(ctx context.Context, fx Fixture) error {
	early, err := fx.file(plainKey)
	if err != nil {
		return err
	}
	want := bytesOf(1, 100)
	if _, err := fx.put(plainKey, want); err != nil {
		return err
	}
	got, err := readFile(ctx, early)
	if err != nil {
		return fmt.Errorf("a File made before its bytes were stored: %w", err)
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("a File made before its bytes were stored returns %d bytes, want the %d stored ones", len(got), len(want))
	}
	return nil
}

func checkContent(ctx context.Context, fx Fixture) error {
	var p problems
	for _, size := range []int{0, 1, 511, 64 << 10, 3<<20 + 1} {
		want := bytesOf(1, size)
		f, err := fx.put(fmt.Sprintf("size/%d", size), want)
		if err != nil {
			return err
		}
		got, err := readFile(ctx, f)
		if err != nil {
			p.addf("%d bytes: %w", size, err)
			continue
		}
		if !bytes.Equal(got, want) {
			p.addf("%d bytes: the %d bytes that were read are not those that were stored", size, len(got))
		}
		p.in(fmt.Sprintf("%d bytes", size), CheckFile(ctx, f))
	}
	return p.err()
}

func checkHandle(ctx context.Context, fx Fixture) error {
	want := bytesOf(1, 1000)
	f, err := fx.put(plainKey, want)
	if err != nil {
		return err
	}
	h, err := opened(f.Open(ctx))
	if err != nil {
		return err
	}
	var p problems
	fi, err := h.Stat()
	switch {
	case err != nil:
		p.addf("Stat of the handle: %w", err)
	case fi == nil:
		p.addf("Stat of the handle returns a nil fs.FileInfo and a nil error")
	default:
		if fi.Size() != int64(len(want)) && fi.Size() != -1 {
			p.addf("Stat of the handle: size is %d, want %d, or -1 for unknown", fi.Size(), len(want))
		}
		if fi.IsDir() || !fi.Mode().IsRegular() {
			p.addf("Stat of the handle: mode is %v, want that of a regular file", fi.Mode())
		}
		if fi.Name() != path.Base(plainKey) {
			p.addf("Stat of the handle: name is %q, want %q", fi.Name(), path.Base(plainKey))
		}
		p.in("Stat of the handle", wellFormed(downloadview.AttributesOf(fi)))
	}
	// TestReader also tries Seek and ReadAt where the handle has them.
	p.in("Read", iotest.TestReader(h, want))
	p.in("Close", h.Close())
	h.Close() // may return an error, but must not panic
	if _, ok := h.(io.Seeker); ok {
		p.in("Seek", checkSeek(ctx, f, want))
	}
	return p.err()
}

func checkSeek(ctx context.Context, f downloadview.File, want []byte) error {
	h, err := opened(f.Open(ctx))
	if err != nil {
		return err
	}
	defer h.Close()
	size := int64(len(want))
	for _, at := range []int64{size / 2, 0, size, size - 1} {
		if pos, err := h.(io.Seeker).Seek(at, io.SeekStart); err != nil || pos != at {
			return fmt.Errorf("Seek(%d, io.SeekStart) = %d, %w", at, pos, err)
		}
		got, err := io.ReadAll(h)
		if err != nil {
			return err
		}
		if !bytes.Equal(got, want[at:]) {
			return fmt.Errorf("the %d bytes after Seek(%d, io.SeekStart) are not the last %d bytes of the file", len(got), at, size-at)
		}
	}
	return nil
}

// checkReplaced checks that a File keeps no facts and bytes: after the file is
// replaced, the same File must return the new ones.
func checkReplaced(ctx context.Context, fx Fixture) error {
	f, err := fx.put(plainKey, bytesOf(1, 1000))
	if err != nil {
		return err
	}
	before, err := downloadview.Stat(ctx, f)
	if err != nil {
		return err
	}
	want := bytesOf(2, 1000)
	if err := fx.Put(plainKey, want); err != nil {
		return fmt.Errorf("Put(%q) over what is there: %w", plainKey, err)
	}
	got, err := readFile(ctx, f)
	if err != nil {
		return err
	}
	var p problems
	if !bytes.Equal(got, want) {
		p.addf("the file was replaced, but reading it doesn't give the new bytes")
	}
	after, err := downloadview.Stat(ctx, f)
	if err != nil {
		return err
	}
	if tag := downloadview.AttributesOf(after).ETag; tag != "" && tag == downloadview.AttributesOf(before).ETag {
		p.addf("the file was replaced, but its entity tag is still %s", tag)
	}
	return p.err()
}

func checkCancelled(ctx context.Context, fx Fixture) error {
	f, err := fx.put(plainKey, bytesOf(1, 1000))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	var p problems
	if err := wantNothing(ctx, f, context.Canceled); err != nil {
		p.addf("the context is cancelled: %w", err)
	}
	for _, err := range downloadview.List(ctx, fx.Storage, "") {
		if !errors.Is(err, context.Canceled) && !errors.Is(err, errors.ErrUnsupported) {
			p.addf("the context is cancelled: List: error is %v, want context.Canceled", err)
		}
		break
	}
	return p.err()
}

func checkParallel(ctx context.Context, fx Fixture) error {
	const files, readers = 3, 4
	described := make([]downloadview.File, files)
	for i := range described {
		var err error
		if described[i], err = fx.put(fmt.Sprintf("parallel/%d", i), bytesOf(byte(i), 100_000)); err != nil {
			return err
		}
	}
	errs := make([]error, files*readers)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			seed := i % files
			got, err := readFile(ctx, described[seed])
			if err == nil && !bytes.Equal(got, bytesOf(byte(seed), 100_000)) {
				err = fmt.Errorf("file %d has wrong bytes when several goroutines read it", seed)
			}
			errs[i] = err
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
