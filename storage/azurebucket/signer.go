package azurebucket

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/bucket"
	"github.com/downloadview/downloadview/internal/identity"
)

// A SignFunc signs v, the permission to read one blob until v.ExpiryTime. A
// function of your own may restrict v, for example to a range of addresses,
// before it calls another SignFunc. Its error is never about the blob:
// [errors.ErrUnsupported] and [downloadview.ErrUpstream] are passed on, any
// other error becomes the cause of an ErrUpstream. Several goroutines may call
// it.
type SignFunc func(ctx context.Context, v sas.BlobSignatureValues) (sas.QueryParameters, error)

// SharedKey signs with the key of the account. It sends no request.
func SharedKey(credential *container.SharedKeyCredential) SignFunc {
	return func(_ context.Context, v sas.BlobSignatureValues) (sas.QueryParameters, error) {
		return v.SignWithSharedKey(credential)
	}
}

// SignedURL makes a shared access signature for reading the blob. The URL
// expires after o.Expiry, or earlier if Options.Sign sets an earlier time or
// its key expires. URLs of one o.Window are the same while the key is.
func (f *file) SignedURL(ctx context.Context, o downloadview.SignOptions) (string, time.Time, error) {
	u, until, err := f.sign(ctx, o)
	if err != nil {
		return "", time.Time{}, &fs.PathError{Op: "sign", Path: f.key, Err: err}
	}
	return u, until, nil
}

func (f *file) sign(ctx context.Context, o downloadview.SignOptions) (signed string, until time.Time, err error) {
	s, name := f.storage, f.storage.o.Prefix+f.key
	if s.o.Sign == nil {
		return "", until, fmt.Errorf("%w: the storage has no Sign", errors.ErrUnsupported)
	}
	if o.Method != "" && o.Method != http.MethodGet && o.Method != http.MethodHead {
		return "", until, fmt.Errorf("%w: method %s of a signed URL; want GET or HEAD", errors.ErrUnsupported, o.Method)
	}
	if err := bucket.CheckSignable(name); err != nil {
		return "", until, err
	}
	if o.Expiry < 0 {
		return "", until, fmt.Errorf("expiry %v of a signed URL; want at least one second", o.Expiry)
	}
	at := s.signAt()
	v := sas.BlobSignatureValues{
		ExpiryTime:         bucket.InWindow(time.Now(), o.Window, name).Add(cmp.Or(o.Expiry, 15*time.Minute)).UTC(),
		Permissions:        (&sas.BlobPermissions{Read: true}).String(),
		ContainerName:      s.name,
		BlobName:           name,
		ContentDisposition: o.Disposition,
		ContentType:        o.ContentType,
		CacheControl:       o.CacheControl,
	}
	if at.Scheme == "https" {
		v.Protocol = sas.ProtocolHTTPS
	}
	q, err := s.o.Sign(ctx, v)
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, downloadview.ErrUpstream) {
		return "", until, err
	}
	if err != nil {
		return "", until, bucket.Failed(ctx, err)
	}
	until = v.ExpiryTime.Truncate(time.Second)
	for _, end := range []time.Time{q.ExpiryTime(), q.SignedExpiry()} {
		if !end.IsZero() && end.Before(until) {
			until = end
		}
	}
	u := url.URL{Scheme: at.Scheme, Host: at.Host, Path: at.Path + "/" + name, RawQuery: q.Encode()}
	return u.String(), until, nil
}

// signAt returns the URL of the container to use in signed URLs.
func (s *Storage) signAt() *url.URL {
	at := s.at
	if s.o.SignEndpoint != nil {
		at = s.o.SignEndpoint.JoinPath(s.name)
	}
	return at
}

// Identity returns the URL of the blob at the client's endpoint, account
// included, and its version if the file is pinned. It doesn't depend on
// Options.Sign or SignEndpoint.
func (f *file) Identity() (string, bool) {
	at := url.URL{Scheme: f.storage.at.Scheme, Host: f.storage.at.Host, Path: f.storage.at.Path}
	return identity.Of(at.String(), f.storage.o.Prefix+f.key, f.pin), true
}

var (
	_ downloadview.Identifier = (*file)(nil)
	_ downloadview.Signer     = (*file)(nil)
)
