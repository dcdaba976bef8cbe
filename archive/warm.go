package archive

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/wrapper"
)

// Warm computes the CRC-32 of files ahead, and saves it in store, for
// [Options].Known. It reads each file of entries whose CRC-32 neither the entry nor
// the file's store nor store itself has, one after the other; run it in the
// background, when files arrive for example. A file whose version can't be told apart
// from others is left out ([VersionOf]), and so is one that changes meanwhile.
//
// An error of entries or of a file ends it; what was computed before is saved.
func Warm(ctx context.Context, entries iter.Seq2[Entry, error], store Checksums) error {
	for e, err := range entries {
		if err != nil {
			return err
		}
		if e.File == nil || e.CRC32 != nil {
			continue
		}
		l := ask(ctx, &e, store)
		l.fetch(ctx)
		if l.err != nil {
			return memberError(nameOf(&e), l.err)
		}
		v, ok := VersionOf(e.File, l.attributes)
		if ok && l.fetched { // saves the request next time
			store.Save(ctx, v, Beginning{v.Size, *l.crc})
		}
		if !ok || l.crc != nil {
			continue
		}
		sum, err := wholeSum(ctx, e.File, l.attributes)
		if err != nil {
			return memberError(nameOf(&e), err)
		}
		if sum != nil {
			store.Save(ctx, v, Beginning{v.Size, *sum})
		}
	}
	return nil
}

// wholeSum returns the CRC-32 of the version of f that a describes, or nil if there
// is another one, also if it came while f was read.
func wholeSum(ctx context.Context, f downloadview.File, a downloadview.Attributes) (*uint32, error) {
	m := member{file: f, size: a.Size, version: versionOf(a)}
	sum, n, err := m.sum(ctx)
	switch {
	case errors.Is(err, downloadview.ErrChanged):
		return nil, nil
	case err != nil:
		return nil, err
	case n != a.Size:
		return nil, fmt.Errorf("it has %d bytes, want %d", n, a.Size)
	}
	return &sum, nil
}

// sum reads all of m, and returns its CRC-32 and how many bytes were read.
func (m *member) sum(ctx context.Context) (sum uint32, n int64, err error) {
	h, _, err := m.openAt(ctx, 0)
	if err != nil {
		return 0, 0, err
	}
	defer h.Close() // the bytes have been read
	if err := m.checkHandle(h); err != nil {
		return 0, 0, err
	}
	crc := crc32.NewIEEE()
	if n, err = io.Copy(crc, contextReader{ctx, h}); err != nil {
		return 0, n, err
	}
	return crc.Sum32(), n, m.checkHandle(h) // a file of the system tells what was written to it
}

type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return wrapper.CheckedReader{Reader: r.r}.Read(p)
}
