// Package s3bucket serves objects of an S3 bucket, through the client of the
// AWS SDK for Go. It works with any store that speaks S3.
//
// A whole object is one request, and so is a range, be it of the last bytes;
// what the headers say comes from the answer that brings the bytes. Objects
// arrive as they are stored: one with a Content-Encoding is not decoded.
//
// The SDK can check an object's checksum while it is read, but only of whole
// objects and at the price of a hash over every byte, and it logs where it
// can't. Reads here are made with ResponseChecksumValidation "when required",
// whatever the client says; the length is checked always.
//
// Retries, timeouts, credentials and tracing are the client's. A timeout of the
// whole request, such as that of [net/http.Client], would cut slow downloads
// off; the header is what should have one.
package s3bucket

import (
	"fmt"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/bucket"
)

// maxKey is the length of the longest key that S3 has, in bytes.
const maxKey = 1024

// Options are what a Storage has beside its bucket. nil and the zero value mean
// the whole bucket.
type Options struct {
	// Prefix is put before every key as it is. It should end in a slash, as in
	// "reports/2026/".
	Prefix string

	// BaseURL is where everybody may have the objects without a signature, such
	// as https://cdn.example.com/media/. Keys are put behind it without Prefix.
	// nil means that they have no public URLs.
	BaseURL *url.URL
}

// A Storage is a bucket. Several goroutines may use one.
type Storage struct {
	client *s3.Client
	bucket string
	prefix string
	base   *url.URL
}

// New returns the Storage of a bucket. It does no I/O, so a bucket that is not
// there shows when a file of it is opened. The client stays the caller's and is
// not changed.
func New(client *s3.Client, bucket string, o *Options) *Storage {
	s := &Storage{client: client, bucket: bucket}
	if o != nil {
		s.prefix, s.base = o.Prefix, o.BaseURL
	}
	return s
}

// File returns the object called key. Nothing in a key is cleaned: "a//b" and
// "a/../b" are objects of their own, if not for every store that speaks S3. A
// key that is empty, ends in a slash, is not UTF-8, has a NUL, has more ".."
// than names before them, or is longer than the 1024 bytes that S3 allows, is
// [fs.ErrInvalid].
//
// The file is a [downloadview.StatFile], [downloadview.RangeFile] and
// [downloadview.Sourcer]; the source is s3://bucket/key.
//
// A missing object is [fs.ErrNotExist], one that the credentials may not read
// [fs.ErrPermission]. Without permission to list the bucket S3 says so of
// missing objects too. A store that is busy is a [downloadview.StatusError] 503
// with its Retry-After. Everything else, wrong credentials and a missing bucket
// included, is [downloadview.ErrUpstream]; but S3 answers Stat without a
// reason, so there these look like an object that is forbidden or missing.
// The SDK's error is always wrapped.
func (s *Storage) File(key string) (downloadview.File, error) {
	err := bucket.CheckKey(key)
	if limit := maxKey - len(s.prefix); err == nil && len(key) > limit {
		err = fmt.Errorf("a key of %d bytes, the limit is %d", len(key), limit)
	}
	if err != nil {
		return nil, bucket.Invalid("file", key, err)
	}
	return &file{s, key}, nil
}

var _ downloadview.Lister = (*Storage)(nil)
