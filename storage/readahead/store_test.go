package readahead_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"sync"
	"sync/atomic"
	"time"

	"github.com/downloadview/downloadview"
)

// store is a storage in memory whose files support ranges, like those of a
// bucket.
type store struct {
	latency  time.Duration // of opening
	rate     int64         // of one handle, in bytes a second; 0: no limit
	tagless  bool
	sizeless bool
	dateless bool // the tag is made of size and a useless time

	mu      sync.Mutex
	content map[string][]byte
	asked   []string
	part    map[int64]fault // by the offset that is opened

	open, most atomic.Int64 // handles
}

// fault is a failure of a part.
type fault struct {
	refuse  error
	after   int64 // so many bytes come,
	err     error // then this
	hang    bool  // or nothing, until the context ends
	idle    bool  // or neither a byte nor an error
	last    error // comes with the last byte
	panics  bool
	closes  bool // by a panic of Close
	replace bool // it is another version by now
}

func newStore(content []byte) *store {
	return &store{content: map[string][]byte{"a/file": content}, part: map[int64]fault{}}
}

func (s *store) put(key string, content []byte) error {
	if !fs.ValidPath(key) {
		return errors.ErrUnsupported
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.content[key] = bytes.Clone(content)
	return nil
}

func (s *store) File(key string) (downloadview.File, error) {
	if !fs.ValidPath(key) {
		return nil, &fs.PathError{Op: "file", Path: key, Err: fs.ErrInvalid}
	}
	return &stored{s, key}, nil
}

func (s *store) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

type stored struct {
	store *store
	key   string
}

func (f *stored) Name() string { return f.key }

func (f *stored) Source() (downloadview.Source, bool) {
	return downloadview.Source{Scheme: "test", Host: "store", Path: f.key}, true
}

func (f *stored) Stat(ctx context.Context) (fs.FileInfo, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s := f.store
	s.mu.Lock()
	defer s.mu.Unlock()
	content, ok := s.content[f.key]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return s.info(f.key, content), nil
}

func (s *store) info(key string, content []byte) fs.FileInfo {
	a := downloadview.Attributes{Size: int64(len(content))}
	if !s.tagless {
		a.ETag = fmt.Sprintf(`"%08x"`, crc32.ChecksumIEEE(content))
	}
	if s.dateless {
		a.ETag, a.ModTime = fmt.Sprintf(`"1-%x"`, len(content)), time.Unix(1, 0)
	}
	if s.sizeless {
		a.Size = -1
	}
	return a.FileInfo(key)
}

func (f *stored) Open(ctx context.Context) (fs.File, error) { return f.answer(ctx, "open", 0, -1) }

func (f *stored) OpenRange(ctx context.Context, offset, length int64) (fs.File, error) {
	return f.answer(ctx, fmt.Sprint(offset, " ", length), offset, length)
}

func (f *stored) answer(ctx context.Context, asked string, offset, length int64) (fs.File, error) {
	s := f.store
	s.mu.Lock()
	s.asked = append(s.asked, asked)
	content, ok := s.content[f.key]
	bad := s.part[offset]
	s.mu.Unlock()
	size := int64(len(content))
	if offset < 0 {
		offset, length = max(size+offset, 0), -1
	}
	switch {
	case !ok:
		return nil, fs.ErrNotExist
	case asked != "open" && offset >= size:
		return nil, downloadview.ErrRange
	}
	if err := errors.Join(bad.refuse, pause(ctx, s.latency)); err != nil {
		return nil, err
	}
	part := content[offset:]
	if length >= 0 && length < int64(len(part)) {
		part = part[:length]
	}
	info := s.info(f.key, content)
	if bad.replace {
		info = s.info(f.key, append(bytes.Clone(content[1:]), 'x'))
	}
	h := &storedHandle{ctx, s, bytes.NewReader(part), info, bad, 0, 0}
	n := s.open.Add(1)
	for most := s.most.Load(); n > most && !s.most.CompareAndSwap(most, n); most = s.most.Load() {
	}
	return h, nil
}

type storedHandle struct {
	ctx   context.Context
	store *store
	part  *bytes.Reader
	info  fs.FileInfo
	fault fault
	given int64
	idled int // reads of an idle part
}

var errReadForEver = errors.New("read for ever")

func (h *storedHandle) Stat() (fs.FileInfo, error) { return h.info, nil }

func (h *storedHandle) Read(p []byte) (int, error) {
	if h.fault.last != nil {
		if h.part.Len() == 1 {
			n, _ := h.part.Read(p)
			return n, h.fault.last
		}
		return h.part.Read(p[:min(len(p), h.part.Len()-1)])
	}
	if h.fault.panics {
		panic("a part panics")
	}
	if h.fault.hang || h.fault.idle || h.fault.err != nil {
		p = p[:min(int64(len(p)), h.fault.after-h.given)]
		if len(p) == 0 && h.fault.hang {
			<-h.ctx.Done()
			return 0, h.ctx.Err()
		}
		if len(p) == 0 {
			if h.idled++; h.idled > 10_000 {
				return 0, errReadForEver
			}
			return 0, h.fault.err
		}
	}
	n, err := h.part.Read(p[:min(len(p), 64<<10)])
	h.given += int64(n)
	if h.store.rate > 0 {
		if err := pause(h.ctx, time.Duration(int64(n)*int64(time.Second)/h.store.rate)); err != nil {
			return 0, err
		}
	}
	if err == nil {
		err = h.ctx.Err()
	}
	return n, err
}

func (h *storedHandle) Close() error {
	h.store.open.Add(-1)
	if h.fault.closes {
		panic("of Close")
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	if d > 0 {
		select {
		case <-time.After(d):
		case <-ctx.Done():
		}
	}
	return ctx.Err()
}

// numbered returns n bytes in which each position can be recognised.
func numbered(n int) []byte {
	b := make([]byte, 0, n+20)
	for i := 0; len(b) < n; i++ {
		b = fmt.Appendf(b, "line %d\n", i)
	}
	return b[:n]
}

// read reads h to its end, through WriteTo or not, and closes it.
func read(h io.ReadCloser, whole bool) ([]byte, error) {
	var b bytes.Buffer
	var err error
	if w, ok := h.(io.WriterTo); ok && whole {
		_, err = w.WriteTo(&b)
	} else {
		_, err = io.Copy(&b, struct{ io.Reader }{h})
	}
	return b.Bytes(), errors.Join(err, h.Close())
}
