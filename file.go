package downloadview

import (
	"context"
	"errors"
	"io/fs"
)

// A File describes one downloadable thing. Making a File does no I/O; several
// goroutines may use one at the same time.
//
// A File may offer more than this interface: [StatFile], [RangeFile], [Sourcer].
// Each capability is found by one function ([Stat], [OpenRange], [SourceOf]; for
// one of your own, [Find]), which follows a method Unwrap() File. A wrapper that
// has Unwrap says by it that whatever is asked of the wrapper, Open included, may
// be asked of the inner File instead. A wrapper that changes, counts or limits
// the bytes must not have it.
type File interface {
	// Name returns the file's key: slash-separated and unescaped. The last
	// element is the default name of the download.
	Name() string

	// Open acquires the bytes. The caller closes the handle, once. ctx is
	// valid until then: an implementation may keep it for its reads.
	//
	// Stat of the handle speaks of the bytes that Read gives; a size of -1
	// means that it is not known. A handle may offer [io.Seeker], which makes
	// ranges possible, and is sent by sendfile(2) where it is an [os.File].
	//
	// A File that looks at what it opens may say what it saw by a method
	// OpenStat(ctx context.Context) (fs.File, fs.FileInfo, error), which is Open
	// and Stat of the handle. It is called in place of them, but not through
	// Unwrap: a wrapper's Open counts.
	//
	// A missing file is [fs.ErrNotExist], an impossible name [fs.ErrInvalid],
	// a forbidden one [fs.ErrPermission]; trouble further up is [ErrUpstream].
	// Each says something of the file, so that an error from below, such as
	// that of a connection or of a file with a token, must not be wrapped as it
	// is: [AsCause] takes its meaning away. The end of ctx is its own error.
	Open(ctx context.Context) (fs.File, error)
}

// A StatFile is a File that knows its metadata without being opened. Files on
// local disk don't offer it: there the open handle is the truth.
//
// An error of Stat that is also [errors.ErrUnsupported] says that looking is
// refused, in a way that leaves open whether the file can be read: it is opened
// then.
type StatFile interface {
	File
	Stat(ctx context.Context) (fs.FileInfo, error)
}

// Stat returns f's metadata: from the first StatFile found by following
// Unwrap, else, or where that is refused, by opening f and closing it again: at
// its first byte where it is a [RangeFile] too, so that no more is fetched.
// [AttributesOf] tells what the result holds.
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

// openToLook opens f for what its handle tells, at the first byte where looking
// was refused.
func openToLook(ctx context.Context, f File) (fs.File, fs.FileInfo, error) {
	r, ranged := Find[RangeFile](f)
	if _, refused := Find[StatFile](f); refused && ranged {
		h, err := openPart(ctx, r, 0, 1)
		if !errors.Is(err, ErrRange) && !errors.Is(err, errors.ErrUnsupported) {
			return looked(h, err)
		}
	}
	return openAndLook(ctx, f)
}

// looked returns h, which is closed where it can't be looked at, and what it says
// of itself.
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

// statUnopened is Stat for those who would rather open the file themselves:
// where no StatFile is found the error is errors.ErrUnsupported.
func statUnopened(ctx context.Context, f File) (fs.FileInfo, error) {
	s, ok := Find[StatFile](f)
	if !ok {
		return nil, errors.ErrUnsupported
	}
	fi, err := s.Stat(ctx)
	return known(s, fi, err)
}
