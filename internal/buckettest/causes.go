package buckettest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/downloadview/downloadview"
)

// chosen is an error of somebody else that would choose the status.
type chosen int

func (c chosen) Error() string   { return "an error with a status" }
func (c chosen) StatusCode() int { return int(c) }

// causes are errors from below a store's client that mean something to the
// root package, and nothing of an object.
var causes = []error{
	&fs.PathError{Op: "open", Path: "/var/run/token", Err: syscall.ENOENT},
	&os.SyscallError{Syscall: "connect", Err: syscall.EACCES},
	fs.ErrNotExist, fs.ErrPermission, fs.ErrInvalid, fs.ErrExist, errors.ErrUnsupported,
	syscall.ENOSYS, syscall.EOPNOTSUPP,
	context.DeadlineExceeded, context.Canceled, os.ErrDeadlineExceeded,
	http.ErrAbortHandler, downloadview.ErrRange, downloadview.ErrChanged, downloadview.ErrConsumed,
	chosen(http.StatusNotFound), chosen(http.StatusNotModified), &downloadview.StatusError{Status: http.StatusForbidden},
}

// Causes fails if an error from below a store's client is taken for what the
// store says of an object. open returns a storage whose client sends its
// requests by the given transport, once for each call.
func Causes(t *testing.T, open func(*testing.T, http.RoundTripper) downloadview.Storage) {
	t.Helper()
	for _, cause := range causes {
		for _, err := range []error{cause, fmt.Errorf("no token: %w", cause)} {
			t.Run(strings.ReplaceAll(err.Error(), "/", "_"), func(t *testing.T) {
				t.Run("no answer", func(t *testing.T) { checkUnanswered(t, open(t, refusing{err}), err) })
				t.Run("body", func(t *testing.T) { checkBroken(t, open(t, breaking{err}), err) })
			})
		}
	}
}

// KeepsCause fails unless an error of the client's transport is in the text of a
// storage's error, and found in it by its type.
func KeepsCause(t *testing.T, open func(*testing.T, http.RoundTripper) downloadview.Storage) {
	t.Helper()
	s := open(t, refusing{chosen(http.StatusNotFound)})
	f, err := s.File("a.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Open(t.Context())
	if e, ok := errors.AsType[chosen](err); !ok || !strings.Contains(err.Error(), e.Error()) {
		t.Errorf("Open: %v, want the cause in it", err)
	}
}

func checkUnanswered(t *testing.T, s downloadview.Storage, cause error) {
	f, err := s.File("a.txt")
	if err != nil {
		t.Fatal(err)
	}
	for op, call := range operations(s, f) {
		CheckCause(t, op, call(t.Context()), cause)
	}
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		for _, bytes := range []string{"", "bytes=1-2", "bytes=-2", "bytes=1-2,4-5"} {
			checkAnswer(t, f, method, bytes)
		}
	}
}

// operations are all that a storage can be asked for. What it can't do without
// asking is left out.
func operations(s downloadview.Storage, f downloadview.File) map[string]func(context.Context) error {
	calls := map[string]func(context.Context) error{
		"Open":       func(ctx context.Context) error { _, err := f.Open(ctx); return err },
		"OpenRange":  func(ctx context.Context) error { _, err := downloadview.OpenRange(ctx, f, 1, 2); return err },
		"last bytes": func(ctx context.Context) error { _, err := downloadview.OpenRange(ctx, f, -2, -1); return err },
		"Stat":       func(ctx context.Context) error { _, err := downloadview.Stat(ctx, f); return err },
		"Stat pinned": func(ctx context.Context) error {
			_, err := downloadview.Stat(ctx, downloadview.Pin(f, `"1"`))
			return err
		},
		"Exists": func(ctx context.Context) error {
			found, err := downloadview.Exists(ctx, s, f.Name())
			if found {
				return nil
			}
			return err
		},
	}
	if _, ok := s.(downloadview.Lister); ok {
		calls["List"] = func(ctx context.Context) error {
			for _, err := range downloadview.List(ctx, s, "") {
				return err
			}
			return nil
		}
	}
	if _, ok := s.(downloadview.Saver); ok {
		calls["Save"] = func(ctx context.Context) error { return downloadview.Save(ctx, s, f.Name(), strings.NewReader("x")) }
	}
	if _, ok := s.(downloadview.Deleter); ok {
		calls["Delete"] = func(ctx context.Context) error { return downloadview.Delete(ctx, s, f.Name()) }
	}
	if _, ok := s.(downloadview.Timed); ok {
		calls["Times"] = func(ctx context.Context) error { _, err := downloadview.TimesOf(ctx, s, f.Name()); return err }
	}
	return calls
}

