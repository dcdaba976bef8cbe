package aferofs_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"regexp"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/spf13/afero"
	"github.com/spf13/afero/tarfs"
	"github.com/spf13/afero/zipfs"

	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/storage/aferofs"
)

// contents are the contents of the files of each Fs below.
func contents() map[string][]byte {
	r := rand.New(rand.NewPCG(3, 4))
	all := map[string][]byte{"empty": {}, "one": {'x'}}
	for _, name := range []string{"a", "b", "d/c"} {
		content := make([]byte, 5000+r.IntN(5000))
		for i := range content {
			content[i] = byte(r.Uint32())
		}
		all[name] = content
	}
	return all
}

func tarred(t *testing.T, files map[string][]byte) afero.Fs {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for name, content := range files {
		err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content)), Typeflag: tar.TypeReg})
		if err == nil {
			_, err = w.Write(content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return tarfs.New(tar.NewReader(&b))
}

func zipped(t *testing.T, files map[string][]byte) *zip.Reader {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, content := range files {
		m, err := w.Create(name)
		if err == nil {
			_, err = m.Write(content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func inMemory(t *testing.T, files map[string][]byte) afero.Fs {
	t.Helper()
	m := afero.NewMemMapFs()
	for name, content := range files {
		if err := afero.WriteFile(m, name, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// mixed is an FS with files that have a ReadAt, and one file without.
type mixed struct {
	fstest.MapFS
	without string
}

func (m mixed) Open(name string) (fs.File, error) {
	f, err := m.MapFS.Open(name)
	if err == nil && name == m.without {
		return struct{ fs.File }{f}, nil
	}
	return f, err
}

// moving has handles whose ReadAt is a Seek and a Read, like those of object
// stores. It counts the requests that a store would receive.
type moving struct {
	afero.Fs
	mu    sync.Mutex
	asked int
}

func (m *moving) Open(name string) (afero.File, error) {
	h, err := m.Fs.Open(name)
	if err != nil {
		return nil, err
	}
	m.ask()
	return &movingFile{h, m}, nil
}

func (m *moving) ask() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked++
}

type movingFile struct {
	afero.File
	fs *moving
}

func (f *movingFile) ReadAt(p []byte, off int64) (int, error) {
	if _, err := f.Seek(off, io.SeekStart); err != nil {
		return 0, err
	}
	return f.File.Read(p)
}

func (f *movingFile) Seek(offset int64, whence int) (int64, error) {
	f.fs.ask()
	return f.File.Seek(offset, whence)
}

// Several handles that are read at the same time return the right bytes,
// whatever the Fs.
func TestHandlesBesideOneAnother(t *testing.T) {
	files := contents()
	mapped := fstest.MapFS{}
	for name, content := range files {
		mapped[name] = &fstest.MapFile{Data: content, Mode: 0o644}
	}
	for name, fsys := range map[string]afero.Fs{
		"memory":              inMemory(t, files),
		"tar":                 tarred(t, files),
		"tar, read-only":      afero.NewReadOnlyFs(tarred(t, files)),
		"tar, by expression":  afero.NewRegexpFs(tarred(t, files), regexp.MustCompile(".")),
		"tar, below memory":   afero.NewCopyOnWriteFs(tarred(t, files), afero.NewMemMapFs()),
		"tar, below a cache":  afero.NewCacheOnReadFs(tarred(t, files), afero.NewMemMapFs(), 0),
		"tar, below a folder": afero.NewBasePathFs(tarred(t, files), "/"),
		"zip":                 zipfs.New(zipped(t, files)),
		"zip as an FS":        afero.FromIOFS{FS: zipped(t, files)},
		"map as an FS":        afero.FromIOFS{FS: mapped},
		"mixed FS":            afero.FromIOFS{FS: mixed{mapped, "b"}},
		"object store":        &moving{Fs: inMemory(t, files)},
	} {
		t.Run(name, func(t *testing.T) {
			for key := range files {
				besideOneAnother(t, aferofs.New(fsys, nil), []string{key}, files) // the first that is read
			}
			besideOneAnother(t, aferofs.New(fsys, nil), []string{"a", "b", "d/c", "empty", "one"}, files)
		})
	}
}

func besideOneAnother(t *testing.T, s *aferofs.Storage, keys []string, files map[string][]byte) {
	t.Helper()
	type reader struct {
		key string
		h   fs.File
		got []byte
		end bool
	}
	r := rand.New(rand.NewPCG(5, 6))
	var open []*reader
	for range 3 {
		for _, key := range keys {
			f, err := s.File(key)
			if err != nil {
				t.Fatal(err)
			}
			h, err := f.Open(t.Context())
			if err != nil {
				t.Fatalf("%q: %v", key, err)
			}
			defer h.Close()
			open = append(open, &reader{key: key, h: h})
		}
	}
	for left := len(open); left > 0; {
		at := open[r.IntN(len(open))]
		if at.end {
			continue
		}
		p := make([]byte, 1+r.IntN(2000))
		n, err := at.h.Read(p)
		at.got = append(at.got, p[:n]...)
		if err != nil && err != io.EOF {
			t.Fatalf("%q: %v", at.key, err)
		}
		if err == io.EOF {
			at.end = true
			left--
		}
	}
	for _, at := range open {
		want := files[at.key]
		if !bytes.Equal(at.got, want) {
			t.Errorf("%q: %d bytes, or other ones; want its %d", at.key, len(at.got), len(want))
		}
		// And parts of it, as for ranges.
		seeker, ok := at.h.(io.Seeker)
		if !ok || len(want) < 2 {
			continue
		}
		if _, err := seeker.Seek(0, io.SeekStart); err != nil {
			continue // a member of an archive can't
		}
		for range 3 {
			from := r.IntN(len(want))
			if to, err := seeker.Seek(int64(from-len(want)), io.SeekEnd); err != nil || to != int64(from) {
				t.Errorf("%q: Seek = %d, %v, want %d", at.key, to, err, from)
			}
			part := make([]byte, 1+r.IntN(len(want)-from))
			if _, err := io.ReadFull(at.h, part); err != nil || !bytes.Equal(part, want[from:from+len(part)]) {
				t.Errorf("%q: %d bytes from %d are others, %v", at.key, len(part), from, err)
			}
			if now, err := seeker.Seek(0, io.SeekCurrent); err != nil || now != int64(from+len(part)) {
				t.Errorf("%q: after it at %d, %v, want %d", at.key, now, err, from+len(part))
			}
		}
	}
}

// Several goroutines may download from an archive whose handles share a reader.
func TestTarUnderLoad(t *testing.T) {
	files := contents()
	s := aferofs.New(tarred(t, files), nil)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				for key, want := range files {
					if got, err := readAll(t, s, key); err != nil || !bytes.Equal(got, want) {
						t.Errorf("%q: %d bytes, %v, want its %d", key, len(got), err, len(want))
					}
				}
			}
		})
	}
	all.Wait()
}

func readAll(t *testing.T, s *aferofs.Storage, key string) ([]byte, error) {
	f, err := s.File(key)
	if err != nil {
		return nil, err
	}
	h, err := f.Open(t.Context())
	if err != nil {
		return nil, err
	}
	defer h.Close()
	return io.ReadAll(h)
}

// one has a single handle for all files, whose ReadAt is a Seek and a Read, or
// missing.
type one struct {
	afero.Fs
	h afero.File
}

func (o *one) Open(string) (afero.File, error) { return &oneFile{o.h}, nil }

type oneFile struct{ afero.File }

func (f *oneFile) Close() error { return nil }

func (f *oneFile) ReadAt(p []byte, off int64) (int, error) {
	if _, err := f.Seek(off, io.SeekStart); err != nil {
		return 0, err
	}
	return f.File.Read(p)
}

type oneWithout struct{ one }

func (o *oneWithout) Open(string) (afero.File, error) { return &oneFileWithout{oneFile{o.h}}, nil }

type oneFileWithout struct{ oneFile }

func (f *oneFileWithout) ReadAt([]byte, int64) (int, error) { return -1, fs.ErrPermission }

// If handles share a reader and can't be read at the same time, opening is an
// error, each time.
func TestHandlesThatCantBeRead(t *testing.T) {
	m := inMemory(t, contents())
	h, err := m.Open("a")
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	for name, fsys := range map[string]afero.Fs{
		"moving":  &one{m, h},
		"without": &oneWithout{one{m, h}},
	} {
		s := aferofs.New(fsys, nil)
		for range 3 {
			if got, err := readAll(t, s, "a"); err == nil || len(got) > 0 || errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: %d bytes, %v, want an error", name, len(got), err)
			} else if want := "share a reader"; !bytes.Contains([]byte(err.Error()), []byte(want)) {
				t.Errorf("%s: %v, want it to say %q", name, err, want)
			}
		}
	}
}

// An object store whose ReadAt sends a request is asked once for each download
// except the first.
func TestObjectStoreIsAskedOnce(t *testing.T) {
	files := contents()
	m := &moving{Fs: inMemory(t, files)}
	s := aferofs.New(m, nil)
	for i, key := range []string{"a", "b", "a", "d/c"} {
		before := m.asked
		got, err := readAll(t, s, key)
		if err != nil || !bytes.Equal(got, files[key]) {
			t.Errorf("%q: %d bytes, %v", key, len(got), err)
		}
		if asked := m.asked - before; i > 0 && asked != 1 {
			t.Errorf("download %d asks %d times, want once", i, asked)
		}
	}
}

// hanging has a file whose ReadAt waits until released is closed, as that of a store
// that doesn't respond.
type hanging struct {
	afero.Fs
	asked, released chan struct{}
}

func (h *hanging) Open(name string) (afero.File, error) {
	f, err := h.Fs.Open(name)
	if err == nil && name == "a" {
		return &hangingFile{f, h}, nil
	}
	return f, err
}

type hangingFile struct {
	afero.File
	fs *hanging
}

func (f *hangingFile) ReadAt(p []byte, off int64) (int, error) {
	f.fs.asked <- struct{}{}
	<-f.fs.released
	return f.File.ReadAt(p, off)
}

// A file that can't be read yet holds up neither files of a known type nor a request
// that ends.
func TestFileThatHangs(t *testing.T) {
	files := contents()
	h := &hanging{inMemory(t, files), make(chan struct{}, 10), make(chan struct{})}
	s := aferofs.New(h, nil)
	if _, err := readAll(t, s, "b"); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	defer all.Wait()
	defer close(h.released)
	all.Go(func() {
		if _, err := readAll(t, s, "a"); err != nil {
			t.Error(err)
		}
	})
	<-h.asked

	known, ended := make(chan error, 1), make(chan error, 1)
	all.Go(func() {
		_, err := readAll(t, s, "b")
		known <- err
	})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	all.Go(func() {
		f, err := s.File("a")
		if err == nil {
			_, err = f.Open(ctx)
		}
		ended <- err
	})
	const long = 10 * time.Second
	select {
	case err := <-known:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(long):
		t.Error("a file of a known type waits for another file")
	}
	select {
	case err := <-ended:
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Open = %v, want the error of its context", err)
		}
	case <-time.After(long):
		t.Error("Open doesn't end with its context")
	}
}

// The handles of [afero.FromIOFS] have a Seek and a ReadAt that fail if the file inside
// has none, such as a member of a zip archive. Ranges are ignored then.
func TestHandlesThatCantSeek(t *testing.T) {
	object := buckettest.Numbered(1, 1000)
	zip := afero.FromIOFS{FS: zipped(t, map[string][]byte{"a": object})}
	for name, fsys := range map[string]afero.Fs{
		"bare":          zip,
		"by expression": afero.NewRegexpFs(zip, regexp.MustCompile("a")),
		"below memory":  afero.NewCopyOnWriteFs(zip, afero.NewMemMapFs()),
	} {
		t.Run(name, func(t *testing.T) { buckettest.WholeForRanges(t, object, aferofs.New(fsys, nil)) })
	}
}
