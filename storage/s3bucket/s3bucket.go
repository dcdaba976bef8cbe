// Package s3bucket serves objects of an S3 bucket, through the client of the
// AWS SDK for Go. It works with any store that implements the S3 API.
//
// A download of a whole object is one request, and so is one of a range,
// including a range of the last bytes. The header fields of a download come
// from the answer that brings the bytes. Objects are sent as they are stored:
// an object with a Content-Encoding is not decoded.
//
// The SDK can verify the checksum of an object while it is read, but only of
// whole objects and at the cost of hashing every byte, and it logs when it
// can't. Reads in this package therefore set ResponseChecksumValidation to
// "when required", whatever the client's setting is. The length is always
// checked.
//
// Entity tags are those of the store. The package asks the store for its
// checksums. A SHA-256 or SHA-512 of the whole object becomes the ReprDigest of
// [downloadview.Attributes]; an entity tag never does.
//
// # Retries and timeouts
//
// The client decides on retries, timeouts, credentials and tracing. Don't set a
// timeout for the whole request, such as that of [net/http.Client]: it would
// cut off slow downloads. Set one for the answer's header. Until that header
// has arrived, the SDK tries a request up to three times, with pauses. If the
// body breaks off, neither the SDK nor this package tries again: wrap the
// storage with package storage/resume for that. Its tries multiply with those
// of the SDK, so use a client with [aws.NopRetryer] as its Retryer:
//
//	quick := s3.New(client.Options(), func(o *s3.Options) { o.Retryer = aws.NopRetryer{} })
//	storage := resume.New(s3bucket.New(quick, "reports", nil), nil)
//
// Then Save, Delete and List are not retried. If they should be, use a second
// Storage for them, with a client that retries.
//
// The SDK's own HTTP client keeps 10 idle connections to the store. For many
// concurrent downloads, use a client that keeps as many connections as there
// are downloads; see [New].
package s3bucket

import (
	"fmt"
	"log/slog"
	"net/url"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/bucket"
	"github.com/downloadview/downloadview/internal/keyprefix"
)

// maxKey is the maximum length of a key in S3, in bytes.
const maxKey = 1024

// Options are the settings of a Storage. nil and the zero value mean the whole
// bucket.
type Options struct {
	// Prefix is put before every key, unchanged. It must end in a slash, as in
	// "reports/2026/", and have no dot segments: with the prefix "tenant1" the
	// storage would also contain "tenant10/a.txt". With an invalid Prefix,
	// every key is an error. "" is the whole bucket.
	Prefix string

	// BaseURL is the public URL of the objects, without a signature, such as
	// https://cdn.example.com/media/. Keys are appended without Prefix. nil
	// means that the objects have no public URLs.
	BaseURL *url.URL

	// SignEndpoint is the store's public URL if the client uses another one,
	// such as https://files.example.com for a store that is http://minio:9000
	// inside the network. It replaces the client's BaseEndpoint in signed URLs;
	// the bucket is in the path or in the host, as the client's settings say.
	// The signature includes the host, so the store must receive it unchanged.
	// nil means the client's endpoint.
	SignEndpoint *url.URL

	// Logger gets a line (Warn) when the store denies access to an object that
	// is read, because the caller then gets the error for a missing object. nil
	// is [slog.Default].
	Logger *slog.Logger
}

// A Storage is a bucket. Several goroutines may use one.
type Storage struct {
	client *s3.Client
	bucket string
	prefix string
	wrong  error // why prefix is invalid
	base   *url.URL
	logger *slog.Logger

	signEndpoint string         // "": the client's
	signer       func() *signer // the same one each time
	place        func() string  // URL of the bucket; ""
	direct       learnt[direct]
	skew         skew // as successes have shown it
	clock        skew // the same, as all answers have shown it
}

// New returns a storage of the objects in a bucket. It does no I/O: if the
// bucket doesn't exist, opening a file fails. The client isn't changed and
// still belongs to the caller.
func New(client *s3.Client, bucket string, o *Options) *Storage {
	s := &Storage{client: client, bucket: bucket}
	if o != nil {
		s.prefix, s.base, s.logger = o.Prefix, o.BaseURL, o.Logger
		s.wrong = keyprefix.Error(o.Prefix)
		if o.SignEndpoint != nil {
			s.signEndpoint = o.SignEndpoint.String()
		}
	}
	s.signer, s.place = sync.OnceValue(s.newSigner), sync.OnceValue(s.newPlace)
	s.direct.learn = sync.OnceValue(func() *direct { return newDirect(client, bucket) })
	return s
}

