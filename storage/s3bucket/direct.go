package s3bucket

import (
	"context"
	cryptorand "crypto/rand"
	"os"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyrand "github.com/aws/smithy-go/rand"
)

// direct asks for objects of a bucket with the SDK's requests, but without its
// middleware, which takes a fifth of the processor time of a small download.
type direct struct {
	mould       *getMould
	client      s3.HTTPClient
	credentials aws.CredentialsProvider
	sources     []aws.CredentialSource // of credentials; in the User-Agent
	retryer     aws.RetryerV2
	stack       context.Context // of the SDK's request
	unskewed    bool            // the client doesn't correct its clock
}

// newDirect returns nil if only the SDK can make the requests of a client.
func newDirect(client *s3.Client, bucket string) *direct {
	o := client.Options()
	retryer, ok := o.Retryer.(aws.RetryerV2)
	if !ok || !isUnlimited(retryer) || !isPlain(o) {
		return nil
	}
	if _, traced := os.LookupEnv("AWS_LAMBDA_FUNCTION_NAME"); traced {
		return nil // the SDK adds the id of a trace, which is another one for each call of the function
	}
	p := &probe{sources: slices.Clone(sourcesOf(o.Credentials))}
	mould := newGetMould(client, bucket, o.HTTPSignerV4, p)
	if mould == nil {
		return nil
	}
	return &direct{
		mould: mould, client: o.HTTPClient, credentials: o.Credentials, sources: p.sources, retryer: retryer,
		stack: p.request.Context(), unskewed: o.DisableClockSkewCorrection,
	}
}

// agreeing is how far two clocks may differ so that it doesn't matter which of them
// a signature follows. S3 allows 15 minutes.
const agreeing = time.Minute

// applies reports whether a request can be made now. If the store's clock differs
// from this machine's, the SDK makes it: it has its own record of how far.
func (d *direct) applies(clock *skew) bool {
	return clock.get().Abs() <= agreeing && slices.Equal(sourcesOf(d.credentials), d.sources)
}

// try makes the first attempt.
func (d *direct) try(ctx context.Context, in *s3.GetObjectInput, s *Storage) *attempt {
	a := &attempt{direct: d, storage: s, off: s.clock.get()}
	ctx = within{ctx, d.stack}
	a.by, a.unauthorized = d.credentials.Retrieve(ctx)
	a.retrieved = true
	if a.unauthorized != nil {
		return a
	}
	id, err := smithyrand.NewUUID(cryptorand.Reader).GetUUID()
	if err != nil {
		return a
	}
	r, err := d.mould.request(ctx, in, sending{id: id, by: a.by, at: time.Now(), skew: a.off})
	if err != nil {
		return a
	}
	a.id = id
	a.do(r)
	return a
}

// within is a context whose values are also those of the SDK's request. An HTTP
// client or a provider of credentials may look for the operation.
type within struct {
	context.Context
	stack context.Context
}

// Value returns the value for key.
func (w within) Value(key any) any {
	if v := w.stack.Value(key); v != nil {
		return v
	}
	return w.Context.Value(key)
}

// sourcesOf returns where credentials come from. The SDK tells the store.
func sourcesOf(p aws.CredentialsProvider) []aws.CredentialSource {
	if s, ok := p.(aws.CredentialProviderSource); ok {
		return s.ProviderSources()
	}
	return nil
}
