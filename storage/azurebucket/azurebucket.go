// Package azurebucket serves blobs of a container of Azure Blob Storage,
// through the client of the Azure SDK for Go.
//
// A download of a whole blob is one request, and so is one of a range from an
// offset. The header fields of a download come from the answer that brings the
// bytes. Azure can't be asked for the last bytes of a blob, so the size is
// requested first. Blobs are sent as they are stored: a blob with a
// Content-Encoding is not decoded.
//
// # Retries and timeouts
//
// The client decides on retries, timeouts, credentials and tracing. The SDK's
// defaults don't suit requests for which a user waits: it tries up to four
// times, and before each try it waits as long as a busy store asks, if that is
// at most a minute. Create a client for downloads with
//
//	var o container.ClientOptions
//	o.Retry = policy.RetryOptions{MaxRetries: 1, RetryDelay: 100 * time.Millisecond, MaxRetryDelay: time.Second}
//	o.Transport = &http.Client{Transport: transport} // with a ResponseHeaderTimeout
//
// Then a store that asks for a longer pause than a second is not asked again,
// and its Retry-After is passed on. Don't set RetryOptions.TryTimeout or the
// Timeout of [net/http.Client]: they include the body and would cut off slow
// downloads. Set a timeout for the answer's header.
//
// If the body breaks off, neither this package nor the SDK tries again, as the
// SDK's RetryReader isn't used: wrap the storage with package storage/resume
// for that. Its tries multiply with those of the SDK, so use a client with
// MaxRetries: -1. Then Save, Delete and List are not retried. If they should
// be, use a second Storage for them, with a client that retries.
//
// The SDK reads the body of an error to its end, into memory. If the store, or
// a proxy in front of it, may send one without an end, use a Transport that
// limits the bodies of errors.
//
// HTTP header fields that the application adds to requests by
// policy.WithHTTPHeader are lost in the requests that bring bytes, because this
// package sets Accept-Encoding in the same way. Add them with a policy of the
// client instead.
package azurebucket

import (
	"fmt"
	"log/slog"
	"net/url"
	"path"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/bucket"
	"github.com/downloadview/downloadview/internal/keyprefix"
)

// Options are the settings of a Storage. nil and the zero value mean the whole
// container.
type Options struct {
	// Prefix is put before every key, unchanged. It must end in a slash, as in
	// "reports/2026/", and have no dot segments: with the prefix "tenant1" the
	// storage would also contain "tenant10/a.txt". With an invalid Prefix,
	// every key is an error. "" is the whole container.
	Prefix string

	// BaseURL is the public URL of the blobs, without a signature, such as
	// https://cdn.example.com/media/. Keys are appended without Prefix. nil
	// means that the blobs have no public URLs.
	BaseURL *url.URL

	// Sign makes the signatures of signed URLs: [SharedKey], [UserDelegation],
	// or a function of your own. nil means that there are no signed URLs.
	Sign SignFunc

	// SignEndpoint is the account's public URL if the client uses another one,
	// such as https://files.example.com of a custom domain. In signed URLs the
	// name of the container is appended to it; its query and fragment are
	// dropped. The signature doesn't include the host. nil means the client's
	// endpoint.
	SignEndpoint *url.URL

	// Logger gets a line (Warn) when the store denies access to a blob that is
	// read, because the caller then gets the error for a missing blob. nil is
	// [slog.Default].
	Logger *slog.Logger
}

// A Storage is a container. Several goroutines may use one.
type Storage struct {
	client *container.Client
	at     *url.URL // of the container
	name   string   // of the container
	o      Options
	wrong  error // why its prefix is invalid
}

// New returns a storage of the blobs in a container. It does no I/O: if the
// container doesn't exist, opening a file fails. The client isn't changed and
// still belongs to the caller. New panics if the client's URL is invalid, which
// the client itself doesn't check.
func New(client *container.Client, o *Options) *Storage {
	at, err := url.Parse(client.URL())
	if err != nil {
		panic("azurebucket: the client's URL: " + err.Error())
	}
	at.Path = strings.TrimSuffix(at.Path, "/")
	s := &Storage{client: client, at: at, name: path.Base(at.Path)}
	if o != nil {
		s.o, s.wrong = *o, keyprefix.Error(o.Prefix)
		if s.wrong == nil && strings.ContainsFunc(o.Prefix, forbidden) {
			s.wrong = fmt.Errorf("the storage's prefix %q has a backslash, which Azure treats as a slash, or a control character", o.Prefix)
		}
	}
	return s
}

// File returns the blob called key. Keys are not cleaned or escaped: "a//b",
// "a/../b" and "100%" are keys like any other, as far as Azure accepts them; it
// advises against segments that end in a dot. The driver azureblob of the Go
// CDK differs: it stores a blob with one of the characters "#%? in its key
// under another name, with __0x..__ in place of the character. It finds such
// keys only if it has written them itself; this package finds them only if
// another program has.
//
// A key is [fs.ErrInvalid] if it is empty, ends in a slash, is not UTF-8, has a
// backslash (which Azure treats as a slash) or a control character, is longer
// than the 1024 characters that Azure allows, Prefix included, or has more ".."
// than names before them.
//
// The file is a [downloadview.StatFile], [downloadview.RangeFile],
// [downloadview.Sourcer], [downloadview.Identifier], [downloadview.Pinner] and
// [downloadview.Signer]. Its source is azblob://container/key. Its identity is
// the URL of the blob in the client's account. Its attributes have a ReprDigest
// if the blob has an MD5, which RFC 9530 has deprecated. The MD5 comes from the
// client that stored the blob: Azure verifies it only if the blob was stored by
// a single request. The keys of Metadata are in lower case.
//
// Signing supports GET and HEAD: Azure grants permissions, not methods, so a
// URL works for both, with and without Range. If it is an https URL, the
// signature allows only https. [SharedKey] sends no request, [UserDelegation]
// one a day. Without Options.Sign, signing is [errors.ErrUnsupported], and so
// it is for a key with dot segments, because clients resolve them.
//
// Failures of the store are the following errors; [errors.As] finds the SDK's
// error, as [downloadview.AsCause] says:
//   - A missing blob or container is [fs.ErrNotExist]. So is a blob that stands
//     for a folder, marked by the metadata hdi_isfolder, and a blob to which
//     access is denied; for the latter Options.Logger gets a line.
//   - If the blob isn't in the version of [downloadview.Pin], the error is
//     [downloadview.ErrChanged].
//   - A busy store is a [downloadview.StatusError] 503 with the store's
//     Retry-After, or three seconds. So is a blob in the archive tier, with a
//     Retry-After of one hour: it exists, but has to be rehydrated first.
//   - A store that doesn't answer within the client's timeout is
//     [downloadview.ErrUpstream] and [os.ErrDeadlineExceeded].
//   - Everything else is [downloadview.ErrUpstream]. This includes wrong or
//     expired credentials, no credentials because their file or service is
//     missing or refuses them, and a request that the account's firewall
//     blocks.
//   - If the context has ended, the error is that of the context.
func (s *Storage) File(key string) (downloadview.File, error) {
	f, err := s.lookup(key)
	if err != nil {
		return nil, err
	}
	return bucket.Object(f, s.o.Logger), nil
}

func (s *Storage) lookup(key string) (*file, error) {
	if err := s.checkKey(key); err != nil {
		return nil, bucket.Invalid("file", key, err)
	}
	if s.wrong != nil {
		return nil, bucket.Refused("file", key, s.wrong)
	}
	return &file{storage: s, key: key}, nil
}

var _ downloadview.Lister = (*Storage)(nil)
