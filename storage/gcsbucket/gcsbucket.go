// Package gcsbucket serves objects of a bucket of Google Cloud Storage, through
// the client of Google's Go SDK. The client must read by the XML API, as that
// of [storage.NewClient] does. With [storage.WithJSONReads] it can't ask for
// bytes as they are stored, and every Open fails. Clients for gRPC are not
// supported.
//
// A download of a whole object is one request, and so is one of a range,
// including a range of the last bytes. The header fields of a download come
// from the answer that brings the bytes. Objects are sent as they are stored:
// an object with the Content-Encoding gzip is decoded neither here nor by the
// store.
//
// # What the SDK's reader leaves out
//
// The SDK's reader doesn't return Content-Language, Content-Disposition and MD5
// of an object. To get them, use [Transport] in the client's [net/http.Client].
// Without it they are missing from both Stat and the open file, and the SDK
// reads the body of an error to its end, into memory.
//
// # Entity tags
//
// The entity tag of an object is its generation, as in "1763856000123456". The
// bytes of a generation never change, so a file can be pinned to one, and in a
// bucket with object versions a download continues with the generation that it
// began with. A client that fetches a signed URL gets the tag of the XML API,
// which differs. So a download that switches between this package and a signed
// URL starts again from the beginning.
//
// # Retries
//
// By default the SDK repeats a request to a busy or unreachable store until the
// context ends, and if a body breaks off it requests a range that may not be
// the rest of it. This package turns both off. A store that is busy is reported
// as busy, unless Options.Retry is set. A body that breaks off is an error,
// after which package storage/resume, for example, can continue.
//
// The client decides on timeouts, credentials and tracing. Don't set a timeout
// for the whole request, such as that of [net/http.Client]: it would cut off
// slow downloads. Set one for the answer's header.
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

// maxKey is the maximum length of an object's name, in bytes.
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
	// https://storage.googleapis.com/bucket/. Keys are appended without Prefix.
	// nil means that the objects have no public URLs.
	BaseURL *url.URL

	// Signing says how URLs are signed: with its GoogleAccessID and its
	// PrivateKey or SignBytes, for the host that its Style, Hostname and
	// Insecure give. Its other fields are ignored. If Signing or one of these
	// fields is missing, the client's endpoint and credentials are used, as
	// [storage.BucketHandle.SignedURL] finds them.
	Signing *storage.SignedURLOptions

	// UserProject is the project that pays for requests and downloads, if the
	// requesters of the bucket pay. Signed URLs name it too. "" names no project;
	// such a bucket then denies access.
	UserProject string

	// Retry says how requests are repeated if there is no answer or the store
	// is busy, such as storage.WithMaxAttempts(2). nil means never, whatever
	// the client's setting is.
	Retry []storage.RetryOption

	// Logger gets a line (Warn) when the store denies access to an object that
	// is read, because the caller then gets the error for a missing object. nil
	// is [slog.Default].
	Logger *slog.Logger
}

// A Storage is a bucket. Several goroutines may use one.
type Storage struct {
	client *storage.Client
	bucket string
	o      Options
	wrong  error         // why its prefix is invalid
	place  func() string // URL of the bucket, the same each time; ""

	signBytes func() func([]byte) ([]byte, error) // the same each time; nil without a PrivateKey that can be read
}

// New returns a storage of the objects in a bucket. It does no I/O: if the
// bucket doesn't exist, opening a file fails. The client isn't changed and
// still belongs to the caller, who closes it.
func New(client *storage.Client, bucket string, o *Options) *Storage {
	s := &Storage{client: client, bucket: bucket}
	if o != nil {
		s.o, s.wrong = *o, keyprefix.Error(o.Prefix)
	}
	if s.o.Retry == nil {
		s.o.Retry = []storage.RetryOption{storage.WithPolicy(storage.RetryNever)}
	}
	s.place = sync.OnceValue(s.newPlace)
	s.signBytes = sync.OnceValue(func() func([]byte) ([]byte, error) {
		if s.o.Signing == nil {
			return nil
		}
		return signsWith(s.o.Signing.PrivateKey)
	})
	return s
}

// File returns the object called key. Keys are not cleaned: "a//b" and "a/../b"
// are keys like any other. A key is [fs.ErrInvalid] if it is empty, ends in a
// slash, is not UTF-8, has a NUL, CR or LF, has more ".." than names before
// them, or is longer than the 1024 bytes that Google allows, Prefix included.
//
// The file is a [downloadview.StatFile], [downloadview.RangeFile],
// [downloadview.Sourcer], [downloadview.Identifier], [downloadview.Pinner] and
// [downloadview.Signer]. Its source is gs://bucket/key. Its identity is the URL
// of the object at the client's endpoint. Its ReprDigest is the MD5; objects
// that were composed of others have none. The CacheControl of an open file is
// that of Google's answer, which may be a default; Stat returns the stored one.
//
// A missing object or bucket is [fs.ErrNotExist]. So is an object to which
// access is denied: without permission to list the bucket, Google gives the
// same answer for missing objects. Options.Logger gets a line. A busy store is
// a [downloadview.StatusError] 503 with the store's Retry-After. Everything
// else is [downloadview.ErrUpstream], and a timeout is
// [os.ErrDeadlineExceeded], too. This includes wrong credentials, and no
// credentials because their file or service is missing or refuses them. If the
// context has ended, the error is that of the context. [errors.As] finds the
// SDK's error, as [downloadview.AsCause] says.
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
		err = fmt.Errorf("the key has a CR or LF")
	}
	if limit := maxKey - len(s.o.Prefix); err == nil && len(key) > limit {
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
