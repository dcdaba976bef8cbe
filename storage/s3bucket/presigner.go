package s3bucket

import (
	"context"
	"net/http"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/identity"
)

// A presigner signs by the store's clock, as far as the store's answers have
// shown it, and records the credentials it signed with. The SDK corrects its
// clock only for requests, not for signed URLs.
type presigner struct {
	inner s3.HTTPPresignerV4
	skew  *skew
}

// newPresigner returns the signer that a client uses by default.
func newPresigner(o s3.Options) *v4.Signer {
	return v4.NewSigner(func(so *v4.SignerOptions) {
		so.Logger = o.Logger
		so.LogSigning = o.ClientLogMode.IsSigning()
		so.DisableURIPathEscaping = true
	})
}

// PresignHTTP signs r.
func (p presigner) PresignHTTP(ctx context.Context, credentials aws.Credentials, r *http.Request, payloadHash, service, region string,
	at time.Time, optFns ...func(*v4.SignerOptions),
) (string, http.Header, error) {
	off := p.skew.get()
	if s, ok := ctx.Value(signatureKey{}).(signing); ok {
		*s.made = newSignature(s.name, s.o, credentials, off)
		return p.inner.PresignHTTP(ctx, credentials, r, payloadHash, service, region, s.made.byStore(), optFns...)
	}
	return p.inner.PresignHTTP(ctx, credentials, r, payloadHash, service, region, at.Add(off), optFns...)
}

type signatureKey struct{}

// signing is what a presigner is to sign, and where it records how it did.
type signing struct {
	name string
	o    downloadview.SignOptions
	made *signature
}

// A skew is how far the store's clock is ahead of this machine's, as the SDK
// found from the last answer.
type skew struct{ nanoseconds atomic.Int64 }

func (s *skew) get() time.Duration { return time.Duration(s.nanoseconds.Load()) }

func (s *skew) set(d time.Duration) { s.nanoseconds.Store(int64(d)) }

// learn reads the skew from the metadata of an answer.
func (s *skew) learn(m middleware.Metadata) {
	if d, ok := awsmiddleware.GetAttemptSkew(m); ok {
		s.set(d)
	}
}

// Identity returns the URL of the object at the client's endpoint, and its
// version if the file is pinned. It doesn't depend on the credentials or on
// SignEndpoint.
func (f *file) Identity() (string, bool) {
	place := f.storage.place()
	if place == "" {
		return "", false
	}
	return identity.Of(place, f.storage.prefix+f.key, aws.ToString(f.version)), true
}

// newPlace returns the URL of the bucket, as the client derives it from its
// settings of endpoints and regions.
func (s *Storage) newPlace() string {
	client := s3.New(s.client.Options(), unasked)
	const key = "k"
	signed, err := s3.NewPresignClient(client).PresignGetObject(context.Background(), &s3.GetObjectInput{Bucket: &s.bucket, Key: aws.String(key)})
	if err != nil {
		return ""
	}
	return identity.Store(signed.URL, key)
}

// unasked keeps a client from asking for credentials.
func unasked(o *s3.Options) {
	o.Credentials = nobody{}
	o.DisableS3ExpressSessionAuth = aws.Bool(true) // it would send a request
	apart(o)
}

// apart is for a client that is made from the options of another one. The SDK's
// own provider of sessions for directory buckets belongs to one client: the last
// one that has it.
func apart(o *s3.Options) {
	if reflect.TypeOf(o.ExpressCredentials) == reflect.TypeOf(unset().ExpressCredentials) {
		o.ExpressCredentials = nil
	}
}

// unset returns the options of a client of which none are set.
var unset = sync.OnceValue(func() s3.Options { return s3.New(s3.Options{}).Options() })

// nobody provides credentials that no store accepts.
type nobody struct{}

// Retrieve returns them.
func (nobody) Retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "nobody", SecretAccessKey: "nothing"}, nil
}
