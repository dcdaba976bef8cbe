package gcsbucket

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"cloud.google.com/go/storage"
	"google.golang.org/api/googleapi"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/bucket"
	"github.com/downloadview/downloadview/internal/identity"
)

const (
	// longestExpiry is the maximum that Google allows.
	longestExpiry = 7 * 24 * time.Hour
	// longestByIAM is the guaranteed lifetime of the keys with which Google
	// itself signs.
	longestByIAM = 12 * time.Hour
)

// SignedURL signs for GET or HEAD with version 4 of Google's signatures; Google
// rejects any other method with the URL. A fraction of a second of o.Expiry is
// dropped. The error is [errors.ErrUnsupported] if o.CacheControl is set,
// because Google always answers with the stored Cache-Control, if there are no
// credentials that can sign, and for a key with dot segments.
//
// With a private key, that of Options.Signing or of the client, SignedURL sends
// no request. If the client's credentials have no private key, as on Google's
// machines, each URL is a request to IAM. It needs the permission
// iam.serviceAccounts.signBlob and isn't cancelled by ctx; the first one may
// also ask the machine's metadata server for its account.
//
// If an object is stored with the Content-Encoding gzip, a client that fetches
// the signed URL gets it decoded, unless the client accepts gzip or the
// object's Cache-Control has no-transform.
//
// SignedURL ignores o.Window: Google's SDK reads the clock itself.
//
// A URL that is signed by IAM or by SignBytes is assumed to be valid for 12
// hours at most, because Google rotates the keys that it keeps.
func (f *file) SignedURL(ctx context.Context, o downloadview.SignOptions) (string, time.Time, error) {
	u, until, err := f.sign(ctx, o)
	if err != nil {
		return "", time.Time{}, &fs.PathError{Op: "sign", Path: f.key, Err: err}
	}
	return u, until, nil
}

func (f *file) sign(ctx context.Context, o downloadview.SignOptions) (u string, until time.Time, err error) {
	if err := ctx.Err(); err != nil {
		return "", until, err
	}
	name := f.storage.o.Prefix + f.key
	if err := bucket.CheckSignable(name); err != nil {
		return "", until, err
	}
	o.Method = cmp.Or(o.Method, http.MethodGet)
	o.Expiry = cmp.Or(o.Expiry, 15*time.Minute)
	switch {
	case f.generation < 0:
		return "", until, errForeign
	case o.Method != http.MethodGet && o.Method != http.MethodHead:
		return "", until, fmt.Errorf("%w: method %s of a signed URL; want GET or HEAD", errors.ErrUnsupported, o.Method)
	case o.Expiry < 0 || o.Expiry > longestExpiry:
		return "", until, fmt.Errorf("expiry %v of a signed URL; Google allows up to %v", o.Expiry, longestExpiry)
	case o.CacheControl != "":
		return "", until, fmt.Errorf("%w: Google answers a signed URL with the stored Cache-Control, not with %q",
			errors.ErrUnsupported, o.CacheControl)
	}
	signing := f.storage.signing()
	signing.Method = o.Method
	// The SDK reads the clock a moment later and drops the fraction of a
	// second.
	now := time.Now()
	signing.Expires = now.Add(o.Expiry.Truncate(time.Second) + time.Second/2)
	signing.QueryParameters = f.parameters(o)
	u, err = f.storage.handle().SignedURL(name, signing)
	if err == nil {
		return u, now.Truncate(time.Second).Add(min(o.Expiry.Truncate(time.Second), f.storage.longest())), nil
	}
	if signing.PrivateKey == nil && signing.SignBytes == nil && !isAnswered(err) {
		return "", until, bucket.Says(errors.ErrUnsupported, err)
	}
	return "", until, signError(ctx, err)
}

// longest returns how long a URL is valid at most. Whether the client's own
// credentials have a private key isn't visible here.
func (s *Storage) longest() time.Duration {
	if s.o.Signing == nil || s.o.Signing.PrivateKey == nil {
		return longestByIAM
	}
	return longestExpiry
}

func (f *file) parameters(o downloadview.SignOptions) url.Values {
	q := url.Values{}
	if o.Disposition != "" {
		q.Set("response-content-disposition", o.Disposition)
	}
	if o.ContentType != "" {
		q.Set("response-content-type", o.ContentType)
	}
	if p := f.storage.o.UserProject; p != "" {
		q.Set("userProject", p)
	}
	if f.generation > 0 {
		q.Set("generation", strconv.FormatInt(f.generation, 10))
	}
	return q
}

// signing returns the part of Options.Signing that applies to every URL.
func (s *Storage) signing() *storage.SignedURLOptions {
	signing := &storage.SignedURLOptions{Scheme: storage.SigningSchemeV4}
	if o := s.o.Signing; o != nil {
		signing.GoogleAccessID, signing.PrivateKey, signing.SignBytes = o.GoogleAccessID, o.PrivateKey, o.SignBytes
		signing.Style, signing.Hostname, signing.Insecure = o.Style, o.Hostname, o.Insecure
	}
	if signing.SignBytes == nil {
		if signing.SignBytes = s.signBytes(); signing.SignBytes != nil {
			signing.PrivateKey = nil
		}
	}
	return signing
}

// signError is the error for a URL that wasn't signed. An answer of IAM says
// nothing about the object.
func signError(ctx context.Context, err error) error {
	a := answerOf(err)
	isBusy := a.Code == http.StatusTooManyRequests || a.Code == http.StatusServiceUnavailable || isThrottled(a)
	if isBusy && ctx.Err() == nil {
		return bucket.Busy(a.Header.Get("Retry-After"), err)
	}
	return bucket.Failed(ctx, err)
}

// isAnswered reports whether err is an answer to a request, or the failure of a
// request.
func isAnswered(err error) bool {
	if _, ok := errors.AsType[*googleapi.Error](err); ok {
		return true
	}
	_, ok := errors.AsType[*url.Error](err)
	return ok
}

// Identity returns the URL of the object at the client's endpoint, and its
// generation if the file is pinned. It doesn't depend on the credentials or on
// Options.Signing.
func (f *file) Identity() (string, bool) {
	place := f.storage.place()
	if place == "" || f.generation < 0 {
		return "", false
	}
	version := ""
	if f.generation > 0 {
		version = strconv.FormatInt(f.generation, 10)
	}
	return identity.Of(place, f.storage.o.Prefix+f.key, version), true
}

// newPlace returns the URL of the bucket, as the client derives it from its
// endpoint settings.
func (s *Storage) newPlace() string {
	const key = "k"
	signed, err := s.handle().SignedURL(key, &storage.SignedURLOptions{
		Scheme:         storage.SigningSchemeV4,
		Method:         http.MethodGet,
		Expires:        time.Now().Add(time.Hour),
		GoogleAccessID: "nobody",
		SignBytes:      func([]byte) ([]byte, error) { return []byte{0}, nil },
	})
	if err != nil {
		return ""
	}
	return identity.Store(signed, key)
}

var (
	_ downloadview.Identifier = (*file)(nil)
	_ downloadview.Signer     = (*file)(nil)
)