// CheckCause fails unless err says that the store could not be asked, because of
// cause, and says nothing else.
func CheckCause(t *testing.T, op string, err, cause error) {
	t.Helper()
	if !errors.Is(err, downloadview.ErrUpstream) {
		t.Errorf("%s: %v, want ErrUpstream", op, err)
		return
	}
	if !strings.Contains(err.Error(), cause.Error()) { // an SDK has dropped it
		cause = err
	}
	late := errors.Is(cause, context.DeadlineExceeded) || errors.Is(cause, os.ErrDeadlineExceeded)
	for _, meant := range []error{
		fs.ErrNotExist, fs.ErrPermission, fs.ErrInvalid, fs.ErrExist, errors.ErrUnsupported, http.ErrAbortHandler,
		context.Canceled, context.DeadlineExceeded, downloadview.ErrRange, downloadview.ErrChanged, downloadview.ErrConsumed,
	} {
		if errors.Is(err, meant) {
			t.Errorf("%s: %v is %v, which only its cause is", op, err, meant)
		}
	}
	if errors.Is(err, os.ErrDeadlineExceeded) != late {
		t.Errorf("%s: %v is os.ErrDeadlineExceeded: %t, want %t", op, err, !late, late)
	}
	if e, ok := errors.AsType[*downloadview.StatusError](err); ok {
		t.Errorf("%s: %v has the StatusError %v of its cause", op, err, e)
	}
	want := http.StatusBadGateway
	if late {
		want = http.StatusGatewayTimeout
	}
	if got := downloadview.StatusCode(err); got != want {
		t.Errorf("%s: %v is answered with %d, want %d", op, err, got, want)
	}
}

// checkAnswer fails unless a request is answered with 502 or 504, and logged
// once as an error.
func checkAnswer(t *testing.T, f downloadview.File, method, byteRange string) {
	t.Helper()
	var log bytes.Buffer
	r := httptest.NewRequest(method, "/", nil)
	if byteRange != "" {
		r.Header.Set("Range", byteRange)
	}
	w := httptest.NewRecorder()
	view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) { return downloadview.Response{File: f}, nil })
	downloadview.NewHandler(view, &downloadview.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}).ServeHTTP(w, r)
	if w.Code != http.StatusBadGateway && w.Code != http.StatusGatewayTimeout {
		t.Errorf("%s %s: %d, want 502 or 504: %s", method, byteRange, w.Code, log.String())
	}
	if lines := log.String(); strings.Count(lines, "\n") != 1 || !strings.Contains(lines, "level=ERROR") {
		t.Errorf("%s %s: the log has %q, want one error", method, byteRange, lines)
	}
}

// checkBroken is for a body that breaks off before its first byte.
func checkBroken(t *testing.T, s downloadview.Storage, cause error) {
	f, err := s.File("a.txt")
	if err != nil {
		t.Fatal(err)
	}
	h, err := f.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if _, err = io.ReadAll(h); err == nil {
		t.Fatal("Read: no error")
	}
	CheckCause(t, "Read", err, cause)
	checkAnswer(t, f, http.MethodGet, "")
}

// refusing is a transport that gets no answer.
type refusing struct{ err error }

func (r refusing) RoundTrip(*http.Request) (*http.Response, error) { return nil, r.err }

// breaking is a transport whose answers have no body but an error.
type breaking struct{ err error }

func (b breaking) RoundTrip(r *http.Request) (*http.Response, error) {
	h := http.Header{}
	for name, value := range map[string]string{
		"Content-Length": "10", "Content-Type": "text/plain", "ETag": `"v1"`, "Last-Modified": "Tue, 01 Feb 2022 03:04:05 GMT",
		"X-Goog-Generation": "1", "X-Goog-Stored-Content-Length": "10",
	} {
		h.Set(name, value)
	}
	return &http.Response{
		StatusCode: http.StatusOK, Status: "200 OK", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h, ContentLength: 10, Body: brokenBody{b.err}, Request: r,
	}, nil
}

type brokenBody struct{ err error }

func (b brokenBody) Read([]byte) (int, error) { return 0, b.err }
func (b brokenBody) Close() error             { return nil }
