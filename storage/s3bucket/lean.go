package s3bucket

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithytime "github.com/aws/smithy-go/time"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/downloadview/downloadview/internal/bucket"
)

// lean has a GET read only those fields of an answer that this package uses, by
// their canonical names. The SDK reads four times as many, most of which no store
// sends, and fails with the whole answer if it can't parse one of them. It still
// reads the answers that are errors.
func lean(o *s3.Options) { o.APIOptions = append(o.APIOptions, addLean) }

func addLean(s *middleware.Stack) error {
	const id = "OperationDeserializer"
	theirs, ok := s.Deserialize.Get(id)
	if !ok || fmt.Sprintf("%T", theirs) != "*s3.awsRestxml_deserializeOpGetObject" { // the caller's, or another SDK's
		return addReadable(s)
	}
	_, err := s.Deserialize.Swap(id, leanGet{theirs})
	return err
}

type leanGet struct {
	theirs middleware.DeserializeMiddleware
}

func (g leanGet) ID() string { return g.theirs.ID() }

func (g leanGet) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	out, m, err := next.HandleDeserialize(ctx, in)
	r, ok := out.RawResponse.(*smithyhttp.Response)
	if err != nil || !ok || r.Response == nil || r.StatusCode < 200 || r.StatusCode > 299 {
		if ok && r.Response != nil {
			bucket.ShortenPage(r.Response)
		}
		return g.theirs.HandleDeserialize(ctx, in, happened{out, m, err})
	}
	object := &s3.GetObjectOutput{Body: r.Body}
	if err := readFields(object, r.Header); err != nil {
		r.Body.Close()
		return out, m, &smithy.DeserializationError{Err: err}
	}
	out.Result = object
	return out, m, nil
}

// happened is an answer that was already read.
type happened struct {
	out middleware.DeserializeOutput
	m   middleware.Metadata
	err error
}

// HandleDeserialize returns it.
func (h happened) HandleDeserialize(context.Context, middleware.DeserializeInput) (middleware.DeserializeOutput, middleware.Metadata, error) {
	return h.out, h.m, h.err
}

// readFields reads the fields of a header into an answer that shares their text.
func readFields(v *s3.GetObjectOutput, h http.Header) error {
	v.CacheControl = field(h, "Cache-Control")
	v.ContentDisposition = field(h, "Content-Disposition")
	v.ContentEncoding = field(h, "Content-Encoding")
	v.ContentLanguage = field(h, "Content-Language")
	v.ContentRange = field(h, "Content-Range")
	v.ContentType = field(h, "Content-Type")
	v.ETag = field(h, "Etag")
	v.ExpiresString = field(h, "Expires")
	v.ChecksumSHA256 = field(h, "X-Amz-Checksum-Sha256")
	v.ChecksumSHA512 = field(h, "X-Amz-Checksum-Sha512")
	if kind := field(h, "X-Amz-Checksum-Type"); kind != nil {
		v.ChecksumType = types.ChecksumType(*kind)
	}
	if length := field(h, "Content-Length"); length != nil {
		n, err := strconv.ParseInt(*length, 10, 64)
		if err != nil {
			return fmt.Errorf("the Content-Length %q is no number", *length)
		}
		v.ContentLength = &n
	}
	if date := field(h, "Last-Modified"); date != nil {
		if t, err := smithytime.ParseHTTPDate(*date); err == nil {
			v.LastModified = &t
		}
	}
	const prefix = "X-Amz-Meta-"
	for name, values := range h {
		if len(name) < len(prefix) || !strings.EqualFold(name[:len(prefix)], prefix) || len(values) == 0 {
			continue
		}
		if v.Metadata == nil {
			v.Metadata = map[string]string{}
		}
		v.Metadata[strings.ToLower(name[len(prefix):])] = strings.TrimSpace(values[0])
	}
	return nil
}

func field(h http.Header, name string) *string {
	values := h[name]
	if len(values) == 0 {
		return nil
	}
	values[0] = strings.TrimSpace(values[0])
	return &values[0]
}
