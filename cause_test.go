package downloadview_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/downloadview/downloadview"
)

// coded is an error of another package that has a StatusCode method.
type coded int

func (c coded) Error() string   { return "coded" }
func (c coded) StatusCode() int { return int(c) }

// meaningful are errors that have a meaning in this package.
var meaningful = []error{
	fs.ErrNotExist, fs.ErrPermission, fs.ErrInvalid, fs.ErrExist, fs.ErrClosed, errors.ErrUnsupported,
	context.Canceled, context.DeadlineExceeded, os.ErrDeadlineExceeded, http.ErrAbortHandler, io.EOF,
	downloadview.ErrRange, downloadview.ErrChanged, downloadview.ErrConsumed, downloadview.ErrUpstream,
}

func TestAsCause(t *testing.T) {
	if err := downloadview.AsCause(nil); err != nil {
		t.Errorf("AsCause(nil) = %v", err)
	}
	for _, meant := range meaningful {
		err := fmt.Errorf("token: %w", meant)
		cause := downloadview.AsCause(err)
		if errors.Is(cause, meant) || cause.Error() != err.Error() {
			t.Errorf("AsCause(%v) = %v, which is %v: %t; want the text alone", err, cause, meant, errors.Is(cause, meant))
		}
		if got := downloadview.StatusCode(cause); got != http.StatusInternalServerError {
			t.Errorf("StatusCode(AsCause(%v)) = %d, want 500", err, got)
		}
	}
	for _, err := range []error{coded(404), &downloadview.StatusError{Status: 404}, fmt.Errorf("%w", coded(404))} {
		if got := downloadview.StatusCode(downloadview.AsCause(err)); got != http.StatusInternalServerError {
			t.Errorf("StatusCode(AsCause(%#v)) = %d, want 500", err, got)
		}
		if _, ok := errors.AsType[*downloadview.StatusError](downloadview.AsCause(err)); ok {
			t.Errorf("AsCause(%#v) is found as a StatusError, whose header would be sent", err)
		}
	}
	if !errors.Is(downloadview.AsCause(fmt.Errorf("body: %w", io.ErrUnexpectedEOF)), io.ErrUnexpectedEOF) {
		t.Error("an early end is not found any more")
	}
	// errors.As still finds the cause by its type.
	missing := fmt.Errorf("token: %w", &fs.PathError{Op: "open", Path: "/token", Err: syscall.ENOENT})
	e, ok := errors.AsType[*fs.PathError](downloadview.AsCause(missing))
	if !ok || e.Path != "/token" {
		t.Errorf("errors.As finds %v", e)
	}
	if c, ok := errors.AsType[coded](downloadview.AsCause(coded(7))); !ok || c != 7 {
		t.Errorf("errors.As finds %v by its own type, want 7", c)
	}
}

// If the store was not reached, nothing is known of the file. This holds even if a
// storage wraps the cause without AsCause.
func TestUpstreamOutranksItsCause(t *testing.T) {
	for _, meant := range append(meaningful, coded(404), coded(304), &downloadview.StatusError{Status: 403}) {
		want := http.StatusBadGateway
		if errors.Is(meant, context.DeadlineExceeded) || errors.Is(meant, os.ErrDeadlineExceeded) {
			want = http.StatusGatewayTimeout
		}
		for _, err := range []error{
			fmt.Errorf("%w: %w", downloadview.ErrUpstream, meant),
			fmt.Errorf("%w: %w", meant, downloadview.ErrUpstream),
			&fs.PathError{Op: "open", Path: "a", Err: errors.Join(downloadview.ErrUpstream, meant)},
		} {
			if got := downloadview.StatusCode(err); got != want {
				t.Errorf("StatusCode(%v) = %d, want %d", err, got, want)
			}
			failing := fails{err}
			if found, err := downloadview.Exists(t.Context(), failing, "a"); found || err == nil {
				t.Errorf("Exists, where the store fails with %v: %t without an error", failing.err, found)
			}
		}
	}
	busy := &downloadview.StatusError{Status: 503, Err: fmt.Errorf("%w: %w", downloadview.ErrUpstream, fs.ErrNotExist)}
	if got := downloadview.StatusCode(fmt.Errorf("open: %w", busy)); got != 503 {
		t.Errorf("a storage that chose 503 for what is upstream gets %d", got)
	}
}

// fails is a storage whose files fail to open with this error.
type fails struct{ err error }

func (f fails) File(key string) (downloadview.File, error)       { return failsFile{key, f.err}, nil }
func (f fails) Exists(_ context.Context, _ string) (bool, error) { return false, f.err }

type failsFile struct {
	key string
	err error
}

func (f failsFile) Name() string                          { return f.key }
func (f failsFile) Open(context.Context) (fs.File, error) { return nil, f.err }

// A missing socket of a database doesn't mean a missing file, even if a view returns
// the error unchanged.
func TestSocketOfTheView(t *testing.T) {
	_, gone := net.Dial("unix", filepath.Join(t.TempDir(), "gone"))
	if !errors.Is(gone, fs.ErrNotExist) {
		t.Fatalf("dial: %v, want fs.ErrNotExist", gone)
	}
	denied := &net.OpError{Op: "dial", Net: "unix", Err: os.NewSyscallError("connect", syscall.EACCES)}
	for _, cause := range []error{gone, denied} {
		var log bytes.Buffer
		view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
			return downloadview.Response{}, fmt.Errorf("database: %w", cause)
		})
		w := httptest.NewRecorder()
		h := downloadview.NewHandler(view, &downloadview.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		if w.Code != http.StatusInternalServerError || strings.Count(log.String(), "level=ERROR") != 1 {
			t.Errorf("%v: %d, logged as %q; want 500 and an error", cause, w.Code, log.String())
		}
		if found, err := downloadview.Exists(t.Context(), fails{cause}, "a"); found || err == nil {
			t.Errorf("Exists, where the store fails with %v: false without an error", cause)
		}
	}
	// fs.ErrNotExist from the view itself means 404.
	if got := downloadview.StatusCode(fmt.Errorf("no row: %w", fs.ErrNotExist)); got != http.StatusNotFound {
		t.Errorf("a view that says fs.ErrNotExist: %d, want 404", got)
	}
}

// If a storage reports that a small body ended early with ErrUpstream, the answer is
// 502, as for other upstream errors.
func TestBrokenSmallBody(t *testing.T) {
	broken := &fs.PathError{Op: "read", Path: "a", Err: fmt.Errorf("%w: %w", downloadview.ErrUpstream, io.ErrUnexpectedEOF)}
	w := httptest.NewRecorder()
	downloadview.SendFile(w, httptest.NewRequest(http.MethodGet, "/", nil), brokenFile{broken})
	if w.Code != http.StatusBadGateway {
		t.Errorf("%d, want 502", w.Code)
	}
}

// brokenFile is a small file whose bytes can't be read.
type brokenFile struct{ err error }

func (f brokenFile) Name() string                          { return "a" }
func (f brokenFile) Open(context.Context) (fs.File, error) { return f, nil }
func (f brokenFile) Stat() (fs.FileInfo, error) {
	return downloadview.Attributes{Size: 10}.FileInfo("a"), nil
}
func (f brokenFile) Read([]byte) (int, error) { return 0, f.err }
func (f brokenFile) Close() error             { return nil }
