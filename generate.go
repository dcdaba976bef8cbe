package downloadview

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"reflect"
	"sync/atomic"
)

// ErrConsumed is the error of opening a file of [FromReader] or [FromSeq] a
// second time: their content can be read only once. A view must make a new file
// for each request; if it doesn't, the second request is answered with the
// status 500 and no content.
var ErrConsumed = errors.New("content can be read only once")

// FromFunc returns a File with the content that produce writes to w. Making the
// File does no I/O. It may be opened any number of times and by several
// goroutines at once; produce is called anew for each.
//
// attributes are what is known beforehand; nil means nothing. Their Size is a
// promise: never a byte more is sent, and content of another size is an error.
// Unlike elsewhere, a Size of 0 means that the size is not known, so the zero
// value promises nothing; for content that is known to be empty use
// FromBytes(name, nil, nil). The File is a [StatFile] with these attributes: a
// HEAD doesn't call produce, nor does a request that is answered with 304 by
// the ETag or ModTime of the attributes or of the [Response]. Without a Size
// the answer is chunked. There are no ranges.
//
// produce writes to the client directly, without a pipe and without another
// goroutine. The first Write sends the header. An error before that is answered
// with its [StatusCode]: an error that wraps [io/fs.ErrNotExist], such as that
// of [os.Open], is a 404, so wrap the error of another file with [AsCause]. A
// later error aborts the download, so that clients don't take it for complete.
// If the size is known, the last byte is sent only after produce has returned.
// A panic counts as an error and is logged with its value;
// [http.ErrAbortHandler], returned or panicked, aborts without a log line.
//
// When the client has gone, Write returns an error and ctx is done. ctx is also
// done when produce has returned or the handle is closed. Writes reach the
// client when the server's buffer of a few KiB is full. To send slow content at
// once, call Flush: w is an [http.Flusher], and nothing else flushes.
//
// If the handle is read by a program, each Read lets produce continue up to its
// next Write, and Close ends produce. produce must write in the goroutine in
// which it is called.
func FromFunc(name string, produce func(ctx context.Context, w io.Writer) error, attributes *Attributes) File {
	f := newGenerated(name, attributes)
	f.open = func(ctx context.Context) (fs.File, error) {
		return &production{info: f.info, size: f.size, ctx: ctx, produce: produce}, nil
	}
	return f
}

// FromSeq returns a File with the pieces that seq yields, one after the other.
// It is like [FromFunc], but it can be opened only once, because some iterators
// can't be repeated; after that the error is [ErrConsumed]. If an iterator can
// be repeated, or may fail, or yields slowly, range over it in a FromFunc.
func FromSeq[T ~[]byte | ~string](name string, seq iter.Seq[T], attributes *Attributes) File {
	f := newGenerated(name, attributes)
	write := func(w io.Writer, piece T) (int, error) { return w.Write([]byte(piece)) }
	if reflect.TypeFor[T]().Kind() == reflect.String {
		write = func(w io.Writer, piece T) (int, error) { return io.WriteString(w, string(piece)) }
	}
	produce := func(_ context.Context, w io.Writer) error {
		for piece := range seq {
			if _, err := write(w, piece); err != nil {
				return err
			}
		}
		return nil
	}
	f.open = once(name, func(ctx context.Context) (fs.File, error) {
		return &production{info: f.info, size: f.size, ctx: ctx, produce: produce}, nil
	})
	return f
}

// FromReader returns a File with the content that r reads. It can be opened
// once; after that the error is [ErrConsumed]. attributes are as in [FromFunc].
// What r reads is not flushed, so write content that arrives slowly with
// FromFunc.
//
// If r is an [io.Seeker] that can seek to its end, the content is sent from its
// start, has a size, and has ranges. If r is an [io.Closer], it is closed with
// the handle. It is not closed if the request ends without opening the file (a
// HEAD, a 304, a refusal): use [FromOpener] for what must be closed in any
// case.
func FromReader(name string, r io.Reader, attributes *Attributes) File {
	f := newGenerated(name, attributes)
	f.open = once(name, func(context.Context) (fs.File, error) { return f.handle(r) })
	if _, ok := r.(io.Seeker); !ok || isNothing(r) {
		return f
	}
	if s, ok := r.(interface{ Size() int64 }); ok && f.size < 0 {
		f.hasSize(s.Size())
	}
	if f.size < 0 {
		return f
	}
	return seekable{f}
}

