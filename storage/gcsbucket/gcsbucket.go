// Package gcsbucket serves objects of a bucket of Google Cloud Storage, through
// the client of its Go SDK. The client reads by the XML API, as that of
// [storage.NewClient] does: with [storage.WithJSONReads] it can't be asked for
// bytes as they are stored, and every Open fails. gRPC is not for this package.
//
// A whole object is one request, and so is a range, be it of the last bytes;
// what the headers say comes from the answer that brings the bytes. Objects
// arrive as they are stored: one with Content-Encoding gzip is not decoded, here
// or by the store.
//
// # What the SDK's reader leaves out
//
// The reader of the SDK does not tell an object's Content-Language,
// Content-Disposition and MD5. [Transport] in the client's [net/http.Client]
// does; without it files have none of them, from Stat as little as from the
// bytes.
//
// # Entity tags
//
// The entity tag of an object is its generation, as in "1763856000123456". A
// generation never changes its bytes; so it can be pinned, and in a bucket with
// object versions a download goes on with the one that it began with. Who
// fetches a signed URL gets the tag that the XML API makes, which is another
// one: a download that began with one and goes on with the other begins anew.
//
// # Retries
//
// The SDK asks again, without an end but that of the context, where a store is
// busy or not reached; and where a body breaks off, it asks for what it takes
// for the rest. Here it does neither: a store that asks for patience is passed
// on as such, unless Options.Retry says otherwise, and a body that breaks off
// is an error, which others may resume from.
//
// Timeouts, credentials and tracing are the client's. A timeout of the whole
// request, such as that of [net/http.Client], would cut slow downloads off; the
// header is what should have one.
package gcsbucket

import (
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"

	"cloud.google.com/go/storage"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/bucket"
	"github.com/downloadview/downloadview/internal/keyprefix"
)

// maxKey is the length of the longest name that an object has, in bytes.
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
	// as https://storage.googleapis.com/bucket/. Keys are put behind it without
	// Prefix. nil means that they have no public URLs.
	BaseURL *url.URL

	// Signing is how URLs are signed: by its GoogleAccessID with its PrivateKey
	// or SignBytes, for the host that its Style, Hostname and Insecure say. The
	// rest of it is not looked at. Where it or one of them is missing, it is
	// that of the client: its endpoint, and its credentials, as
	// [storage.BucketHandle.SignedURL] finds them.
	Signing *storage.SignedURLOptions

	// UserProject is the project that pays for the requests and downloads of a
	// bucket whose requesters pay; signed URLs name it, too. "" names none, and
	// such a bucket is then denied to all but its owner.
	UserProject string

	// Retry is how requests are repeated that bring no answer or one of a busy
	// store, such as storage.WithMaxAttempts(2). nil means never, whatever the
	// client says.
	Retry []storage.RetryOption

	// Logger gets a line (Warn) when the store denies access to an object that is
	// read, because the error is then that of a missing object. nil is
	// [slog.Default].
	Logger *slog.Logger
}

// A Storage is a bucket. Several goroutines may use one.
type Storage struct {
	client *storage.Client
	bucket string
	o      Options
	wrong  error         // why its prefix is none
	place  func() string // URL of the bucket, the same each time; ""
}

// New returns the Storage of a bucket. It does no I/O, so a bucket that is not
// there shows when a file of it is opened. The client stays the caller's, who
// closes it, and is not changed.
func New(client *storage.Client, bucket string, o *Options) *Storage {
	s := &Storage{client: client, bucket: bucket}
	if o != nil {
		s.o, s.wrong = *o, keyprefix.Error(o.Prefix)
	}
	if s.o.Retry == nil {
		s.o.Retry = []storage.RetryOption{storage.WithPolicy(storage.RetryNever)}
	}
	s.place = sync.OnceValue(s.newPlace)
	return s
}

// File returns the object called key. Nothing in a key is cleaned: "a//b" and
// "a/../b" are objects of their own. A key that is empty, ends in a slash, is
// not UTF-8, has a NUL, CR or LF, has more ".." than names before them, or is
// longer than the 1024 bytes that Google allows, Prefix included, is
// [fs.ErrInvalid].
//
// The file is a [downloadview.StatFile], [downloadview.RangeFile],
// [downloadview.Sourcer], [downloadview.Identifier], [downloadview.Pinner] and
// [downloadview.Signer]; the source is gs://bucket/key, the identity the URL of
// the object at the client's endpoint. Its ReprDigest is the MD5, which objects that were
// composed of others have not. Its CacheControl is what Google answers reads
// with, which has a default; Stat tells what is stored.
//
// A missing object is [fs.ErrNotExist], and so is a missing bucket. So is an
// object that the credentials may not read, since without permission to list the
// bucket Google says so of missing ones too; Options.Logger tells of it. A store
// that is busy is a [downloadview.StatusError] 503 with its Retry-After.
// Everything else is [downloadview.ErrUpstream], and [os.ErrDeadlineExceeded] too
// where it is a timeout: wrong credentials, and none because their file or
// service is missing or denies them, included. Where the context has ended, its
// error is that of the call. [errors.As] finds the SDK's error, as
// [downloadview.AsCause] says.
func (s *Storage) File(key string) (downloadview.File, error) {
	f, err := s.lookup(key)
	if err != nil {
		return nil, err
	}
	return bucket.Object(f, s.o.Logger), nil
}

func (s *Storage) lookup(key string) (*file, error) {
	err := bucket.CheckKey(key)
	if err == nil && strings.ContainsAny(key, "\r\n") {
		err = fmt.Errorf("a key has neither CR nor LF")
	}
	if limit := maxKey - len(s.o.Prefix); err == nil && len(key) > limit {
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

func (s *Storage) handle() *storage.BucketHandle {
	b := s.client.Bucket(s.bucket).Retryer(s.o.Retry...)
	if s.o.UserProject != "" {
		b = b.UserProject(s.o.UserProject)
	}
	return b
}

func (s *Storage) object(key string) *storage.ObjectHandle {
	return s.handle().Object(s.o.Prefix + key)
}
