package downloadview

import (
	"context"
	"errors"
	"io/fs"
)

// A File describes one thing that can be downloaded. Making a File does no I/O.
// Several goroutines may use one File at the same time.
//
// A File may offer more than this interface: [StatFile], [RangeFile],
// [Sourcer]. One function finds each capability ([Stat], [OpenRange],
// [SourceOf]; [Find] for one of your own). It follows a method Unwrap() File.
// With that method a wrapper declares that every call, Open included, may go to
// the inner File instead. So a wrapper that changes, counts or limits the bytes
// must not have Unwrap.
type File interface {
	// Name returns the file's key: slash-separated and unescaped. The last
	// element is the default name of the download.
	Name() string

	// Open opens the file for reading. The caller closes the handle, once. ctx is
	// valid until then, so an implementation may keep it for its reads.
	//
	// Stat of the handle describes the bytes that Read returns; a size of -1 means
	// that the size is not known. A handle may also be an [io.Seeker]: then ranges
	// are possible. An [os.File] is sent by sendfile(2), and so is a handle that embeds
	// one, unless it has a Read of its own.
	//
	// A File that fetches the metadata when it opens may have a method
	// OpenStat(ctx context.Context) (fs.File, fs.FileInfo, error), which is Open
	// and Stat of the handle in one call. It is called in place of them, but never
	// through Unwrap: the Open of a wrapper is always called.
	//
	// The error for a missing file is [fs.ErrNotExist], for an impossible name
	// [fs.ErrInvalid], for a forbidden file [fs.ErrPermission], and for a failure
	// of what is behind the storage [ErrUpstream]. Each of these is a statement
	// about the file. So don't wrap an error from below, such as that of a
	// connection or of a missing token file, as it is: [AsCause] keeps its text and
	// removes its meaning. If ctx ends, the error is that of ctx.
	Open(ctx context.Context) (fs.File, error)
}

// A StatFile is a File that knows its metadata without being opened. Files on
// local disk don't offer it, because only the open handle tells what will be
// read.
//
// If an error of Stat is also [errors.ErrUnsupported], asking for metadata is
// refused, but the file may still be readable: it is opened then.
type StatFile interface {
	File
	Stat(ctx context.Context) (fs.FileInfo, error)
}

// Stat returns the metadata of f. It asks the first StatFile that it finds by
// following Unwrap. If there is none, or asking is refused, it opens f and
// closes it again; a [RangeFile] is opened at its first byte, so that no more
// is fetched. [AttributesOf] reads the result.
func Stat(ctx context.Context, f File) (fs.FileInfo, error) {
	fi, err := statUnopened(ctx, f)
	if !errors.Is(err, errors.ErrUnsupported) {
		return fi, err
	}
	h, fi, err := openToLook(ctx, f)
	if err != nil {
		return nil, err
	}
	if err := h.Close(); err != nil {
		return nil, err
	}
	return fi, nil
}

// openToLook opens f to read the metadata of its handle. Of a RangeFile only the first
// byte is opened.
func openToLook(ctx context.Context, f File) (fs.File, fs.FileInfo, error) {
	if r, ok := Find[RangeFile](f); ok {
		h, err := openPart(ctx, r, 0, 1)
		if !errors.Is(err, ErrRange) && !errors.Is(err, errors.ErrUnsupported) {
			return looked(h, err)
		}
	}
	return openAndLook(ctx, f)
}

// looked returns h and its metadata. If there is no metadata, it closes h.
func looked(h fs.File, err error) (fs.File, fs.FileInfo, error) {
	if err != nil {
		return nil, nil, err
	}
	fi, err := statOf(h)
	if err != nil {
		h.Close()
		return nil, nil, err
	}
	return h, fi, nil
}

// statUnopened is Stat without opening f. If there is no StatFile, the error is
// errors.ErrUnsupported.
func statUnopened(ctx context.Context, f File) (fs.FileInfo, error) {
	s, ok := Find[StatFile](f)
	if !ok {
		return nil, errors.ErrUnsupported
	}
	fi, err := s.Stat(ctx)
	return known(s, fi, err)
}
