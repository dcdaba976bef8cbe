package storagetest

import (
	"bufio"
	"io"
	"io/fs"

	"github.com/downloadview/downloadview"
)

// A Failure describes how the files of a storage fail. With the zero value of a
// field, nothing fails in that way.
type Failure struct {
	Open  error // returned by Open and OpenRange
	Stat  error // returned by Stat of files and of handles
	Read  error // returned by Read of a handle after After bytes
	After int64 // number of bytes that can be read before Read, of the whole or a range
	Short int   // number of bytes missing at the end of a handle, which ends with io.EOF
	Close error // returned by Close of a handle, which closes the inner handle first
}

// Fail returns a storage whose files are those of s and fail as f says. They
// implement the same optional interfaces as those of s. Unless f is the zero value,
// their handles are no *os.File, but are an [io.Seeker] if the inner handle is one;
// After then counts all bytes that were read, at any position. Other methods of s,
// such as List or Save, don't fail.
func Fail(s downloadview.Storage, f Failure) downloadview.Storage {
	return guardedStorage{forward{s}, f}
}

func (f Failure) open(call func() (fs.File, error)) (fs.File, error) {
	if f.Open != nil {
		return nil, f.Open
	}
	h, err := call()
	if h == nil || err != nil || f == (Failure{}) {
		return h, err
	}
	failing := &failingHandle{inner: h, failure: f, r: h}
	if f.Short > 0 {
		failing.r = &shortReader{bufio.NewReaderSize(h, f.Short+32<<10), f.Short}
	}
	if s, ok := h.(io.Seeker); ok {
		return &failingSeeker{failing, s}, nil
	}
	return failing, nil
}

func (f Failure) openRange(call func() (fs.File, error)) (fs.File, error) {
	return f.open(call)
}

func (f Failure) stat(call func() (fs.FileInfo, error)) (fs.FileInfo, error) {
	if f.Stat != nil {
		return nil, f.Stat
	}
	return call()
}

type failingHandle struct {
	inner   fs.File
	failure Failure
	r       io.Reader
	n       int64 // bytes read
}

func (h *failingHandle) Stat() (fs.FileInfo, error) { return h.failure.stat(h.inner.Stat) }

func (h *failingHandle) Read(p []byte) (int, error) {
	if h.failure.Read == nil {
		return h.r.Read(p)
	}
	left := h.failure.After - h.n
	if left <= 0 {
		return 0, h.failure.Read
	}
	n, err := h.r.Read(p[:min(int64(len(p)), left)])
	h.n += int64(n)
	return n, err
}

func (h *failingHandle) Close() error {
	if err := h.inner.Close(); err != nil {
		return err
	}
	return h.failure.Close
}

type failingSeeker struct {
	*failingHandle
	seeker io.Seeker
}

func (h *failingSeeker) Seek(offset int64, whence int) (int64, error) {
	short, ok := h.r.(*shortReader)
	if ok && whence == io.SeekCurrent {
		offset -= int64(short.r.Buffered())
	}
	at, err := h.seeker.Seek(offset, whence)
	if ok {
		short.r.Reset(h.inner)
	}
	return at, err
}

// shortReader leaves out the last bytes of r.
type shortReader struct {
	r     *bufio.Reader
	short int
}

func (s *shortReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if _, err := s.r.Peek(s.short + 1); err != nil {
		return 0, err
	}
	return s.r.Read(p[:min(len(p), s.r.Buffered()-s.short)])
}

var (
	_ doors     = Failure{}
	_ io.Seeker = (*failingSeeker)(nil)
)
