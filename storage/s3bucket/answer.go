package s3bucket

import (
	"context"
	"fmt"
	"net/http"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
	smithytime "github.com/aws/smithy-go/time"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/downloadview/downloadview/internal/bucket"
)

// statusOf returns the status of an answer. The SDK accepts any status from 200
// to 299.
func statusOf(m middleware.Metadata) int {
	if r, ok := awsmiddleware.GetRawResponse(m).(*smithyhttp.Response); ok && r.Response != nil {
		return r.StatusCode
	}
	return http.StatusOK
}

// otherStatus is the error for an answer with a status that doesn't fit the
// request.
func otherStatus(status int, wanted string) error {
	return fmt.Errorf("asked for %s, got %d %s", wanted, status, http.StatusText(status))
}

// readable removes fields from an answer that this package doesn't use. If the
// SDK can't parse one of them, it fails with the whole answer. Of the page of an error,
// readable leaves the beginning.
func readable(o *s3.Options) {
	o.APIOptions = append(o.APIOptions, addReadable)
}

func addReadable(s *middleware.Stack) error { return s.Deserialize.Add(leaveOut{}, middleware.After) }

type leaveOut struct{}

func (leaveOut) ID() string { return "downloadview: fields that can't be read" }

func (leaveOut) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	out, m, err := next.HandleDeserialize(ctx, in)
	r, ok := out.RawResponse.(*smithyhttp.Response)
	if !ok || r.Response == nil {
		return out, m, err
	}
	if r.StatusCode < 200 || r.StatusCode > 299 {
		bucket.ShortenPage(r.Response)
		return out, m, err
	}
	for _, field := range unused {
		delete(r.Header, field)
	}
	if date := r.Header.Get("Last-Modified"); date != "" {
		if _, err := smithytime.ParseHTTPDate(date); err != nil {
			delete(r.Header, "Last-Modified")
		}
	}
	return out, m, err
}

// unused are the fields that the SDK parses as numbers, dates or booleans and
// that this package doesn't use.
var unused = []string{
	"X-Amz-Delete-Marker",
	"X-Amz-Missing-Meta",
	"X-Amz-Mp-Parts-Count",
	"X-Amz-Object-Lock-Event-Hold-Duration-Days",
	"X-Amz-Object-Lock-Event-Hold-Duration-Years",
	"X-Amz-Object-Lock-Retain-Until-Date",
	"X-Amz-Server-Side-Encryption-Bucket-Key-Enabled",
	"X-Amz-Tagging-Count",
}
