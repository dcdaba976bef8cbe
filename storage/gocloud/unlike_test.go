package gocloud_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/blob/driver"
	"gocloud.dev/gcerrors"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/storage/gocloud"
)

// refusing is a cloud that refuses Stat, or ranges, with AWS's errors.
type refusing struct {
	*cloud
	look, ranges, all error
	asked             int
}

func (r *refusing) Attributes(ctx context.Context, key string) (*driver.Attributes, error) {
	if r.asked++; r.look != nil {
		return nil, r.look
	}
	return r.cloud.Attributes(ctx, key)
}

func (r *refusing) NewRangeReader(ctx context.Context, key string, offset, length int64, o *driver.ReaderOptions) (driver.Reader, error) {
	r.asked++
	switch {
	case r.all != nil:
		return nil, r.all
	case r.ranges != nil && (offset > 0 || length >= 0):
		return nil, r.ranges
	}
	return r.cloud.NewRangeReader(ctx, key, offset, length, o)
}

func (r *refusing) ErrorCode(err error) gcerrors.ErrorCode {
	var a awsError
	if errors.As(err, &a) && a.status == 404 {
		return gcerrors.NotFound
	}
	return gcerrors.Unknown
}

// awsError has a status and a code by the same methods as errors of the AWS
// SDK.
type awsError struct {
	status int
	code   string
}

func (e awsError) Error() string       { return fmt.Sprint(e.status, " ", e.code) }
func (e awsError) HTTPStatusCode() int { return e.status }
func (e awsError) ErrorCode() string   { return e.code }

func newRefusing(t *testing.T, r *refusing, object []byte) *gocloud.Storage {
	r.cloud = &cloud{content: string(object), promised: len(object), time: time.Unix(1.7e9, 0)}
	return gocloud.New(closing(t, blob.NewBucket(r)), &gocloud.Options{
		Describe: func(_ *blob.Reader, a *downloadview.Attributes) { a.ETag = `"tag"` },
	})
}

// If Stat is refused, reading decides, provided that the driver returns a
// status.
func TestLookIsNoJudge(t *testing.T) {
	object := buckettest.Numbered(1, 10_000)
	for _, status := range buckettest.LookStatuses {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			s := newRefusing(t, &refusing{look: awsError{status, ""}}, object)
			buckettest.JudgedByReading(t, status, `"tag"`, s)
		})
	}
}

func TestStoreWithoutRanges(t *testing.T) {
	object := buckettest.Numbered(1, 1000)
	for _, err := range []error{awsError{501, "NotImplemented"}, awsError{400, "InvalidArgument"}, awsError{416, "InvalidRange"}} {
		t.Run(err.Error(), func(t *testing.T) {
			buckettest.WholeForRanges(t, object, newRefusing(t, &refusing{ranges: err}, object))
		})
	}
}

// An answer about the key is 404. If trying again can't help, the store is
// asked once.
func TestAnswersThatLast(t *testing.T) {
	for _, try := range []buckettest.Try{
		{Status: 400, Code: "XMinioInvalidObjectName", Asked: 1, Client: 404},
		{Status: 400, Code: "XMinioInvalidResourceName", Asked: 1, Client: 404},
		{Status: 400, Code: "KeyTooLongError", Asked: 1, Client: 404},
		{Status: 403, Code: "AccessDenied", Asked: 1, Client: 404},
		{Status: 403, Code: "InvalidAccessKeyId", Asked: 1, Client: 502},
		{Status: 400, Code: "ExpiredToken", Asked: 1, Client: 502},
		{Status: 301, Code: "PermanentRedirect", Asked: 1, Client: 502},
		{Status: 500, Code: "InternalError", Asked: 3, Client: 502},
	} {
		r := &refusing{all: awsError{try.Status, try.Code}}
		buckettest.Tried(t, try, &r.asked, newRefusing(t, r, nil))
	}
}

// sizeless is a cloud that doesn't tell the size of an object. Its driver has another
// one.
type sizeless struct {
	*cloud
	size int64
}

