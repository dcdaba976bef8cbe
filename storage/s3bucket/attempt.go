package s3bucket

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// An attempt is the first request for an object, made without the SDK, and its
// outcome. If that isn't the object, it becomes the outcome of the SDK's first
// attempt, so that the SDK decides what the error is and whether to try again.
type attempt struct {
	*direct
	storage *Storage
	off     time.Duration // skew by which the request was signed

	by           aws.Credentials
	unauthorized error // why there are no credentials
	retrieved    bool  // by and unauthorized wait for the SDK

	id       string
	response *http.Response
	err      error
	waiting  bool  // response and err wait for the SDK
	stale    bool  // the answer came too late for the SDK to compare its Date with the clock
	undated  error // why its Date can't be read
	dated    bool
	ahead    time.Duration // of the store's clock, if dated
}

// object returns the object, or nil if the answer is another one or has to be read
// by the SDK.
func (a *attempt) object(in *s3.GetObjectInput) *s3.GetObjectOutput {
	r := a.response
	if a.err != nil || r == nil || r.StatusCode != usual(in) || r.Body == nil {
		return nil
	}
	out := &s3.GetObjectOutput{Body: r.Body}
	if readFields(out, r.Header) != nil {
		return nil
	}
	if a.undated != nil || a.ahead.Abs() > agreeing {
		return nil // the SDK logs the error, and learns the difference
	}
	if a.dated {
		a.storage.skew.set(a.ahead)
	}
	if release, err := a.retryer.GetAttemptToken(a.stack); err == nil {
		release(nil) // a success allows for more retries later
	}
	a.waiting = false
	return out
}

// usual returns the status of the object or range that is asked for.
func usual(in *s3.GetObjectInput) int {
	if in.Range != nil {
		return http.StatusPartialContent
	}
	return http.StatusOK
}

// do sends r and reads the store's clock from the answer, as the SDK does.
func (a *attempt) do(r *http.Request) {
	sent := time.Now()
	a.response, a.err = a.client.Do(r)
	received := time.Now()
	a.waiting, a.stale = true, received.Sub(sent) > 15*time.Minute
	if a.response == nil || a.response.Header.Get("Date") == "" {
		return
	}
	var at time.Time
	at, a.undated = smithyhttp.ParseTime(a.response.Header.Get("Date"))
	if a.undated == nil && !a.unskewed && !a.stale && a.response.Header.Get("Age") == "" {
		a.dated, a.ahead = true, at.Sub(received)
		a.storage.clock.set(a.ahead)
	}
}

// replay has the SDK's request begin with the attempt.
func (a *attempt) replay(o *s3.Options) {
	o.HTTPClient, o.Credentials = a, a
	if a.id != "" {
		o.APIOptions = append(o.APIOptions, smithyhttp.SetHeaderValue(invocationID, a.id))
	}
}

// Do returns the outcome of the attempt, if r is like its request.
func (a *attempt) Do(r *http.Request) (*http.Response, error) {
	if !a.waiting {
		return a.client.Do(r)
	}
	if !a.isLike(r) {
		a.drop()
		return a.client.Do(r)
	}
	a.waiting = false
	if a.response != nil && a.stale {
		a.response.Header.Del("Date")
	}
	return a.response, a.err
}

// wrong is by how much a signature's time must be wrong so that the SDK tries again
// with another clock.
const wrong = 4 * time.Minute

// isLike reports whether the SDK has signed r by about the same clock. If it hasn't,
// it knows the store's clock better, from a request that isn't this storage's.
func (a *attempt) isLike(r *http.Request) bool {
	at, err := time.Parse(signingTime, r.Header.Get(signedAt))
	return err == nil && (time.Until(at)-a.off).Abs() <= wrong
}

// Retrieve returns the credentials of the attempt, and then those of the client.
func (a *attempt) Retrieve(ctx context.Context) (aws.Credentials, error) {
	if a.retrieved {
		a.retrieved = false
		return a.by, a.unauthorized
	}
	return a.credentials.Retrieve(ctx)
}

// ProviderSources returns the sources of the client's credentials.
func (a *attempt) ProviderSources() []aws.CredentialSource { return a.sources }

// drop closes an answer that isn't used.
func (a *attempt) drop() {
	if a.waiting && a.response != nil && a.response.Body != nil {
		a.response.Body.Close()
	}
	a.waiting = false
}

var (
	_ s3.HTTPClient                = (*attempt)(nil)
	_ aws.CredentialsProvider      = (*attempt)(nil)
	_ aws.CredentialProviderSource = (*attempt)(nil)
)
