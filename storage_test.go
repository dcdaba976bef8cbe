package downloadview

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/iotest"
)

// A bareStorage implements no optional interface.
type bareStorage map[string]File

func (s bareStorage) File(key string) (File, error) {
	if f, ok := s[key]; ok {
		return f, nil
	}
	return nil, &fs.PathError{Op: "open", Path: key, Err: fs.ErrInvalid}
}

func TestStorageThatCannot(t *testing.T) {
	s := bareStorage{}
	ctx := t.Context()
	for what, call := range map[string]func() error{
		"list": func() (err error) {
			List(ctx, s, "")(func(_ fs.FileInfo, e error) bool { err = e; return true })
			return
		},
		"save":   func() error { return Save(ctx, s, "a", iotest.ErrReader(errors.New("it is read"))) },
		"delete": func() error { return Delete(ctx, s, "a") },
		"tell when": func() error {
			_, err := TimesOf(ctx, s, "a")
			return err
		},
		"tell a public URL": func() error {
			_, err := URL(ctx, s, "a")
			return err
		},
		"tell a path": func() error {
			_, err := Path(s, "a")
			return err
		},
	} {
		err := call()
		if !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), "bareStorage can't "+what) {
			t.Errorf("%v, want that it can't %s, as errors.ErrUnsupported", err, what)
		}
	}
}

// A failingFile fails to open.
type failingFile struct{ err error }

func (failingFile) Name() string                            { return "failing" }
func (f failingFile) Open(context.Context) (fs.File, error) { return nil, f.err }

// existing is an Exister that always returns the same answer.
type existing struct {
	bareStorage
	found bool
	err   error
}

func (s existing) Exists(context.Context, string) (bool, error) { return s.found, s.err }

func TestExists(t *testing.T) {
	broken := errors.New("broken")
	files := bareStorage{
		"local":     newLocalFile(t, "a", "content"),
		"object":    newObject("content"),
		"folder":    localFile(t.TempDir()),
		"missing":   failingFile{fs.ErrNotExist},
		"forbidden": failingFile{fs.ErrPermission},
		"broken":    failingFile{broken},
		"invalid":   failingFile{fs.ErrInvalid},
	}
	for _, tt := range []struct {
		name  string
		s     Storage
		key   string
		found bool
		err   error
	}{
		{"by opening", files, "local", true, nil},
		{"by Stat", files, "object", true, nil},
		{"folder", files, "folder", false, nil},
		{"missing", files, "missing", false, nil},
		{"no key", files, "..", false, nil},
		{"no key, when opened", files, "invalid", false, nil},
		{"forbidden", files, "forbidden", false, fs.ErrPermission},
		{"broken", files, "broken", false, broken},
		{"says yes", existing{found: true}, "a", true, nil},
		{"says no", existing{}, "a", false, nil},
		{"says missing", existing{err: fs.ErrNotExist}, "a", false, nil},
		{"says invalid", existing{err: fs.ErrInvalid}, "a", false, nil},
		{"says yes, and an error", existing{found: true, err: broken}, "a", false, broken},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if found, err := Exists(t.Context(), tt.s, tt.key); found != tt.found || !errors.Is(err, tt.err) {
				t.Errorf("Exists = %t, %v, want %t, %v", found, err, tt.found, tt.err)
			}
		})
	}
}
