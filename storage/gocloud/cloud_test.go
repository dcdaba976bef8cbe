package gocloud_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"math"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/blob/driver"
	"gocloud.dev/gcerrors"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/storage/gocloud"
)

// cloud is a driver that behaves like those of clouds, unlike memory and disk:
// its errors have codes, times have whole seconds when an object is read, a
// read past the end fails without a code, and a body may break off.
type cloud struct {
	driver.Bucket
	content  string // of every object
	promised int    // size; more than content has makes bodies short
	time     time.Time
	err      error
	code     gcerrors.ErrorCode
	status   bool // errors tell their status, as those of AWS do

	attributes, reads int   // calls
	length            int64 // of the last read
}

func (c *cloud) open(t *testing.T) *blob.Bucket { return closing(t, blob.NewBucket(c)) }

func (c *cloud) Close() error                       { return nil }
func (c *cloud) ErrorCode(error) gcerrors.ErrorCode { return c.code }
func (c *cloud) ErrorAs(error, any) bool            { return false }

func (c *cloud) As(any) bool { return false }

func (c *cloud) Attributes(context.Context, string) (*driver.Attributes, error) {
	c.attributes++
	if c.err != nil {
		return nil, c.err
	}
	return &driver.Attributes{Size: int64(c.promised), ModTime: c.time, ETag: `"tag"`}, nil
}

func (c *cloud) NewRangeReader(_ context.Context, _ string, offset, length int64, _ *driver.ReaderOptions) (driver.Reader, error) {
	c.reads++
	c.length = length
	switch {
	case c.err != nil:
		return nil, c.err
	case offset >= int64(c.promised):
		if c.status {
			return nil, statusError(http.StatusRequestedRangeNotSatisfiable)
		}
		return nil, errors.New("416 InvalidRange")
	}
	body := c.content[min(offset, int64(len(c.content))):]
	if length >= 0 && length < int64(len(body)) {
		body = body[:length]
	}
	return &cloudReader{strings.NewReader(body), driver.ReaderAttributes{
		Size: int64(c.promised), ModTime: c.time.Truncate(time.Second),
	}}, nil
}

type statusError int

func (e statusError) Error() string       { return http.StatusText(int(e)) }
func (e statusError) HTTPStatusCode() int { return int(e) }

type cloudReader struct {
	io.Reader
	attributes driver.ReaderAttributes
}

func (r *cloudReader) Close() error                         { return nil }
func (r *cloudReader) As(any) bool                          { return false }
func (r *cloudReader) Attributes() *driver.ReaderAttributes { return &r.attributes }

func TestErrorCodes(t *testing.T) {
	cause := errors.New("the cause")
	tests := []struct {
		code   gcerrors.ErrorCode
		want   error
		status int
	}{
		{gcerrors.NotFound, fs.ErrNotExist, http.StatusNotFound},
		{gcerrors.PermissionDenied, fs.ErrNotExist, http.StatusNotFound},
		{gcerrors.InvalidArgument, fs.ErrInvalid, http.StatusNotFound},
		{gcerrors.Canceled, downloadview.ErrUpstream, http.StatusBadGateway},
		{gcerrors.DeadlineExceeded, os.ErrDeadlineExceeded, http.StatusGatewayTimeout},
		{gcerrors.ResourceExhausted, downloadview.ErrUpstream, http.StatusServiceUnavailable},
		{gcerrors.Internal, downloadview.ErrUpstream, http.StatusBadGateway},
		{gcerrors.Unknown, downloadview.ErrUpstream, http.StatusBadGateway},
	}
	for _, tt := range tests {
		t.Run(tt.code.String(), func(t *testing.T) {
			b := (&cloud{err: cause, code: tt.code}).open(t)
			for op, call := range operations(file(t, gocloud.New(b, nil), "a")) {
				err := call(t.Context())
				if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), "the cause") {
					t.Errorf("%s: %v, want %v with its cause", op, err, tt.want)
				}
				if got := downloadview.StatusCode(err); got != tt.status {
					t.Errorf("%s: status %d, want %d", op, got, tt.status)
				}
			}
		})
	}
}

