package buckettest_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/internal/httprange"
)

// memory is a correct bucket that records its requests.
type memory struct {
	mu       sync.Mutex
	objects  map[string]object
	requests []buckettest.Request
	before   func(buckettest.Request)
	puts     int
}

type object struct {
	content []byte
	tag     string
}

func (m *memory) put(key string, content []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.puts++
	m.objects[key] = object{content, fmt.Sprintf(`"%d"`, m.puts)}
	return nil
}

func (m *memory) ask(key string, r buckettest.Request) (object, error) {
	m.mu.Lock()
	before := m.before
	m.mu.Unlock()
	if before != nil {
		before(r)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.requests = append(m.requests, r)
	o, ok := m.objects[key]
	if !ok {
		return o, &fs.PathError{Op: "open", Path: key, Err: fs.ErrNotExist}
	}
	return o, nil
}

func (m *memory) File(key string) (downloadview.File, error) {
	if !fs.ValidPath(key) {
		return nil, &fs.PathError{Op: "file", Path: key, Err: fs.ErrInvalid}
	}
	return &file{m, key}, nil
}

type file struct {
	*memory
	key string
}

func (f *file) Name() string { return f.key }

func (f *file) Stat(context.Context) (fs.FileInfo, error) {
	o, err := f.ask(f.key, buckettest.Looked)
	if err != nil {
		return nil, err
	}
	return o.info(), nil
}

func (f *file) Open(context.Context) (fs.File, error) {
	o, err := f.ask(f.key, buckettest.Whole)
	if err != nil {
		return nil, err
	}
	return &handle{*bytes.NewBuffer(o.content), o.info()}, nil
}

func (f *file) OpenRange(_ context.Context, offset, length int64) (fs.File, error) {
	o, err := f.ask(f.key, buckettest.Part(httprange.Field(offset, length)))
	if err != nil {
		return nil, err
	}
	size := int64(len(o.content))
	switch {
	case offset >= size:
		return nil, downloadview.ErrRange
	case offset < 0:
		offset, length = max(size+offset, 0), -1
	}
	part := o.content[offset:]
	if length >= 0 && length < int64(len(part)) {
		part = part[:length]
	}
	return &handle{*bytes.NewBuffer(part), o.info()}, nil
}

func (o object) info() fs.FileInfo {
	return downloadview.Attributes{Size: int64(len(o.content)), ETag: o.tag}.FileInfo("object")
}

type handle struct {
	bytes.Buffer
	fi fs.FileInfo
}

func (h *handle) Stat() (fs.FileInfo, error) { return h.fi, nil }
func (*handle) Close() error                 { return nil }

func (m *memory) bucket() buckettest.Bucket {
	return buckettest.Bucket{
		Storage: m,
		Put:     m.put,
		Requests: func() []buckettest.Request {
			m.mu.Lock()
			defer m.mu.Unlock()
			return slices.Clone(m.requests)
		},
		Reset: func() {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.requests = nil
		},
		Before: func(f func(buckettest.Request)) {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.before = f
		},
	}
}

func TestDownloads(t *testing.T) {
	buckettest.Downloads(t, (&memory{objects: map[string]object{}}).bucket())
}

func TestReplaced(t *testing.T) {
	buckettest.Replaced(t, (&memory{objects: map[string]object{}}).bucket())
}
