package s3bucket

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/bucket"
)

// longestExpiry is the maximum that S3 allows.
const longestExpiry = 7 * 24 * time.Hour

// SignedURL signs for GET or HEAD; S3 rejects any other method with the URL. A
// fraction of a second of o.Expiry is dropped. The URL expires then, or with
// the credentials that sign it, whichever is first.
func (f *file) SignedURL(ctx context.Context, o downloadview.SignOptions) (string, time.Time, error) {
	o.Expiry = cmp.Or(o.Expiry, 15*time.Minute)
	by := &signature{}
	u, err := f.sign(context.WithValue(ctx, signatureKey{}, by), o)
	if err != nil {
		return "", time.Time{}, &fs.PathError{Op: "sign", Path: f.key, Err: err}
	}
	if by.at.IsZero() { // another signer: for several regions, or anonymous
		by.at = time.Now()
		if c := f.storage.client.Options().Credentials; c != nil {
			by.credentials, _ = c.Retrieve(ctx) // as the SDK just did; an anonymous client has none
		}
	}
	return u, by.until(o.Expiry), nil
}

func (f *file) sign(ctx context.Context, o downloadview.SignOptions) (string, error) {
	name := f.storage.prefix + f.key
	if err := bucket.CheckSignable(name); err != nil {
		return "", err
	}
	if o.Expiry < 0 || o.Expiry > longestExpiry {
		return "", fmt.Errorf("expiry %v of a signed URL; S3 allows up to %v", o.Expiry, longestExpiry)
	}
	var signed *v4.PresignedHTTPRequest
	var err error
	signer, expiry := f.storage.signer(), s3.WithPresignExpires(o.Expiry)
	switch method := cmp.Or(o.Method, http.MethodGet); method {
	case http.MethodGet:
		signed, err = signer.PresignGetObject(ctx, &s3.GetObjectInput{
			Bucket:                     &f.storage.bucket,
			Key:                        &name,
			ResponseContentDisposition: given(o.Disposition),
			ResponseContentType:        given(o.ContentType),
			ResponseCacheControl:       given(o.CacheControl),
		}, expiry)
	case http.MethodHead:
		signed, err = signer.PresignHeadObject(ctx, &s3.HeadObjectInput{
			Bucket:                     &f.storage.bucket,
			Key:                        &name,
			ResponseContentDisposition: given(o.Disposition),
			ResponseContentType:        given(o.ContentType),
			ResponseCacheControl:       given(o.CacheControl),
		}, expiry)
	default:
		return "", fmt.Errorf("%w: method %s of a signed URL; want GET or HEAD", errors.ErrUnsupported, method)
	}
	if err != nil {
		return "", bucket.Failed(ctx, err) // only a request for credentials can fail
	}
	if len(signed.SignedHeader) > 1 { // fields that the client adds to every request
		return "", fmt.Errorf("%w: the client signs header fields beside Host, which a URL can't carry", errors.ErrUnsupported)
	}
	return signed.URL, nil
}

// given returns nil for "".
func given(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func (s *Storage) newSigner() *s3.PresignClient {
	client := s3.New(s.client.Options(), unvalidated, apart, func(o *s3.Options) {
		if s.signEndpoint != "" {
			o.BaseEndpoint = aws.String(s.signEndpoint)
			//lint:ignore SA1019 a client that still has one would not look at BaseEndpoint
			o.EndpointResolver = nil
		}
	})
	return s3.NewPresignClient(client, func(o *s3.PresignOptions) {
		o.Presigner = presigner{newPresigner(client.Options()), &s.skew}
	})
}

var _ downloadview.Signer = (*file)(nil)