// FromOpener is [FromReader] with a Reader that open makes anew each time. The
// File may be opened any number of times, and by several goroutines at once if
// open allows it. ctx is valid until the Reader is closed. An error of open is
// answered with its [StatusCode], like an error of produce in [FromFunc]. An
// [os.File] that is a folder is [io/fs.ErrNotExist].
func FromOpener(name string, open func(ctx context.Context) (io.Reader, error), attributes *Attributes) File {
	f := newGenerated(name, attributes)
	f.open = func(ctx context.Context) (fs.File, error) {
		r, err := open(ctx)
		if err != nil {
			return nil, err
		}
		return f.handle(r)
	}
	return f
}

// FromBytes returns a File with the content b, which must not be changed any
// more. It has ranges and knows its size, whatever attributes says. It may be
// opened any number of times, by several goroutines at once. attributes are
// what else is known; nil means nothing.
func FromBytes(name string, b []byte, attributes *Attributes) File {
	f := newGenerated(name, attributes)
	f.hasSize(int64(len(b)))
	f.open = func(context.Context) (fs.File, error) {
		h := &bytesHandle{stated: stated{f.info}}
		h.Reset(b)
		return h, nil
	}
	return seekable{f}
}

// FromString is [FromBytes] of a string.
func FromString(name, s string, attributes *Attributes) File {
	f := newGenerated(name, attributes)
	f.hasSize(int64(len(s)))
	f.open = func(context.Context) (fs.File, error) {
		h := &stringHandle{stated: stated{f.info}}
		h.Reset(s)
		return h, nil
	}
	return seekable{f}
}

// A generated file is content that exists in memory or is made when the file is
// opened.
type generated struct {
	name string
	size int64 // -1: not known
	info fs.FileInfo
	open func(ctx context.Context) (fs.File, error)
}

func newGenerated(name string, attributes *Attributes) *generated {
	var a Attributes
	if attributes != nil {
		a = *attributes
	}
	if a.Size <= 0 {
		a.Size = -1
	}
	return &generated{name: name, size: a.Size, info: a.FileInfo(name)}
}

// hasSize sets what the content itself tells.
func (f *generated) hasSize(size int64) {
	a := AttributesOf(f.info)
	a.Size = size
	f.size, f.info = size, a.FileInfo(f.name)
}

func (f *generated) Name() string                              { return f.name }
func (f *generated) Stat(context.Context) (fs.FileInfo, error) { return f.info, nil }
func (f *generated) Open(ctx context.Context) (fs.File, error) { return f.open(ctx) }

// handle makes a handle of r. If that fails, it closes r.
func (f *generated) handle(r io.Reader) (fs.File, error) {
	if isNothing(r) {
		return nil, fmt.Errorf("the Reader of %q is nil", f.name)
	}
	c, _ := r.(io.Closer)
	s, ok := r.(io.ReadSeeker)
	if !ok {
		return &readerHandle{stated{f.info}, closer{c}, r, f.size}, nil
	}
	if d, ok := r.(interface{ Stat() (fs.FileInfo, error) }); ok { // a folder may seek, too
		if fi, err := d.Stat(); err == nil && !isNothing(fi) && fi.IsDir() {
			closer{c}.Close()
			return nil, fmt.Errorf("the Reader of %q is a folder: %w", f.name, fs.ErrNotExist)
		}
	}
	size, err := s.Seek(0, io.SeekEnd)
	if err != nil { // a pipe, such as the standard input
		return &readerHandle{stated{f.info}, closer{c}, r, f.size}, nil
	}
	if f.size >= 0 && f.size != size {
		err = fmt.Errorf("the size of %q was given as %d bytes, but its content has %d", f.name, f.size, size)
	} else {
		_, err = s.Seek(0, io.SeekStart)
	}
	if err != nil {
		closer{c}.Close()
		return nil, err
	}
	a := AttributesOf(f.info)
	a.Size = size
	return &seekerHandle{stated{a.FileInfo(f.name)}, closer{c}, s}, nil
}

func once(name string, open func(context.Context) (fs.File, error)) func(context.Context) (fs.File, error) {
	var consumed atomic.Bool
	return func(ctx context.Context) (fs.File, error) {
		if consumed.Swap(true) {
			return nil, fmt.Errorf("%q was opened before: %w", name, ErrConsumed)
		}
		return open(ctx)
	}
}

// A seekable file is one whose handles are known to seek. As a [RangeFile] it
// says so without being opened.
type seekable struct{ *generated }

func (seekable) OpenRange(context.Context, int64, int64) (fs.File, error) {
	return nil, errors.ErrUnsupported // to be asked in another way: by opening and seeking
}

var (
	_ StatFile  = (*generated)(nil)
	_ StatFile  = seekable{}
	_ RangeFile = seekable{}
)
