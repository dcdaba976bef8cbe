package s3bucket

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/downloadview/downloadview"
)

// sizeOfPart returns the size of the whole object, of which out is a part, and
// an error where it is not the part that was asked for: [errors.ErrUnsupported]
// for a store that ignores ranges.
func sizeOfPart(out *s3.GetObjectOutput, offset, length int64) (int64, error) {
	if out.ContentRange == nil {
		if known(out.ContentLength) == 0 {
			return 0, fmt.Errorf("the object is empty: %w", downloadview.ErrRange)
		}
		return 0, fmt.Errorf("the store ignored the range %s: %w", byteRange(offset, length), errors.ErrUnsupported)
	}
	first, last, size, ok := parseContentRange(*out.ContentRange)
	if !ok {
		return 0, fmt.Errorf("Content-Range %q, want bytes, both ends and the size", *out.ContentRange)
	}
	wantFirst, wantLast := offset, size-1
	switch {
	case offset < 0:
		wantFirst = max(size+offset, 0)
	case length >= 0 && length < size-offset:
		wantLast = offset + length - 1
	}
	if first != wantFirst || last != wantLast {
		return 0, fmt.Errorf("asked for %s, got %q", byteRange(offset, length), *out.ContentRange)
	}
	if n := known(out.ContentLength); n >= 0 && n != last-first+1 {
		return 0, fmt.Errorf("Content-Length %d with Content-Range %q", n, *out.ContentRange)
	}
	return size, nil
}

// parseContentRange reads "bytes 0-4/10" (RFC 9110, 14.4).
func parseContentRange(s string) (first, last, size int64, ok bool) {
	rest, ok := strings.CutPrefix(s, "bytes ")
	if !ok {
		return 0, 0, 0, false
	}
	span, of, _ := strings.Cut(rest, "/")
	from, to, _ := strings.Cut(span, "-")
	for _, n := range []struct {
		digits string
		to     *int64
	}{{from, &first}, {to, &last}, {of, &size}} {
		v, err := strconv.ParseUint(n.digits, 10, 63)
		if err != nil {
			return 0, 0, 0, false
		}
		*n.to = int64(v)
	}
	return first, last, size, first <= last && last < size
}