// In a cloud, an error of the system without a code is about something else,
// such as a file with a token.
func TestCausesWithoutCode(t *testing.T) {
	for _, cause := range []error{fs.ErrPermission, fs.ErrNotExist, syscall.ENOTDIR, syscall.ENAMETOOLONG, context.Canceled} {
		b := (&cloud{err: &fs.PathError{Op: "open", Path: "/token", Err: cause}, code: gcerrors.Unknown}).open(t)
		for op, call := range operations(file(t, gocloud.New(b, nil), "a")) {
			buckettest.CheckCause(t, op, call(t.Context()), cause)
		}
	}
}

// The whole object is one request, and so is a range. A range past the end,
// which no cloud's driver classifies, needs a second request to be
// distinguished from other failures, unless the error has its status.
func TestRequests(t *testing.T) {
	tests := []struct {
		name              string
		call              func(f downloadview.File) (fs.File, error)
		status            bool
		err               error
		reads, attributes int
	}{
		{"whole", func(f downloadview.File) (fs.File, error) { return f.Open(t.Context()) }, false, nil, 1, 0},
		{"range", func(f downloadview.File) (fs.File, error) { return downloadview.OpenRange(t.Context(), f, 2, 3) }, false, nil, 1, 0},
		{
			"past the end", func(f downloadview.File) (fs.File, error) { return downloadview.OpenRange(t.Context(), f, 10, 1) },
			false, downloadview.ErrRange, 1, 1,
		},
		{
			"past the end, with status", func(f downloadview.File) (fs.File, error) { return downloadview.OpenRange(t.Context(), f, 10, 1) },
			true, downloadview.ErrRange, 1, 0,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := &cloud{content: "0123456789", promised: 10, code: gcerrors.Unknown, status: tt.status}
			h, err := tt.call(file(t, gocloud.New(c.open(t), nil), "a"))
			if !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if err == nil {
				content(t, h)
			}
			if c.reads != tt.reads || c.attributes != tt.attributes {
				t.Errorf("%d reads and %d looks, want %d and %d", c.reads, c.attributes, tt.reads, tt.attributes)
			}
		})
	}
}

// Drivers add the length to the offset.
func TestLengthThatOverflows(t *testing.T) {
	c := &cloud{content: "0123456789", promised: 10}
	h, err := downloadview.OpenRange(t.Context(), file(t, gocloud.New(c.open(t), nil), "a"), 7, math.MaxInt64)
	if err != nil {
		t.Fatal(err)
	}
	if got := content(t, h); got != "789" || c.length >= 0 {
		t.Errorf("%q by a read of %d bytes, want 789 by a read to the end", got, c.length)
	}
}

func TestShortBody(t *testing.T) {
	c := &cloud{content: "0123", promised: 10}
	f := file(t, gocloud.New(c.open(t), nil), "a")
	for name, open := range map[string]func() (fs.File, error){
		"whole":      func() (fs.File, error) { return f.Open(t.Context()) },
		"range":      func() (fs.File, error) { return downloadview.OpenRange(t.Context(), f, 2, 5) },
		"to the end": func() (fs.File, error) { return downloadview.OpenRange(t.Context(), f, 2, -1) },
	} {
		h, err := open()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(h); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %q, %v, want io.ErrUnexpectedEOF", name, got, err)
		}
		h.Close()
	}
}

// Some clouds return fractions of a second in listings, but not when an object
// is read.
func TestTimeOfCloud(t *testing.T) {
	c := &cloud{content: "x", promised: 1, time: time.Date(2026, 1, 2, 3, 4, 5, 678, time.UTC)}
	fi, err := downloadview.Stat(t.Context(), file(t, gocloud.New(c.open(t), nil), "a"))
	if err != nil {
		t.Fatal(err)
	}
	if want := c.time.Truncate(time.Second); !fi.ModTime().Equal(want) {
		t.Errorf("Stat has the time %v, want %v as a read will", fi.ModTime(), want)
	}
}
