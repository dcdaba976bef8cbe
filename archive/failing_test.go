package archive_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/archive"
	"github.com/downloadview/downloadview/storage/disk"
)

// onDisk returns the files of a new folder with content.
func onDisk(t testing.TB, content map[string][]byte) (dir string, entries []archive.Entry) {
	t.Helper()
	dir = t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	storage := disk.New(root, nil)
	for name, b := range content {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(p, date, date); err != nil {
			t.Fatal(err)
		}
		f, err := storage.File(name)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, archive.Entry{File: f})
	}
	return dir, entries
}

// intercepted calls a function when it is opened to be read.
type intercepted struct {
	downloadview.File
	before func() error
}

func (f intercepted) Open(ctx context.Context) (fs.File, error) {
	if err := f.before(); err != nil {
		return nil, err
	}
	return f.File.Open(ctx)
}

func (f intercepted) Stat(ctx context.Context) (fs.FileInfo, error) {
	return downloadview.Stat(ctx, f.File)
}

// failing is a file whose bytes end with an error, after some of them.
type failing struct {
	downloadview.File
	err error
}

func (f failing) Open(ctx context.Context) (fs.File, error) {
	h, err := f.File.Open(ctx)
	return failingHandle{h, io.MultiReader(io.LimitReader(h, 1000), ending{f.err})}, err
}

type failingHandle struct {
	fs.File
	r io.Reader
}

func (h failingHandle) Read(p []byte) (int, error) { return h.r.Read(p) }

type ending struct{ err error }

func (r ending) Read([]byte) (int, error) { return 0, r.err }

// A member that fails, shrinks or changes while the archive is being sent breaks the
// download off. If it is the first one, the answer has a status.
func TestMemberFails(t *testing.T) {
	big, small := bytes.Repeat([]byte("x"), 1<<20), bytes.Repeat([]byte("y"), 200_000)
	for name, spoil := range map[string]func(t *testing.T, dir string, second downloadview.File) downloadview.File{
		"fails to open": func(_ *testing.T, _ string, f downloadview.File) downloadview.File {
			return intercepted{f, func() error { return errors.New("no") }}
		},
		"is gone": func(t *testing.T, dir string, f downloadview.File) downloadview.File {
			return intercepted{f, func() error { return os.Remove(filepath.Join(dir, "second")) }}
		},
		"is shorter": func(t *testing.T, dir string, f downloadview.File) downloadview.File {
			return intercepted{f, func() error { return os.Truncate(filepath.Join(dir, "second"), 100_000) }}
		},
		"has changed": func(t *testing.T, dir string, f downloadview.File) downloadview.File {
			return intercepted{f, func() error {
				return os.WriteFile(filepath.Join(dir, "second"), bytes.Repeat([]byte("z"), 200_000), 0o600)
			}}
		},
		"fails to read": func(_ *testing.T, _ string, f downloadview.File) downloadview.File {
			return failing{f, errors.New("no")}
		},
		"ends early": func(_ *testing.T, _ string, f downloadview.File) downloadview.File { return failing{f, io.EOF} },
	} {
		for _, sum := range []*uint32{nil, new(uint32)} {
			layout := "framed"
			if sum != nil {
				layout = "stored"
			}
			t.Run(name+", "+layout, func(t *testing.T) {
				dir, entries := onDisk(t, map[string][]byte{"second": small})
				second := archive.Entry{File: spoil(t, dir, entries[0].File), CRC32: sum}
				first := archive.Entry{File: file("first", big), CRC32: sum}
				ended := make(chan downloadview.Outcome, 1)
				url := serveObserved(t, func(_ *http.Request, o downloadview.Outcome) { ended <- o }, func() downloadview.File {
					return archive.Zip("a.zip", archive.Of(first, second), nil)
				})
				got := ask(t, "GET", url)
				if got.StatusCode != 200 || got.err == nil || int64(len(got.body)) >= got.ContentLength {
					t.Errorf("%d, %d bytes of %d, %v; want a body that breaks off", got.StatusCode, len(got.body), got.ContentLength, got.err)
				}
				o := <-ended
				if o.AbortedBy != downloadview.AbortedByOrigin || !strings.Contains(o.Err.Error(), `member "second": `) {
					t.Errorf("ended by %v: %v", o.AbortedBy, o.Err)
				}
			})
		}
	}
}

// The errors before the first byte have a status, which says nothing false about
// the archive.
func TestFirstMemberFails(t *testing.T) {
	for _, tt := range []struct {
		err    error
		status int
	}{
		{fs.ErrNotExist, 500},
		{fs.ErrPermission, 500},
		{downloadview.ErrUpstream, 502},
		{downloadview.ErrChanged, 503},
		{&fs.PathError{Op: "open", Path: "a", Err: syscall.EMFILE}, 503},
	} {
		opens := intercepted{file("f", noise(100)), func() error { return tt.err }}
		url := serve(t, func() downloadview.File { return archive.Zip("a.zip", archive.Of(archive.Entry{File: opens}), nil) })
		if got := ask(t, "GET", url); got.StatusCode != tt.status || strings.Contains(string(got.body), "f") {
			t.Errorf("%v: %d %q, want %d", tt.err, got.StatusCode, got.body, tt.status)
		}
	}
}

// The error of the sequence is that of the archive; the error of a file is not.
func TestErrorsBeforehand(t *testing.T) {
	refused := &downloadview.StatusError{Status: 413}
	missing := intercepted{file("f", nil), func() error { return nil }}
	_, gone := onDisk(t, map[string][]byte{"gone": nil})
	for name, tt := range map[string]struct {
		entries func(yield func(archive.Entry, error) bool)
		status  int
	}{
		"sequence": {func(yield func(archive.Entry, error) bool) {
			_ = yield(archive.Entry{File: missing}, nil) && yield(archive.Entry{}, refused)
		}, 413},
		"folder": {func(yield func(archive.Entry, error) bool) { yield(archive.Entry{}, fs.ErrNotExist) }, 404},
		"file": {func(yield func(archive.Entry, error) bool) {
			f := gone[0].File
			yield(archive.Entry{File: noSuch{f}}, nil)
		}, 500},
		"panic": {func(yield func(archive.Entry, error) bool) {
			_ = yield(archive.Entry{File: missing}, nil) && yield(archive.Entry{File: panicking{missing}}, nil)
		}, 500},
	} {
		url := serve(t, func() downloadview.File { return archive.Zip("a.zip", tt.entries, nil) })
		for _, method := range []string{"GET", "HEAD"} {
			if got := ask(t, method, url); got.StatusCode != tt.status {
				t.Errorf("%s, %s: %d, want %d", name, method, got.StatusCode, tt.status)
			}
		}
	}
}

// noSuch is a file that is missing.
type noSuch struct{ downloadview.File }

func (f noSuch) Open(context.Context) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: f.Name(), Err: fs.ErrNotExist}
}

// A panicking file is a bug of its storage.
type panicking struct{ downloadview.File }

func (panicking) Stat(context.Context) (fs.FileInfo, error) { panic("of the storage") }
