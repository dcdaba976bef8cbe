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
// Entity tags are the store's. Checksums that it keeps are asked for, and those
// that are a SHA-256 or SHA-512 of the whole object are the ReprDigest of its
// [downloadview.Attributes]; an entity tag is never taken for one.
//
// # Retries and timeouts
//
// Retries, timeouts, credentials and tracing are the client's. A timeout of the
// whole request, such as that of [net/http.Client], would cut slow downloads
// off; the header is what should have one. The SDK tries a request up to three
// times, with a pause, until the header of the answer is there. What breaks off
// later is not tried again here: wrap the storage with package storage/resume
// for that. Its tries and those of the SDK multiply, so give it a client with
// [aws.NopRetryer] as Retryer:
//
//	quick := s3.New(client.Options(), func(o *s3.Options) { o.Retryer = aws.NopRetryer{} })
//	storage := resume.New(s3bucket.New(quick, "reports", nil), nil)
//
// Save, Delete and List are not tried again then; where they should be, use
// another Storage, with a client that retries, for them.
//
// The SDK's own HTTP client keeps 10 idle connections to the store. One that
// serves many downloads at a time wants as many as there are; see [New].
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

// maxKey is the length of the longest key that S3 has, in bytes.
const maxKey = 1024

// Options are what a Storage has beside its bucket. nil and the zero value mean
// the whole bucket.
type Options struct {
	// Prefix is put before every key as it is. It ends in a slash, as in
	// "reports/2026/", and has no dot segments: with "tenant1" the storage would
	// have "tenant10/a.txt", too. Another one is an error of every key. "" is the
	// whole bucket.
	Prefix string

	// BaseURL is where everybody may have the objects without a signature, such
	// as https://cdn.example.com/media/. Keys are put behind it without Prefix.
	// nil means that they have no public URLs.
	BaseURL *url.URL

	// SignEndpoint is the store's public name where the client speaks to it by
	// another, such as https://files.example.com for a store that is
	// http://minio:9000 inside. It takes the place of the client's BaseEndpoint
	// in signed URLs, with the bucket in the path or in front of the host as the
	// client has it. The signature covers the host, so the store must get it
	// unchanged. nil signs for where the client asks.
	SignEndpoint *url.URL

	// Logger gets a line (Warn) when the store denies access to an object that is
	// read, because the error is then that of a missing object. nil is
	// [slog.Default].
	Logger *slog.Logger
}

// A Storage is a bucket. Several goroutines may use one.
type Storage struct {
	client *s3.Client
	bucket string
	prefix string
	wrong  error // why prefix is none
	base   *url.URL
	logger *slog.Logger

	signEndpoint string                   // "": the client's
	signer       func() *s3.PresignClient // the same one each time
	place        func() string            // URL of the bucket; ""
	skew         skew
}

// New returns the Storage of a bucket. It does no I/O, so a bucket that is not
// there shows when a file of it is opened. The client stays the caller's and is
// not changed.
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
	return s
}

// File returns the object called key. Nothing in a key is cleaned: "a//b" and
// "a/../b" are objects of their own, if not for every store that speaks S3. A
// key that is empty, ends in a slash, is not UTF-8, has a NUL, has more ".."
// than names before them, or is longer than the 1024 bytes that S3 allows, is
// [fs.ErrInvalid].
//
// The file is a [downloadview.StatFile], [downloadview.RangeFile],
// [downloadview.Sourcer], [downloadview.Identifier], [downloadview.Pinner] and
// [downloadview.Signer]; the source is s3://bucket/key, the identity the URL of
// the object at the client's endpoint. Where one endpoint has several buckets of
// one name, by whose credentials ask (tenants of Ceph), their identities are the
// same: serve them by different endpoints, or without signed URLs.
//
// Signing costs no request, but where the client's credentials have to be
// fetched, and for directory buckets. It is for GET and HEAD, with an Expiry of
// up to 7 days; a URL is good no longer than the credentials that signed it,
// which matters with those of a role, and is told so. It is signed by the
// store's clock as far as its answers to Stat, Open and OpenRange have told it,
// unless the client's DisableClockSkewCorrection says otherwise. A key with dot segments, which clients
// resolve, is [errors.ErrUnsupported]. Each URL takes the SDK some 30 µs;
// package accel keeps them.
//
// What a store fails with is one of these; [errors.As] finds the SDK's error, as
// [downloadview.AsCause] says:
//   - A missing object or bucket is [fs.ErrNotExist]. So is an object that the
//     store denies access to, since without permission to list the bucket S3
//     says so of missing ones too; Options.Logger tells of it.
//   - Another version than that of [downloadview.Pin] is [downloadview.ErrChanged].
//   - A store that is busy is a [downloadview.StatusError] 503 with its
//     Retry-After, or three seconds. An object in an archive (Glacier) is one
//     with an hour: it is not missing, but has to be restored first.
//   - One that keeps silent for longer than the client allows is
//     [downloadview.ErrUpstream] and [os.ErrDeadlineExceeded].
//   - Everything else is [downloadview.ErrUpstream]: wrong or expired
//     credentials, no credentials because their file or service is missing or
//     denies them, and another region included. What another try doesn't change
//     is [downloadview.ErrRefused] too.
//   - Where the context has ended, its error is that of the call.
//
// S3 answers Stat, which is a HEAD, without a reason. Where that leaves open what
// a GET would get the error is [errors.ErrUnsupported] too, and
// [downloadview.Stat] asks for the first byte; a missing bucket is a missing object.
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
		err = fmt.Errorf("a key of %d bytes, the limit is %d", len(key), limit)
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
