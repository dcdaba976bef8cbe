// Package azurebucket serves blobs of a container of Azure Blob Storage, through
// the client of the Azure SDK for Go.
//
// A whole blob is one request, and so is a range from an offset; what the
// headers say comes from the answer that brings the bytes. Azure can't be asked
// for the last bytes of a blob, so there the size is asked for first. Blobs
// arrive as they are stored: one with a Content-Encoding is not decoded.
//
// # Retries and timeouts
//
// Retries, timeouts, credentials and tracing are the client's. The SDK's
// defaults are not made for a request that somebody waits for: it asks up to
// four times, and before each waits as long as a busy store says, if that is no
// more than a minute. A client for downloads is better made with
//
//	var o container.ClientOptions
//	o.Retry = policy.RetryOptions{MaxRetries: 1, RetryDelay: 100 * time.Millisecond, MaxRetryDelay: time.Second}
//	o.Transport = &http.Client{Transport: transport} // with a ResponseHeaderTimeout
//
// Then a store that asks for more patience than a second is not asked again, and
// its Retry-After is passed on. RetryOptions.TryTimeout, like the Timeout of
// [net/http.Client], bounds the body too and would cut slow downloads off; the
// header is what should have a timeout.
//
// What breaks off later is not tried again here, nor by the SDK, whose
// RetryReader is not used: wrap the storage with package storage/resume for
// that. Its tries and those of the SDK multiply, so give it a client with
// MaxRetries: -1. Save, Delete and List are not tried again then; where they
// should be, use another Storage, with a client that retries, for them.
//
// HTTP header fields that the application adds to requests by
// policy.WithHTTPHeader are lost for the requests that bring bytes, which set
// Accept-Encoding that way. A policy of the client can add them.
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

// Options are what a Storage has beside its container. nil and the zero value
// mean the whole container.
type Options struct {
	// Prefix is put before every key as it is. It ends in a slash, as in
	// "reports/2026/", and has no dot segments: with "tenant1" the storage would
	// have "tenant10/a.txt", too. Another one is an error of every key. "" is the
	// whole container.
	Prefix string

	// BaseURL is where everybody may have the blobs without a signature, such
	// as https://cdn.example.com/media/. Keys are put behind it without Prefix.
	// nil means that they have no public URLs.
	BaseURL *url.URL

	// Sign makes the signatures of signed URLs: [SharedKey], [UserDelegation],
	// or a function of your own. nil means that there are no signed URLs.
	Sign SignFunc

	// SignEndpoint is the account's public name where the client speaks to it by
	// another, such as https://files.example.com of a custom domain. In signed
	// URLs the name of the container is put behind it; its query and fragment
	// are left out. The signature covers no host. nil signs for where the client
	// asks.
	SignEndpoint *url.URL

	// Logger gets a line (Warn) when the store denies access to a blob that is
	// read, because the error is then that of a missing blob. nil is
	// [slog.Default].
	Logger *slog.Logger
}

// A Storage is a container. Several goroutines may use one.
type Storage struct {
	client *container.Client
	at     *url.URL // of the container
	name   string   // of the container
	o      Options
	wrong  error // why its prefix is none
}

// New returns the Storage of a container. It does no I/O, so a container that is
// not there shows when a file of it is opened. The client stays the caller's
// and is not changed. One whose URL is none, which it does not look at itself,
// makes New panic.
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
			s.wrong = fmt.Errorf("the storage's prefix %q has a backslash, which Azure takes for a slash, or a control character", o.Prefix)
		}
	}
	return s
}

// File returns the blob called key. Nothing in a key is cleaned or escaped:
// "a//b", "a/../b" and "100%" are names of their own, as far as Azure has it so,
// which advises against segments that end in a dot. The driver of the Go CDK
// differs in that: azureblob keeps a blob with one of the characters "#%? in its
// key under another name, with __0x..__ in place of the character. It finds such
// keys only where it has written them itself, this package only where others
// have.
//
// A key that is empty, ends in a slash, is not UTF-8, has a backslash, which
// Azure takes for a slash, or a control character, is longer than the 1024
// characters that Azure allows, or has more ".." than names before them, is
// [fs.ErrInvalid].
//
// The file is a [downloadview.StatFile], [downloadview.RangeFile],
// [downloadview.Sourcer], [downloadview.Identifier], [downloadview.Pinner] and
// [downloadview.Signer]; the source is azblob://container/key, the identity the
// URL of the blob in the client's account. Its attributes have a ReprDigest where the
// blob has an MD5, an algorithm that RFC 9530 has deprecated. It is what the one
// who stored the blob said: Azure checks that of a blob that was stored by a
// single request and no other. Metadata has its keys in lower case.
//
// Signing is for GET and HEAD: Azure knows permissions, not methods, and a URL
// is good for both, with and without Range. Where it is one of https it is good
// for that only. [SharedKey] costs no request, [UserDelegation] one a day.
// Without Options.Sign, and for a key with dot segments, which clients resolve,
// it is [errors.ErrUnsupported].
//
// What a store fails with is one of these; [errors.As] finds the SDK's error, as
// [downloadview.AsCause] says:
//   - A missing blob or container is [fs.ErrNotExist]. So is what stands for a
//     folder, by the metadata hdi_isfolder, and a blob that the credentials may not
//     read; Options.Logger tells of that.
//   - Another version than that of [downloadview.Pin] is [downloadview.ErrChanged].
//   - A store that is busy is a [downloadview.StatusError] 503 with its
//     Retry-After, or three seconds. A blob of the archive tier is one with an
//     hour: it is not missing, but has to be rehydrated first.
//   - One that keeps silent for longer than the client allows is
//     [downloadview.ErrUpstream] and [os.ErrDeadlineExceeded].
//   - Everything else is [downloadview.ErrUpstream]: wrong or expired
//     credentials, no credentials because their file or service is missing or
//     denies them, and the account's firewall included.
//   - Where the context has ended, its error is that of the call.
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
