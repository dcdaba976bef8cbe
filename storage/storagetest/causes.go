package storagetest

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

// RunCauses tests the errors of a storage that sends HTTP requests. The error of a
// failed request must not be mistaken for a statement about the file. For example, if
// the client's token file is missing, the request fails with [fs.ErrNotExist], but
// the requested file may exist. See [downloadview.AsCause].
//
// RunCauses calls open for each test; open returns a storage whose client sends each
// request once, through transport. The transport fails with an error that has a
// meaning in package downloadview, or returns an answer whose body fails with it. All
// methods of the storage and its files must then fail with [downloadview.ErrUpstream]
// and, for a timeout, also with [os.ErrDeadlineExceeded], and with no other error that
// has a meaning. A download is answered with 502 or 504 and logged as one error.
func RunCauses(t *testing.T, open func(t *testing.T, transport http.RoundTripper) downloadview.Storage) {
	t.Helper()
	for _, cause := range causes() {
		for _, err := range []error{cause, fmt.Errorf("no token: %w", cause)} {
			t.Run(strings.ReplaceAll(err.Error(), "/", "_"), func(t *testing.T) {
				t.Run("no answer", func(t *testing.T) { report(t, checkUnanswered(t.Context(), open(t, refusing{err}), err)) })
				t.Run("body", func(t *testing.T) { report(t, checkBroken(t.Context(), open(t, breaking{err}), err)) })
			})
		}
	}
}

// CheckCause checks err, which a storage returned because its request for the file
// failed with cause. It returns an error unless err is [downloadview.ErrUpstream]
// and, for a timeout, also [os.ErrDeadlineExceeded], and no other error that has a
// meaning in package downloadview.
func CheckCause(err, cause error) error {
	if !errors.Is(err, downloadview.ErrUpstream) {
		return fmt.Errorf("error is %w, want downloadview.ErrUpstream", orNone(err))
	}
	if !strings.Contains(err.Error(), cause.Error()) { // an SDK dropped the cause
		cause = err
	}
	var p problems
	late := errors.Is(cause, context.DeadlineExceeded) || errors.Is(cause, os.ErrDeadlineExceeded)
	for _, meant := range []error{
		fs.ErrNotExist, fs.ErrPermission, fs.ErrInvalid, fs.ErrExist, errors.ErrUnsupported, http.ErrAbortHandler,
		context.Canceled, context.DeadlineExceeded, downloadview.ErrRange, downloadview.ErrChanged, downloadview.ErrConsumed,
	} {
		if errors.Is(err, meant) {
			p.addf("error %q is also %q, want only its cause to be that: wrap the cause with downloadview.AsCause", err, meant)
		}
	}
	if errors.Is(err, os.ErrDeadlineExceeded) != late {
		p.addf("errors.Is(%q, os.ErrDeadlineExceeded) = %t, want %t", err, !late, late)
	}
	if e, ok := errors.AsType[*downloadview.StatusError](err); ok {
		p.addf("error %q wraps the StatusError %q of its cause: wrap the cause with downloadview.AsCause", err, e)
	}
	want := http.StatusBadGateway
	if late {
		want = http.StatusGatewayTimeout
	}
	if got := downloadview.StatusCode(err); got != want {
		p.addf("error %q is answered with %d, want %d", err, got, want)
	}
	return p.err()
}

func orNone(err error) error {
	if err == nil {
		return errors.New("nil")
	}
	return err
}

// chosen is an error of another package whose StatusCode method could choose the
// status of the answer.
type chosen int

func (c chosen) Error() string   { return fmt.Sprintf("an error with the status %d", int(c)) }
func (c chosen) StatusCode() int { return int(c) }

// causes returns errors that a store's client may fail with. Each has a meaning in
// package downloadview, but says nothing about a file.
func causes() []error {
	return []error{
		&fs.PathError{Op: "open", Path: "/var/run/token", Err: syscall.ENOENT},
		&os.SyscallError{Syscall: "connect", Err: syscall.EACCES},
		fs.ErrNotExist, fs.ErrPermission, fs.ErrInvalid, fs.ErrExist, errors.ErrUnsupported,
		context.DeadlineExceeded, context.Canceled, os.ErrDeadlineExceeded,
		http.ErrAbortHandler, downloadview.ErrRange, downloadview.ErrChanged, downloadview.ErrConsumed,
		chosen(http.StatusNotFound), chosen(http.StatusNotModified), &downloadview.StatusError{Status: http.StatusForbidden},
	}
}

func checkUnanswered(ctx context.Context, s downloadview.Storage, cause error) error {
	f, err := s.File("a.txt")
	if err != nil {
		return err
	}
	var p problems
	for _, c := range callsOf(s, f) {
		p.in(c.name, CheckCause(c.call(ctx), cause))
	}
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		for _, h := range []http.Header{
			{},
			{"Range": {"bytes=1-2"}},
			{"Range": {"bytes=-2"}},
			{"Range": {"bytes=1-2,4-5"}},
			{"If-None-Match": {"*"}},
			{"If-Match": {"*"}},
			{"If-Modified-Since": {"Tue, 01 Feb 2050 03:04:05 GMT"}},
			{"Range": {"bytes=1-2"}, "If-Range": {`"v1"`}},
		} {
			p.in(fmt.Sprint(method, " ", h), checkAnswer(ctx, f, method, h))
		}
	}
	return p.err()
}

