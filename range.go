package downloadview

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// ErrRange says that a range of a file can't be satisfied: it begins at or
// after the end, or the file is empty.
var ErrRange = errors.New("range not satisfiable")

// A RangeFile is a File that can be opened in the middle with one request to
// the place where it lives.
//
// If only the metadata tells whether a file has ranges, its FileInfo, that of Stat and
// that of the handle, may have a method HasRanges() bool. If it returns false, the file
// is answered whole, and the answer doesn't say that ranges are accepted.
type RangeFile interface {
	File

	// OpenRange opens length bytes from offset. A negative length means up to the
	// end. A negative offset means the last -offset bytes, or the whole file if it
	// is shorter; length is then ignored. A range that reaches past the end is cut
	// there. OpenRange is never called with a length of 0.
	//
	// Stat of the handle returns the size and the entity tag of the whole file;
	// Read returns the range. The error is [ErrRange] if the range can't be
	// satisfied, and [errors.ErrUnsupported] if the file can't answer this kind of
	// range (a suffix, for example) and should be asked in another way.
	OpenRange(ctx context.Context, offset, length int64) (fs.File, error)
}

// refusesRanges reports whether a file says in its metadata that it has no ranges.
func refusesRanges(fi fs.FileInfo) bool {
	s, ok := fi.(interface{ HasRanges() bool })
	return ok && !s.HasRanges()
}

// OpenRange opens a part of f, with the arguments and errors of
// [RangeFile.OpenRange]. It uses the first RangeFile that it finds by following
// Unwrap, else it opens f and seeks. If neither is possible, the error is
// [errors.ErrUnsupported]. A length of 0 is [ErrRange], unless offset is
// negative; nothing is opened. The caller closes the handle.
func OpenRange(ctx context.Context, f File, offset, length int64) (fs.File, error) {
	switch {
	case length == 0 && offset < 0:
		length = -1 // it is ignored
	case length == 0:
		return nil, fmt.Errorf("a range of no bytes of %q: %w", f.Name(), ErrRange)
	}
	h, err := openRangeDirectly(ctx, f, offset, length)
	if !errors.Is(err, errors.ErrUnsupported) {
		return h, err
	}
	if h, err = openFile(ctx, f); err != nil {
		return nil, err
	}
	part, err := seekRange(h, offset, length)
	if err != nil {
		h.Close()
		return nil, err
	}
	return part, nil
}

func openRangeDirectly(ctx context.Context, f File, offset, length int64) (fs.File, error) {
	r, ok := Find[RangeFile](f)
	if !ok {
		return nil, errors.ErrUnsupported
	}
	return openPart(ctx, r, offset, length)
}

// seekRange makes a range of a handle that has the whole file.
func seekRange(h fs.File, offset, length int64) (fs.File, error) {
	s, ok := h.(io.Seeker)
	if !ok {
		return nil, fmt.Errorf("%T can't seek: %w", h, errors.ErrUnsupported)
	}
	fi, err := statOf(h)
	if err != nil {
		return nil, err
	}
	size := fi.Size()
	switch {
	case size < 0:
		return nil, fmt.Errorf("size of %q is not known: %w", fi.Name(), errors.ErrUnsupported)
	case offset < 0:
		offset, length = max(size+offset, 0), -1
	}
	if offset >= size {
		return nil, fmt.Errorf("offset %d, file of %d bytes: %w", offset, size, ErrRange)
	}
	if length < 0 || length > size-offset {
		length = size - offset
	}
	if err := seekTo(s, offset); err != nil {
		return nil, err
	}
	return &rangeHandle{h, io.LimitedReader{R: h, N: length}}, nil
}

// A seekError says that an open file can't seek. It says nothing else about the file: some
// wrappers have a Seek that fails if the file inside has none.
type seekError struct {
	handle any
	err    error
}

func (e *seekError) Error() string        { return fmt.Sprintf("%T can't seek: %v", e.handle, e.err) }
func (e *seekError) Is(target error) bool { return target == errors.ErrUnsupported }

// seekTo moves h, which has a Seek. The error is a *seekError, unless it is one of the store
// or of a context.
func seekTo(h any, offset int64) error {
	_, err := h.(io.Seeker).Seek(offset, io.SeekStart)
	if err == nil || errors.Is(err, ErrUpstream) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &seekError{h, err}
}

type rangeHandle struct {
	whole fs.File
	part  io.LimitedReader
}

func (h *rangeHandle) Stat() (fs.FileInfo, error) { return h.whole.Stat() }
func (h *rangeHandle) Read(p []byte) (int, error) { return h.part.Read(p) }
func (h *rangeHandle) Close() error               { return h.whole.Close() }
