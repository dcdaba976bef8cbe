package bucket_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/bucket"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/storage/storagetest"
)

// failing is an object of a store that fails with err.
type failing struct{ err error }

func (failing) Name() string { return "a b" }

func (failing) Source() (downloadview.Source, bool) {
	return downloadview.Source{Scheme: "s3", Host: "b", Path: "a b"}, true
}

func (f failing) Stat(context.Context) (fs.FileInfo, error)                { return nil, f.err }
func (f failing) Open(context.Context) (fs.File, error)                    { return nil, f.err }
func (f failing) OpenRange(context.Context, int64, int64) (fs.File, error) { return nil, f.err }
func (f failing) Pin(string) downloadview.File                             { return f }

// store has failing objects.
type store struct {
	err    error
	logger *slog.Logger
}

func (s store) File(string) (downloadview.File, error) {
	return bucket.Object(failing{s.err}, s.logger), nil
}

func (s store) Exists(context.Context, string) (bool, error) { return false, s.err }

func TestObjectThatIsDenied(t *testing.T) {
	for name, err := range map[string]error{
		"error":     fmt.Errorf("at secret.internal: %w", fs.ErrPermission),
		"PathError": &fs.PathError{Op: "stat", Path: "a b", Err: bucket.Says(fs.ErrPermission, errors.New("at secret.internal"))},
	} {
		t.Run(name, func(t *testing.T) {
			buckettest.Denied(t, "s3://b/a b", "secret.internal", func(_ *testing.T, l *slog.Logger) downloadview.Storage {
				return store{err, l}
			})
		})
	}
}

// Other errors are returned unchanged.
func TestObjectThatIsNotDenied(t *testing.T) {
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	for _, want := range []error{
		downloadview.ErrUpstream,
		fs.ErrNotExist,
		// A socket without permission isn't an object without permission.
		fmt.Errorf("%w: connect: %w", downloadview.ErrUpstream, downloadview.AsCause(fs.ErrPermission)),
		// The caller tries another way.
		fmt.Errorf("%w: HEAD is %w", fs.ErrPermission, errors.ErrUnsupported),
	} {
		f := bucket.Object(failing{want}, logger).(bucket.Reader)
		_, opened := f.Open(t.Context())
		_, part := f.OpenRange(t.Context(), 1, 2)
		_, stat := f.Stat(t.Context())
		for _, err := range []error{opened, part, stat} {
			if err != want || log.Len() > 0 {
				t.Errorf("%v becomes %v, and the log says %q", want, err, &log)
			}
		}
	}
	upstream := bucket.Object(failing{fmt.Errorf("%w: %w", downloadview.ErrUpstream, downloadview.AsCause(fs.ErrPermission))}, logger)
	if _, err := upstream.Open(t.Context()); downloadview.StatusCode(err) != http.StatusBadGateway {
		t.Errorf("%v, want 502", err)
	}
}

// Without a source the line has the key.
func TestDeniedObjectWithoutSource(t *testing.T) {
	var log bytes.Buffer
	f := bucket.Object(nowhere{failing{fs.ErrPermission}}, slog.New(slog.NewTextHandler(&log, nil)))
	if _, err := f.Open(t.Context()); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(log.String(), `key="a b"`) {
		t.Errorf("%v, and the log says %q, want the key", err, &log)
	}
}

type nowhere struct{ failing }

func (nowhere) Source() (downloadview.Source, bool) { return downloadview.Source{}, false }

// The object has all capabilities of the file.
func TestObjectPassesOn(t *testing.T) {
	f := bucket.Object(downloadview.FromBytes("a.txt", []byte("0123456789"), nil).(bucket.Reader), nil)
	if err := storagetest.CheckFile(t.Context(), f); err != nil {
		t.Error(err)
	}
	if p := downloadview.Pin(f, `"v1"`); p == nil || p.Name() != "a.txt" {
		t.Errorf("Pin of a file that can't be pinned: %v", p)
	}
	if _, ok := downloadview.SourceOf(f); ok {
		t.Error("a file without a source has one")
	}
}
