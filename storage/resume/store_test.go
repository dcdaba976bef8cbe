package resume_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync/atomic"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/resume"
)

// store is a file whose store fails as each test requires.
type store struct {
	content []byte
	tag     string
	size    int64 // of what it tells; 0: that of content
	modTime time.Time

	faults []fault // of one opening after the other; then none
	asked  []string
	open   atomic.Int64
	pinned string
}

// fault is a failure of one opening.
type fault struct {
	refuse  error  // opening gives it
	mute    bool   // opening doesn't end but with its context
	after   int64  // so many bytes come,
	err     error  // then this error; nil with cut: the end
	cut     bool   // then the end
	last    error  // comes with the last byte
	stall   bool   // then nothing, until the context ends
	deaf    bool   // then nothing, until Close
	panics  bool   // in Close
	replace string // it is another version by now
	before  func()
}

func (s *store) Name() string { return "a/file" }

func (s *store) Pin(etag string) downloadview.File {
	s.pinned = etag
	return s
}

func (s *store) Source() (downloadview.Source, bool) {
	return downloadview.Source{Scheme: "test", Host: "store", Path: "a/file"}, true
}

func (s *store) Identity() (string, bool) { return "https://store.test/a/file", true }

func (s *store) SignedURL(context.Context, downloadview.SignOptions) (string, time.Time, error) {
	return "https://store.test/a/file?signed", time.Time{}, nil
}

func (s *store) Stat(ctx context.Context) (fs.FileInfo, error) {
	h, err := s.answer(ctx, "stat", 0, -1)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	return h.Stat()
}

func (s *store) Open(ctx context.Context) (fs.File, error) { return s.answer(ctx, "open", 0, -1) }

func (s *store) OpenRange(ctx context.Context, offset, length int64) (fs.File, error) {
	size := int64(len(s.content))
	asked := fmt.Sprint(offset, " ", length)
	if offset < 0 {
		offset, length = max(size+offset, 0), -1
	}
	if offset >= size {
		return nil, downloadview.ErrRange
	}
	return s.answer(ctx, asked, offset, length)
}

func (s *store) answer(ctx context.Context, asked string, offset, length int64) (fs.File, error) {
	s.asked = append(s.asked, asked)
	var f fault
	if len(s.faults) > 0 {
		f, s.faults = s.faults[0], s.faults[1:]
	}
	if f.before != nil {
		f.before()
	}
	if f.mute {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if err := errors.Join(f.refuse, ctx.Err()); err != nil {
		return nil, err
	}
	tag := s.tag
	if f.replace != "" {
		tag = f.replace
	}
	part := s.content[offset:]
	if length >= 0 && length < int64(len(part)) {
		part = part[:length]
	}
	size := int64(len(s.content))
	if s.size != 0 {
		size = s.size
	}
	s.open.Add(1)
	return &storeHandle{
		ctx: ctx, store: s, fault: f, Reader: bytes.NewReader(part), closed: make(chan struct{}),
		info: downloadview.Attributes{Size: size, ETag: tag, ModTime: s.modTime}.FileInfo(s.Name()),
	}, nil
}

type storeHandle struct {
	*bytes.Reader
	ctx    context.Context
	store  *store
	fault  fault
	info   fs.FileInfo
	closed chan struct{}
}

func (h *storeHandle) Stat() (fs.FileInfo, error) { return h.info, nil }

func (h *storeHandle) Read(p []byte) (int, error) {
	if err := h.ctx.Err(); err != nil {
		return 0, err
	}
	f := h.fault
	if f.last != nil {
		if h.Reader.Len() == 1 {
			return copy(p, h.store.content[len(h.store.content)-1:]), f.last
		}
		return h.Reader.Read(p[:min(len(p), h.Reader.Len()-1)])
	}
	if f.err == nil && !f.cut && !f.stall && !f.deaf {
		return h.Reader.Read(p)
	}
	left := f.after - (h.Reader.Size() - int64(h.Reader.Len()))
	if left > 0 {
		return h.Reader.Read(p[:min(int64(len(p)), left)])
	}
	switch {
	case f.stall:
		<-h.ctx.Done()
		return 0, h.ctx.Err()
	case f.deaf:
		<-h.closed
		return 0, fs.ErrClosed
	case f.cut:
		return 0, io.EOF
	}
	return 0, f.err
}

func (h *storeHandle) Close() error {
	select {
	case <-h.closed:
		return fs.ErrClosed
	default:
	}
	close(h.closed)
	h.store.open.Add(-1)
	if h.fault.panics {
		panic("in Close")
	}
	return nil
}

// numbered returns n bytes in which each position can be recognised.
func numbered(n int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "line %d\n", i)
	}
	return b.Bytes()[:n]
}

// read opens by call, reads all and closes.
func read(call func() (fs.File, error)) ([]byte, error) {
	h, err := call()
	if err != nil {
		return nil, err
	}
	got, err := io.ReadAll(struct{ io.Reader }{h})
	return got, errors.Join(err, h.Close())
}

func readWhole(t testing.TB, s *store, o *resume.Options) ([]byte, error) {
	return read(func() (fs.File, error) { return resume.File(s, o).Open(t.Context()) })
}
