package storagetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"testing"

	"github.com/downloadview/downloadview"
)

// web is a storage over HTTP. It converts the error of a request with failed.
type web struct {
	transport http.RoundTripper
	failed    func(error) error
}

func (s web) File(key string) (downloadview.File, error) { return webFile{s, key}, nil }

type webFile struct {
	storage web
	key     string
}

func (f webFile) Name() string { return f.key }

func (f webFile) Open(ctx context.Context) (fs.File, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://store.test/"+f.key, nil)
	if err != nil {
		return nil, err
	}
	resp, err := f.storage.transport.RoundTrip(r)
	if err != nil {
		return nil, f.storage.failed(err)
	}
	return webHandle{resp, f}, nil
}

type webHandle struct {
	resp *http.Response
	file webFile
}

func (h webHandle) Close() error { return h.resp.Body.Close() }

func (h webHandle) Stat() (fs.FileInfo, error) {
	return downloadview.Attributes{Size: h.resp.ContentLength}.FileInfo(h.file.key), nil
}

func (h webHandle) Read(p []byte) (int, error) {
	n, err := h.resp.Body.Read(p)
	if err != nil && err != io.EOF {
		err = h.file.storage.failed(err)
	}
	return n, err
}

// good converts the error of a request as a storage should.
func good(err error) error {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("%w: %w: %w", os.ErrDeadlineExceeded, downloadview.ErrUpstream, downloadview.AsCause(err))
	}
	return fmt.Errorf("%w: %w", downloadview.ErrUpstream, downloadview.AsCause(err))
}

func TestCausesOfAGoodStorage(t *testing.T) {
	RunCauses(t, func(_ *testing.T, rt http.RoundTripper) downloadview.Storage { return web{rt, good} })
}

func TestCausesFindsBugs(t *testing.T) {
	for name, failed := range map[string]func(error) error{
		"passed on":   func(err error) error { return err },
		"wrapped":     func(err error) error { return fmt.Errorf("%w: %w", downloadview.ErrUpstream, err) },
		"no upstream": downloadview.AsCause,
		"missing":     func(error) error { return fs.ErrNotExist },
		"none":        func(error) error { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			for _, cause := range causes() {
				if _, ok := cause.(chosen); name == "wrapped" && (ok || cause == os.ErrDeadlineExceeded) {
					continue // StatusCode ignores the former's status; wrapping the latter is correct
				}
				if err := CheckCause(failed(cause), cause); err == nil {
					t.Errorf("CheckCause(%v, %v) = nil, want an error", failed(cause), cause)
				}
				if name == "none" {
					continue // Open would return neither a handle nor an error
				}
				if err := checkUnanswered(t.Context(), web{refusing{cause}, failed}, cause); err == nil {
					t.Errorf("checkUnanswered with cause %v = nil, want an error", cause)
				}
				if err := checkBroken(t.Context(), web{breaking{cause}, failed}, cause); err == nil {
					t.Errorf("checkBroken with cause %v = nil, want an error", cause)
				}
			}
		})
	}
}
