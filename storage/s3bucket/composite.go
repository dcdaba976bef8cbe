package s3bucket

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io/fs"
	"net/http"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/checksum"
)

// A composite is the checksum of an object that was uploaded in parts with the checksum
// type COMPOSITE: the CRC-32 of the CRC-32s of the parts, one after the other. The
// CRC-32 of the content can be combined from those, which the store tells if asked.
type composite struct {
	sum   uint32
	parts int
	etag  string // of the version, without quotes
	size  int64
}

// compositeOf returns the composite CRC-32 in an answer to HEAD, and whether there is
// one.
func compositeOf(out *s3.HeadObjectOutput) (composite, bool) {
	value, count, ok := strings.Cut(aws.ToString(out.ChecksumCRC32), "-")
	if !ok || out.ContentLength == nil || out.ChecksumType != types.ChecksumTypeComposite && out.ChecksumType != "" {
		return composite{}, false
	}
	sum, ok := crc32Of("", &value)
	parts, err := strconv.Atoi(count)
	etag := unquoted(out.ETag)
	return composite{sum, parts, etag, *out.ContentLength}, ok && err == nil && parts > 0 && etag != ""
}

func unquoted(etag *string) string { return strings.Trim(aws.ToString(etag), `"`) }

// combined asks for the parts of the object, and returns the CRC-32 of its content. ok
// is false if the store doesn't tell the parts, or doesn't let the caller know them.
func (f *file) combined(ctx context.Context, c composite) (sum uint32, ok bool, err error) {
	of := combination{composite: crc32.NewIEEE()}
	in := &s3.GetObjectAttributesInput{
		Bucket:           &f.storage.bucket,
		Key:              aws.String(f.storage.prefix + f.key),
		ObjectAttributes: []types.ObjectAttributes{types.ObjectAttributesEtag, types.ObjectAttributesObjectParts},
	}
	for {
		out, err := f.storage.client.GetObjectAttributes(ctx, in, readable, onlyXML)
		if err != nil {
			return 0, false, f.unlessRefused(ctx, err)
		}
		if got := unquoted(out.ETag); got != "" && got != c.etag {
			err := fmt.Errorf("%w: its entity tag was %q and is %q now", downloadview.ErrChanged, c.etag, got)
			return 0, false, &fs.PathError{Op: "stat", Path: f.key, Err: err}
		}
		parts := out.ObjectParts
		if parts == nil || !of.add(parts.Parts) || of.parts > c.parts {
			return 0, false, nil
		}
		if !aws.ToBool(parts.IsTruncated) {
			break
		}
		in.PartNumberMarker = aws.String(strconv.Itoa(int(of.last)))
	}
	return of.sum, of.size == c.size && of.composite.Sum32() == c.sum, nil
}

// unlessRefused returns err, from asking for the parts, or nil if it would be the same
// the next time: few stores know this request, and it needs a permission of its own.
func (f *file) unlessRefused(ctx context.Context, err error) error {
	if errors.Is(err, errNoXML) {
		return nil
	}
	failure := f.failure(ctx, "stat", err)
	for _, refusal := range []error{downloadview.ErrRefused, fs.ErrPermission, fs.ErrNotExist, fs.ErrInvalid} {
		if errors.Is(failure, refusal) {
			return nil
		}
	}
	return failure
}

var errNoXML = errors.New("the answer is no XML")

// onlyXML leaves other answers unread: a store that doesn't know a query may send the
// object, of any size.
func onlyXML(o *s3.Options) {
	o.APIOptions = append(o.APIOptions, func(s *middleware.Stack) error {
		return s.Deserialize.Add(middleware.DeserializeMiddlewareFunc("downloadview: only XML", refuseOthers), middleware.After)
	})
}

func refuseOthers(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	out, m, err := next.HandleDeserialize(ctx, in)
	r, ok := out.RawResponse.(*smithyhttp.Response)
	if err != nil || !ok || r.Response == nil || r.StatusCode != http.StatusOK {
		return out, m, err
	}
	if t := r.Header.Get("Content-Type"); t != "" && !strings.Contains(t, "xml") {
		r.Body.Close()
		return out, m, errNoXML
	}
	return out, m, nil
}

// A combination is what is known of the first parts of an object.
type combination struct {
	sum       uint32 // of their content
	size      int64
	parts     int
	last      int32       // number of the last one
	composite hash.Hash32 // of their CRC-32s
}

// add adds the next parts. It reports whether they follow the last one and have
// checksums.
func (c *combination) add(parts []types.ObjectPart) bool {
	for _, p := range parts {
		sum, ok := crc32Of("", p.ChecksumCRC32)
		if !ok || p.Size == nil || *p.Size < 0 || aws.ToInt32(p.PartNumber) <= c.last {
			return false
		}
		c.sum = checksum.Combine(c.sum, sum, *p.Size)
		c.size += *p.Size
		c.parts++
		c.last = *p.PartNumber
		c.composite.Write(binary.BigEndian.AppendUint32(nil, sum))
	}
	return len(parts) > 0
}
