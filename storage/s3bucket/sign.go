package s3bucket

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/bucket"
)

// longestExpiry is the maximum that S3 allows.
const longestExpiry = 7 * 24 * time.Hour

// SignedURL signs for GET or HEAD; S3 rejects any other method with the URL. A
// fraction of a second of o.Expiry and o.Window is dropped. The URL expires then,
// or with the credentials that sign it, whichever is first.
func (f *file) SignedURL(ctx context.Context, o downloadview.SignOptions) (string, time.Time, error) {
	o.Expiry = cmp.Or(o.Expiry, 15*time.Minute)
	u, until, err := f.sign(ctx, o)
	if err != nil {
		return "", time.Time{}, &fs.PathError{Op: "sign", Path: f.key, Err: err}
	}
	return u, until, nil
}

func (f *file) sign(ctx context.Context, o downloadview.SignOptions) (u string, until time.Time, err error) {
	name := f.storage.prefix + f.key
	if err := bucket.CheckSignable(name); err != nil {
		return "", until, err
	}
	if o.Expiry < 0 || o.Expiry > longestExpiry {
		return "", until, fmt.Errorf("expiry %v of a signed URL; S3 allows up to %v", o.Expiry, longestExpiry)
	}
	o.Method = cmp.Or(o.Method, http.MethodGet)
	if o.Method != http.MethodGet && o.Method != http.MethodHead {
		return "", until, fmt.Errorf("%w: method %s of a signed URL; want GET or HEAD", errors.ErrUnsupported, o.Method)
	}
	return f.storage.signer().sign(ctx, name, o)
}

// A signer signs URLs of a bucket.
type signer struct {
	bucket      string
	credentials aws.CredentialsProvider // nil: anonymous
	skew        *skew
	sdk         *s3.PresignClient
	get, head   learnt[mould]
}

func (s *Storage) newSigner() *signer {
	client := s3.New(s.client.Options(), unvalidated, apart, func(o *s3.Options) {
		if s.signEndpoint != "" {
			o.BaseEndpoint = aws.String(s.signEndpoint)
			//lint:ignore SA1019 a client that still has one would not look at BaseEndpoint
			o.EndpointResolver = nil
		}
	})
	made := &signer{
		bucket:      s.bucket,
		credentials: client.Options().Credentials,
		skew:        &s.skew,
		sdk: s3.NewPresignClient(client, func(o *s3.PresignOptions) {
			o.Presigner = presigner{newPresigner(client.Options()), &s.skew}
		}),
	}
	made.get.learn = sync.OnceValue(func() *mould { return newMould(client, s.bucket, http.MethodGet) })
	made.head.learn = sync.OnceValue(func() *mould { return newMould(client, s.bucket, http.MethodHead) })
	return made
}

func (s *signer) mould(method string) *mould {
	if method == http.MethodHead {
		return s.head.get()
	}
	return s.get.get()
}

func (s *signer) sign(ctx context.Context, name string, o downloadview.SignOptions) (string, time.Time, error) {
	if m := s.mould(o.Method); m != nil {
		by, err := s.credentials.Retrieve(ctx)
		if err != nil {
			return "", time.Time{}, bucket.Failed(ctx, asSDK(o.Method, err))
		}
		made := newSignature(name, o, by, s.skew.get())
		signed, err := m.sign(ctx, name, o, by, made.byStore())
		return signed, made.until(), err
	}
	made := &signature{}
	signed, err := presign(context.WithValue(ctx, signatureKey{}, signing{name, o, made}), s.sdk, s.bucket, name, o)
	if err != nil {
		return "", time.Time{}, bucket.Failed(ctx, err) // only a request for credentials can fail
	}
	if len(signed.SignedHeader) > 1 { // fields that the client adds to every request
		return "", time.Time{}, fmt.Errorf("%w: the client signs header fields beside Host, which a URL can't carry", errors.ErrUnsupported)
	}
	if made.at.IsZero() { // another signer: for several regions, or anonymous
		var by aws.Credentials
		if s.credentials != nil {
			by, _ = s.credentials.Retrieve(ctx) // as the SDK just did
		}
		o.Window = 0
		*made = newSignature(name, o, by, 0)
	}
	return signed.URL, made.until(), nil
}

// asSDK returns err as the SDK does if the request for credentials fails.
func asSDK(method string, err error) error {
	operation := "GetObject"
	if method == http.MethodHead {
		operation = "HeadObject"
	}
	return &smithy.OperationError{ServiceID: s3.ServiceID, OperationName: operation, Err: fmt.Errorf("get identity: get credentials: %w", err)}
}

// presign has the SDK make and sign the request of the object name.
func presign(ctx context.Context, sdk *s3.PresignClient, bucket, name string, o downloadview.SignOptions) (*v4.PresignedHTTPRequest, error) {
	expiry := s3.WithPresignExpires(o.Expiry)
	if o.Method == http.MethodHead {
		return sdk.PresignHeadObject(ctx, &s3.HeadObjectInput{
			Bucket:                     &bucket,
			Key:                        &name,
			ResponseContentDisposition: given(o.Disposition),
			ResponseContentType:        given(o.ContentType),
			ResponseCacheControl:       given(o.CacheControl),
		}, expiry)
	}
	return sdk.PresignGetObject(ctx, &s3.GetObjectInput{
		Bucket:                     &bucket,
		Key:                        &name,
		ResponseContentDisposition: given(o.Disposition),
		ResponseContentType:        given(o.ContentType),
		ResponseCacheControl:       given(o.CacheControl),
	}, expiry)
}

// given returns nil for "".
func given(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

var _ downloadview.Signer = (*file)(nil)
