// Package httprange is for storages that request ranges of a file over HTTP: it
// makes the Range field, checks that the answer has the requested range, and
// reads a body whose length is checked.
package httprange

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/downloadview/downloadview"
)

// Field returns the Range field for the arguments of
// [downloadview.RangeFile.OpenRange].
func Field(offset, length int64) string {
	switch {
	case offset < 0:
		return "bytes=" + strconv.FormatInt(max(offset, -math.MaxInt64), 10)
	case length < 0, length > math.MaxInt64-offset:
		return "bytes=" + strconv.FormatInt(offset, 10) + "-"
	}
	return "bytes=" + strconv.FormatInt(offset, 10) + "-" + strconv.FormatInt(offset+length-1, 10)
}

// CheckAnswer is [Check] for an answer with a status of success. A status other
// than 200 and 206 is an error.
func CheckAnswer(status int, contentRange string, contentLength, offset, length int64) (size, part int64, err error) {
	switch {
	case status == http.StatusOK:
		contentRange = "" // 200 has the whole file, whatever its Content-Range is
	case status != http.StatusPartialContent:
		return 0, 0, fmt.Errorf("asked for %s, got %d %s", Field(offset, length), status, http.StatusText(status))
	}
	return Check(contentRange, contentLength, offset, length)
}

// Check checks that the answer to Field(offset, length) has the requested
// range. It returns the size of the whole file and the length of the range.
// contentRange and contentLength are those of a successful answer, "" and -1 if
// it has none.
//
// Without a Content-Range the answer is the whole file: the error is
// [downloadview.ErrRange] if that is empty, otherwise [errors.ErrUnsupported].
// It is also ErrUnsupported if the Content-Range has no size of the file, as in
// "bytes 0-9/*". Any other error means that the answer isn't valid for the
// request.
func Check(contentRange string, contentLength, offset, length int64) (size, part int64, err error) {
	// net/http answers a range of the last bytes of an empty file with "bytes
	// 0--1/0".
	if contentLength == 0 && (contentRange == "" || strings.HasSuffix(contentRange, "/0")) {
		return 0, 0, fmt.Errorf("the file is empty: %w", downloadview.ErrRange)
	}
	if contentRange == "" {
		return 0, 0, fmt.Errorf("the range %s was ignored: %w", Field(offset, length), errors.ErrUnsupported)
	}
	if strings.HasPrefix(contentRange, "bytes ") && strings.HasSuffix(contentRange, "/*") {
		return 0, 0, fmt.Errorf("Content-Range %q doesn't have the size of the file: %w", contentRange, errors.ErrUnsupported)
	}
	first, last, size, ok := parse(contentRange)
	if !ok {
		return 0, 0, fmt.Errorf("Content-Range %q, want bytes, both ends and the size", contentRange)
	}
	wantFirst, wantLast := offset, size-1
	switch {
	case offset < 0:
		wantFirst = max(size+offset, 0)
	case length >= 0 && length < size-offset:
		wantLast = offset + length - 1
	}
	part = last - first + 1
	if first != wantFirst || last != wantLast {
		return 0, 0, fmt.Errorf("asked for %s, got %q", Field(offset, length), contentRange)
	}
	if contentLength >= 0 && contentLength != part {
		return 0, 0, fmt.Errorf("Content-Length %d with Content-Range %q", contentLength, contentRange)
	}
	return size, part, nil
}

// parse reads "bytes 0-4/10" (RFC 9110, 14.4).
func parse(s string) (first, last, size int64, ok bool) {
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
