package downloadview

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
)

// A handle with its own WriteTo, such as one of a storage, never sends more bytes than
// its size says, even if it has more.
func TestAHandleThatWritesByItself(t *testing.T) {
	f := FromBytes("a.txt", []byte(strings.Repeat(line, 1000)), nil)
	for _, tt := range []struct {
		size int64
		ok   bool
	}{{17, true}, {-1, true}, {17_001, false}} {
		seen := make(chan Outcome, 1)
		s := serve(t, NewHandler(fileView(saying{f, tt.size}), &Options{Logger: discard, Observer: func(_ *http.Request, o Outcome) { seen <- o }}))
		got := ask(t, s.URL, "GET")
		if o := <-seen; (o.AbortedBy == NotAborted) != tt.ok || !tt.ok && o.AbortedBy != AbortedByOrigin {
			t.Errorf("17000 bytes said to be %d: observed %+v", tt.size, o)
		}
		if (got.err == nil) != tt.ok || tt.size > 0 && tt.ok && int64(len(got.body)) != tt.size {
			t.Errorf("17000 bytes said to be %d: %d bytes, %v", tt.size, len(got.body), got.err)
		}
	}
}

type saying struct {
	File
	size int64
}

func (s saying) Open(ctx context.Context) (fs.File, error) {
	h, err := s.File.Open(ctx)
	return sayingHandle{h, h.(io.WriterTo), s.size}, err
}

type sayingHandle struct {
	fs.File
	io.WriterTo
	size int64
}

func (h sayingHandle) Stat() (fs.FileInfo, error) { return Attributes{Size: h.size}.FileInfo("a"), nil }

func TestGeneratedHandle(t *testing.T) {
	var asked atomic.Int32
	text := strings.Repeat(line, 50)
	for name, newFile := range makers(50, Attributes{ETag: `"v1"`}, &asked) {
		t.Run(name, func(t *testing.T) {
			handle := func() fs.File {
				h, err := newFile().Open(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { h.Close() })
				return h
			}
			if err := iotest.TestReader(handle(), []byte(text)); err != nil {
				t.Error(err)
			}
			h := handle()
			fi, err := h.Stat()
			if err != nil || AttributesOf(fi).ETag != `"v1"` || fi.Name() != "b.txt" {
				t.Errorf("Stat = %+v, %v", fi, err)
			}
			begin := make([]byte, 20)
			if _, err := io.ReadFull(h, begin); err != nil {
				t.Fatal(err)
			}
			var rest bytes.Buffer
			if _, err := io.Copy(&rest, h); err != nil || string(begin)+rest.String() != text {
				t.Errorf("read %q, copied %q, %v", begin, &rest, err)
			}
			if n, err := h.Read(begin); n != 0 || err != io.EOF {
				t.Errorf("Read at the end: %d, %v", n, err)
			}
			if w, ok := handle().(io.WriterTo); ok {
				var all bytes.Buffer
				if n, err := w.WriteTo(&all); n != int64(len(text)) || err != nil || all.String() != text {
					t.Errorf("WriteTo = %d, %v, %q", n, err, &all)
				}
				if n, err := w.WriteTo(&all); n != 0 || err != nil {
					t.Errorf("WriteTo at the end = %d, %v", n, err)
				}
			}
		})
	}
}

// Reading a generated file that fails half way never ends with io.EOF.
func TestReadingABrokenGeneration(t *testing.T) {
	for name, tt := range breakingFiles() {
		t.Run(name, func(t *testing.T) {
			h, err := tt.file.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			read := func() (err error) {
				defer func() {
					if p := recover(); p != nil {
						err = panicked(p)
					}
				}()
				_, err = io.Copy(io.Discard, struct{ io.Reader }{h})
				return err
			}
			for range 2 {
				if err := read(); err == nil {
					t.Error("the content ends as if it were whole")
				}
			}
			if err := h.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestTheReaderIsClosed(t *testing.T) {
	for _, tt := range []struct {
		name   string
		make   func(closed *int) File
		closed int
	}{
		{"reader", func(n *int) File { return FromReader("a", stream{strings.NewReader(line), n}, nil) }, 1},
		{"broken reader", func(n *int) File { return FromReader("a", stream{failing{io.ErrNoProgress}, n}, nil) }, 1},
		{"seeker of another size", func(n *int) File {
			return FromReader("a", seekingStream{strings.NewReader(line), n}, &Attributes{Size: 5})
		}, 1},
		{"opener", func(n *int) File {
			return FromOpener("a", func(context.Context) (io.Reader, error) { return stream{strings.NewReader(line), n}, nil }, nil)
		}, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var closed int
			s := serve(t, NewHandler(fileView(tt.make(&closed)), &Options{Logger: discard}))
			for range 2 {
				ask(t, s.URL, "GET")
			}
			if closed != tt.closed {
				t.Errorf("closed %d times, want %d", closed, tt.closed)
			}
		})
	}
}

// A folder can be opened, and may even say a size.
func TestTheReaderIsAFolder(t *testing.T) {
	dir := t.TempDir()
	f := FromOpener("a", func(context.Context) (io.Reader, error) { return os.Open(dir) }, nil)
	s := serve(t, NewHandler(fileView(f), &Options{Logger: discard}))
	if got := ask(t, s.URL, "GET"); got.status != http.StatusNotFound {
		t.Errorf("status %d, want 404", got.status)
	}
	if _, err := f.Open(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open = %v, want fs.ErrNotExist", err)
	}
}

type seekingStream struct {
	io.ReadSeeker
	closed *int
}

func (s seekingStream) Close() error { *s.closed++; return nil }
