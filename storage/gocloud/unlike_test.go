package gocloud_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/blob/driver"
	"gocloud.dev/gcerrors"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/storage/gocloud"
	"github.com/downloadview/downloadview/storage/resume"
)

// refusing is a cloud that refuses looks, or ranges, as AWS says it.
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

// awsError tells its status and code as those of the AWS SDK do.
type awsError struct {
	status int
	code   string
}

func (e awsError) Error() string       { return fmt.Sprint(e.status, " ", e.code) }
func (e awsError) HTTPStatusCode() int { return e.status }
func (e awsError) ErrorCode() string   { return e.code }

func newRefusing(t *testing.T, r *refusing) *gocloud.Storage {
	content := strings.Repeat("0123456789", 1000)
	r.cloud = &cloud{content: content, promised: len(content), time: time.Unix(1.7e9, 0)}
	return gocloud.New(closing(t, blob.NewBucket(r)), &gocloud.Options{
		Describe: func(_ *blob.Reader, a *downloadview.Attributes) { a.ETag = `"tag"` },
	})
}

// A look that is refused is no judge of reading, where the driver tells a status.
func TestLookIsNoJudge(t *testing.T) {
	for _, status := range []int{400, 401, 403, 404, 405, 500, 501} {
		url := buckettest.Serve(t, newRefusing(t, &refusing{look: awsError{status, ""}}))
		for _, tt := range []struct {
			name   string
			fields []string
			status int
		}{
			{"not modified", []string{"If-None-Match", `"tag"`}, 304},
			{"modified", []string{"If-None-Match", `"other"`}, 200},
			{"failed precondition", []string{"If-Match", `"other"`}, 412},
			{"range and precondition", []string{"If-Match", `"tag"`, "Range", "bytes=1-2"}, 206},
			{"several ranges", []string{"Range", "bytes=0-0,5000-5001"}, 206},
		} {
			resp, _, err := buckettest.Get(t, "GET", url+"/a", tt.fields...)
			if err != nil || resp.StatusCode != tt.status {
				t.Errorf("look %d, %s: %d, %v; want %d", status, tt.name, resp.StatusCode, err, tt.status)
			}
		}
	}
}

// A store that refuses ranges gives the whole object.
func TestStoreWithoutRanges(t *testing.T) {
	for _, err := range []error{awsError{501, "NotImplemented"}, awsError{400, "InvalidArgument"}, awsError{416, "InvalidRange"}} {
		url := buckettest.Serve(t, newRefusing(t, &refusing{ranges: err}))
		for _, asked := range []string{"bytes=1-9", "bytes=990-", "bytes=-10", "bytes=0-0,500-600"} {
			resp, body, failed := buckettest.Get(t, "GET", url+"/a", "Range", asked)
			if failed != nil || resp.StatusCode != 200 || len(body) != 10_000 {
				t.Errorf("%v, %s: %d, %d bytes, %v; want the whole", err, asked, resp.StatusCode, len(body), failed)
			}
		}
	}
}

// What a store says of a key is 404, and what another try doesn't change is asked
// once.
func TestAnswersThatLast(t *testing.T) {
	for _, tt := range []struct {
		err    awsError
		asked  int
		client int
	}{
		{awsError{400, "XMinioInvalidObjectName"}, 1, 404},
		{awsError{400, "XMinioInvalidResourceName"}, 1, 404},
		{awsError{400, "KeyTooLongError"}, 1, 404},
		{awsError{403, "InvalidAccessKeyId"}, 1, 502},
		{awsError{400, "ExpiredToken"}, 1, 502},
		{awsError{301, "PermanentRedirect"}, 1, 502},
		{awsError{500, "InternalError"}, 3, 502},
	} {
		r := &refusing{all: tt.err}
		s := resume.New(newRefusing(t, r), &resume.Options{Backoff: func(int) time.Duration { return 0 }})
		_, err := file(t, s, "a").Open(t.Context())
		if r.asked != tt.asked || downloadview.StatusCode(err) != tt.client || tt.client == 404 && errors.Is(err, fs.ErrPermission) {
			t.Errorf("%v: asked %d times, %v; want %d and %d", tt.err, r.asked, err, tt.asked, tt.client)
		}
	}
}