func (s *sizeless) Attributes(ctx context.Context, key string) (*driver.Attributes, error) {
	a, err := s.cloud.Attributes(ctx, key)
	if err == nil {
		a.Size = s.size
	}
	return a, err
}

func (s *sizeless) NewRangeReader(ctx context.Context, key string, _, _ int64, o *driver.ReaderOptions) (driver.Reader, error) {
	r, err := s.cloud.NewRangeReader(ctx, key, 0, -1, o) // Google decodes gzip, and ignores ranges then
	if err == nil {
		r.Attributes().Size = s.size
	}
	return r, err
}

// The drivers of S3 and Azure have the size 0 for an answer without a Content-Length,
// that of Google has -1.
func TestStoreWithoutSizes(t *testing.T) {
	object := buckettest.Numbered(1, 1000)
	for _, size := range []int64{0, -1} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			c := &sizeless{&cloud{content: string(object), promised: len(object), time: time.Unix(1.7e9, 0)}, size}
			s := gocloud.New(closing(t, blob.NewBucket(c)), nil)
			url := buckettest.Serve(t, s)
			resp, body, err := buckettest.Get(t, "GET", url+"/a")
			if err != nil || resp.StatusCode != http.StatusOK || !bytes.Equal(body, object) {
				t.Errorf("GET: %d, %d bytes, %v; want the whole", resp.StatusCode, len(body), err)
			}
			if resp, _, _ := buckettest.Get(t, "HEAD", url+"/a"); resp.ContentLength >= 0 {
				t.Errorf("HEAD: length %d, want none", resp.ContentLength)
			}
			buckettest.WholeForRanges(t, object, s)
		})
	}
}

// decoding is a cloud that decodes gzip, as Google does. It knows the stored size.
type decoding struct{ sizeless }

func (d *decoding) Attributes(ctx context.Context, key string) (*driver.Attributes, error) {
	a, err := d.cloud.Attributes(ctx, key)
	if err == nil {
		a.Size, a.ContentEncoding = 60, "gzip"
	}
	return a, err
}

func TestHeadOfDecodedObject(t *testing.T) {
	c := &decoding{sizeless{&cloud{content: "0123456789", promised: 10, time: time.Unix(1.7e9, 0)}, -1}}
	url := buckettest.Serve(t, gocloud.New(closing(t, blob.NewBucket(c)), nil))
	for _, method := range []string{"GET", "HEAD"} {
		resp, _, err := buckettest.Get(t, method, url+"/a")
		if err != nil {
			t.Fatal(err)
		}
		if l := resp.Header.Get("Content-Length"); l == "60" || resp.Header.Get("ETag") != "" {
			t.Errorf("%s: length %q and tag %q, want those of the decoded bytes, which aren't known", method, l, resp.Header.Get("ETag"))
		}
	}
}

// deaf is a cloud that ignores ranges.
type deaf struct{ *cloud }

func (d *deaf) NewRangeReader(ctx context.Context, key string, _, _ int64, o *driver.ReaderOptions) (driver.Reader, error) {
	return d.cloud.NewRangeReader(ctx, key, 0, -1, o)
}

// The bytes of an ignored range are those of the beginning. They are never taken for the
// whole range.
func TestStoreThatIgnoresRanges(t *testing.T) {
	object := buckettest.Numbered(1, 500_000)
	c := &deaf{&cloud{content: string(object), promised: len(object), time: time.Unix(1.7e9, 0)}}
	url := buckettest.Serve(t, gocloud.New(closing(t, blob.NewBucket(c)), nil))
	for _, asked := range []string{"bytes=1-9", "bytes=100-99999", "bytes=1-", "bytes=-10"} {
		resp, body, err := buckettest.Get(t, "GET", url+"/a", "Range", asked)
		if resp.StatusCode != http.StatusBadGateway && err == nil {
			t.Errorf("%s: %d and %d bytes, want 502 or a body that is cut", asked, resp.StatusCode, len(body))
		}
	}
	if resp, body, err := buckettest.Get(t, "GET", url+"/a"); err != nil || !bytes.Equal(body, object) {
		t.Errorf("whole: %d, %d bytes, %v", resp.StatusCode, len(body), err)
	}
}
