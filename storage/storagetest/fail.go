package storagetest

import (
	"bufio"
	"io"
	"io/fs"

	"github.com/downloadview/downloadview"
)

// A Failure says what goes wrong with the files of a storage. The zero value
// is no failure.
type Failure struct {
	Open  error // what opening gives, in whole and in part
	Stat  error // what Stat gives, of files and of handles
	Read  error // what reading a handle gives after After bytes
	After int64
	Short int   // so many bytes before its end a handle ends, as if nothing were missing
	Close error // what Close gives, though it closes
}

// Fail returns a storage like s whose files fail as f says. They offer what
// those of s offer. A handle that is to fail is no *os.File any more, but
// still seeks where it did; After then counts the bytes read, wherever they
// are. What s offers beside files, such as List or Save, doesn't fail.
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

// shortReader withholds the last bytes of r.
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