// A call is a method call on a storage or its file.
type call struct {
	name string
	call func(context.Context) error
}

// callsOf returns calls to the methods that s and f implement.
func callsOf(s downloadview.Storage, f downloadview.File) []call {
	pinned := downloadview.Pin(f, `"1"`)
	calls := []call{
		{"Open", func(ctx context.Context) error { _, err := f.Open(ctx); return err }},
		{"OpenRange", func(ctx context.Context) error { _, err := downloadview.OpenRange(ctx, f, 1, 2); return err }},
		{"OpenRange of the end", func(ctx context.Context) error { _, err := downloadview.OpenRange(ctx, f, -2, -1); return err }},
		{"Stat", func(ctx context.Context) error { _, err := downloadview.Stat(ctx, f); return err }},
		{"Open, pinned", func(ctx context.Context) error { _, err := pinned.Open(ctx); return err }},
		{"Exists", func(ctx context.Context) error { _, err := downloadview.Exists(ctx, s, f.Name()); return err }},
	}
	if _, ok := s.(downloadview.Lister); ok {
		calls = append(calls, call{"List", func(ctx context.Context) error {
			for _, err := range downloadview.List(ctx, s, "") {
				return err
			}
			return nil
		}})
	}
	if _, ok := s.(downloadview.Saver); ok {
		calls = append(calls, call{"Save", func(ctx context.Context) error {
			return downloadview.Save(ctx, s, f.Name(), strings.NewReader("x"))
		}})
	}
	if _, ok := s.(downloadview.Deleter); ok {
		calls = append(calls, call{"Delete", func(ctx context.Context) error { return downloadview.Delete(ctx, s, f.Name()) }})
	}
	if _, ok := s.(downloadview.Timed); ok {
		calls = append(calls, call{"Times", func(ctx context.Context) error {
			_, err := downloadview.TimesOf(ctx, s, f.Name())
			return err
		}})
	}
	return calls
}

// checkAnswer requests f from a handler and checks the answer and the log.
func checkAnswer(ctx context.Context, f downloadview.File, method string, h http.Header) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("the handler panics with %v, want an answer", v)
		}
	}()
	var log bytes.Buffer
	r := httptest.NewRequestWithContext(ctx, method, "/", nil)
	r.Header = h
	w := httptest.NewRecorder()
	view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) { return downloadview.Response{File: f}, nil })
	downloadview.NewHandler(view, &downloadview.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}).ServeHTTP(w, r)
	var p problems
	if w.Code != http.StatusBadGateway && w.Code != http.StatusGatewayTimeout {
		p.addf("status is %d, want 502 or 504", w.Code)
	}
	if lines := log.String(); strings.Count(lines, "\n") != 1 || !strings.Contains(lines, "level=ERROR") {
		p.addf("the log is %q, want one line of level ERROR", lines)
	}
	return p.err()
}

// checkBroken checks a file whose body fails before its first byte.
func checkBroken(ctx context.Context, s downloadview.Storage, cause error) error {
	f, err := s.File("a.txt")
	if err != nil {
		return err
	}
	h, err := f.Open(ctx)
	if err != nil {
		return fmt.Errorf("Open: %w", err)
	}
	defer h.Close()
	var p problems
	_, err = io.ReadAll(h)
	p.in("Read", CheckCause(err, cause))
	p.in("GET", checkAnswer(ctx, f, http.MethodGet, http.Header{}))
	return p.err()
}

// refusing is a transport that fails with err.
type refusing struct{ err error }

func (r refusing) RoundTrip(*http.Request) (*http.Response, error) { return nil, r.err }

// breaking is a transport whose answers have a body that fails with err.
type breaking struct{ err error }

func (b breaking) RoundTrip(r *http.Request) (*http.Response, error) {
	h := http.Header{}
	for name, value := range map[string]string{
		"Content-Length": "10", "Content-Type": "text/plain", "ETag": `"v1"`, "Last-Modified": "Tue, 01 Feb 2022 03:04:05 GMT",
		"X-Goog-Generation": "1", "X-Goog-Stored-Content-Length": "10", // without these Google's SDK sees no object
	} {
		h.Set(name, value)
	}
	return &http.Response{
		StatusCode: http.StatusOK, Status: "200 OK", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h, ContentLength: 10, Body: brokenBody(b), Request: r,
	}, nil
}

type brokenBody struct{ err error }

func (b brokenBody) Read([]byte) (int, error) { return 0, b.err }
func (b brokenBody) Close() error             { return nil }
