package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strings"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/bucket"
	"github.com/downloadview/downloadview/internal/httprange"
)

type file struct {
	origin *origin
	url    *url.URL
	name   string
}

func (f *file) Name() string { return f.name }

func (f *file) Source() (downloadview.Source, bool) {
	u := f.url
	if u.RawQuery != "" || strings.Count(u.EscapedPath(), "/") != strings.Count(u.Path, "/") {
		return downloadview.Source{}, false
	}
	host := strings.ToLower(u.Host)
	if p := u.Port(); p == "" || p == port(&url.URL{Scheme: u.Scheme}) {
		host = strings.TrimSuffix(host, ":"+p)
	}
	return downloadview.Source{Scheme: u.Scheme, Host: host, Path: strings.TrimPrefix(u.Path, "/")}, true
}

func (f *file) Stat(ctx context.Context) (fs.FileInfo, error) {
	resp, err := f.origin.ask(ctx, http.MethodHead, f.url, "")
	if err != nil {
		return nil, f.failure("stat", err)
	}
	resp.Body.Close()
	if !isWhole(resp.StatusCode) {
		err = refused(resp)
		if bucket.LeavesOpen(resp.StatusCode) {
			err = fmt.Errorf("%w: %w for HEAD", err, errors.ErrUnsupported)
		}
		return nil, f.failure("stat", err)
	}
	return attributesOf(resp, resp.ContentLength).FileInfo(f.name), nil
}

func (f *file) Open(ctx context.Context) (fs.File, error) {
	resp, err := f.origin.ask(ctx, http.MethodGet, f.url, "")
	if err != nil {
		return nil, f.failure("open", err)
	}
	if !isWhole(resp.StatusCode) {
		resp.Body.Close()
		return nil, f.failure("open", refused(resp))
	}
	return f.handle(ctx, resp, resp.ContentLength, resp.ContentLength), nil
}

func (f *file) OpenRange(ctx context.Context, offset, length int64) (fs.File, error) {
	if offset >= 0 && length == 0 {
		return nil, f.failure("open", fmt.Errorf("a range of no bytes at %d: %w", offset, downloadview.ErrRange))
	}
	resp, err := f.origin.ask(ctx, http.MethodGet, f.url, httprange.Field(offset, length))
	if err != nil {
		return nil, f.failure("open", err)
	}
	size, part, err := partOf(resp, offset, length)
	if err != nil {
		resp.Body.Close()
		return nil, f.failure("open", err)
	}
	return f.handle(ctx, resp, size, part), nil
}

// partOf returns the size of the file and the length of the part of it in resp.
func partOf(resp *http.Response, offset, length int64) (size, part int64, err error) {
	var contentRange string
	switch resp.StatusCode {
	case http.StatusOK, http.StatusNonAuthoritativeInfo:
	case http.StatusPartialContent:
		if contentRange = resp.Header.Get("Content-Range"); contentRange == "" {
			return 0, 0, badAnswer("a part without Content-Range")
		}
	case http.StatusRequestedRangeNotSatisfiable:
		return 0, 0, downloadview.ErrRange
	default:
		err = refused(resp)
		if bucket.RefusesRange(resp.StatusCode, "") {
			err = fmt.Errorf("%w: %w for ranges", err, errors.ErrUnsupported)
		}
		return 0, 0, err
	}
	size, part, err = httprange.Check(contentRange, resp.ContentLength, offset, length)
	if err != nil && !errors.Is(err, downloadview.ErrRange) && !errors.Is(err, errors.ErrUnsupported) {
		err = badAnswer("a range other than the requested one")
	}
	return size, part, err
}

func (f *file) handle(ctx context.Context, resp *http.Response, size, length int64) *handle {
	return &handle{
		ctx:        ctx,
		body:       httprange.NewBody(resp.Body, length),
		file:       f,
		attributes: attributesOf(resp, size),
	}
}

func (f *file) failure(op string, err error) error {
	return &fs.PathError{Op: op, Path: shown(f.url), Err: err}
}

// handle is the body of one answer. It can't seek: that would be another
// request, perhaps for another version.
type handle struct {
	ctx        context.Context // of the request, to distinguish its end from the origin's failures
	body       io.ReadCloser
	file       *file
	attributes downloadview.Attributes
}

func (h *handle) Stat() (fs.FileInfo, error) { return h.attributes.FileInfo(h.file.name), nil }

func (h *handle) Read(p []byte) (int, error) {
	n, err := h.body.Read(p)
	if err == nil || err == io.EOF {
		return n, err
	}
	return n, h.file.failure("read", unanswered(h.ctx, err))
}

func (h *handle) Close() error { return h.body.Close() }

var (
	_ downloadview.StatFile  = (*file)(nil)
	_ downloadview.RangeFile = (*file)(nil)
	_ downloadview.Sourcer   = (*file)(nil)
	_ fs.File                = (*handle)(nil)
)