// File returns the object called key. Keys are not cleaned: "a//b" and "a/../b"
// are keys like any other, though not all stores with an S3 API accept them. A
// key is [fs.ErrInvalid] if it is empty, ends in a slash, is not UTF-8, has a
// NUL, has more ".." than names before them, or is longer than the 1024 bytes
// that S3 allows, Prefix included.
//
// The file is a [downloadview.StatFile], [downloadview.RangeFile],
// [downloadview.Sourcer], [downloadview.Identifier], [downloadview.Pinner] and
// [downloadview.Signer]. Its source is s3://bucket/key. Its identity is the URL
// of the object at the client's endpoint. If one endpoint has several buckets
// of the same name, chosen by the credentials (tenants of Ceph), their objects
// have the same identities: serve them by different endpoints, or without
// signed URLs.
//
// Signing sends no request, except to fetch the client's credentials and for
// directory buckets. It supports GET and HEAD, with an Expiry of up to 7 days.
// A URL expires at the latest with the credentials that signed it, such as
// those of a role; SignedURL returns that time. Signing uses the store's clock,
// as far as the store's answers to Stat, Open and OpenRange have shown it,
// unless the client sets DisableClockSkewCorrection. A key with dot segments is
// [errors.ErrUnsupported], because clients resolve them.
//
// The URLs are those of the SDK's presign client. The storage learns from it how
// requests look, and then asks the SDK's signer alone, which takes a third of
// the time. If the client has middleware, interceptors, tracing or a resolver of
// its own, or the bucket is signed in another way, such as a directory bucket or an
// access point of several regions, the presign client makes each URL. Package accel
// caches the URLs.
//
// Open and OpenRange send the SDK's requests in the same way: signed by the SDK's
// signer and sent by the client's HTTPClient, but without the SDK's middleware. If
// the answer isn't the object, the SDK gets it as the outcome of its first attempt,
// and decides what the error is and whether to try again.
//
// Failures of the store are the following errors; [errors.As] finds the SDK's
// error, as [downloadview.AsCause] says:
//   - A missing object or bucket is [fs.ErrNotExist]. So is an object to which
//     the store denies access: without permission to list the bucket, S3 gives
//     the same answer for missing objects. Options.Logger gets a line.
//   - If the object isn't in the version of [downloadview.Pin], the error is
//     [downloadview.ErrChanged].
//   - A busy store is a [downloadview.StatusError] 503 with the store's
//     Retry-After, or three seconds. So is an archived object (Glacier), with a
//     Retry-After of one hour: it exists, but has to be restored first.
//   - A store that doesn't answer within the client's timeout is
//     [downloadview.ErrUpstream] and [os.ErrDeadlineExceeded].
//   - Everything else is [downloadview.ErrUpstream]. This includes wrong or
//     expired credentials, no credentials because their file or service is
//     missing or refuses them, and a bucket in another region. If trying again
//     can't help, the error is [downloadview.ErrRefused], too.
//   - If the context has ended, the error is that of the context.
//
// Stat is a HEAD request, which S3 answers without a reason. If a GET may still
// succeed after such an answer, the error is also [errors.ErrUnsupported], and
// [downloadview.Stat] reads the first byte instead. Stat can't distinguish a
// missing bucket from a missing object.
func (s *Storage) File(key string) (downloadview.File, error) {
	f, err := s.lookup(key)
	if err != nil {
		return nil, err
	}
	return bucket.Object(f, s.logger), nil
}

func (s *Storage) lookup(key string) (*file, error) {
	err := bucket.CheckKey(key)
	if limit := maxKey - len(s.prefix); err == nil && len(key) > limit {
		err = fmt.Errorf("the key has %d bytes; want at most %d", len(key), limit)
	}
	if err != nil {
		return nil, bucket.Invalid("file", key, err)
	}
	if s.wrong != nil {
		return nil, bucket.Refused("file", key, s.wrong)
	}
	return &file{storage: s, key: key}, nil
}

var _ downloadview.Lister = (*Storage)(nil)
