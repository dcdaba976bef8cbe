package s3bucket

import (
	"context"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// A probe keeps the request that a client would send. It signs with credentials
// that no store accepts, and sends nothing.
type probe struct {
	sources []aws.CredentialSource
	request *http.Request // nil: none was made
}

// ask has the client make a request.
func (p *probe) ask(client *s3.Client, in *s3.GetObjectInput) *probe {
	p.request = nil
	_, err := askSDK(context.Background(), client, in, func(o *s3.Options) {
		o.HTTPClient, o.Credentials = p, p
		o.DisableS3ExpressSessionAuth = aws.Bool(true) // it would send a request
	})
	if err != nil {
		p.request = nil
	}
	return p
}

// Do keeps r. The answer is an empty object.
func (p *probe) Do(r *http.Request) (*http.Response, error) {
	p.request = r
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

var madeUp = aws.Credentials{AccessKeyID: "nobody", SecretAccessKey: "nothing", SessionToken: "none"}

// Retrieve returns the credentials.
func (*probe) Retrieve(context.Context) (aws.Credentials, error) { return madeUp, nil }

// ProviderSources returns the sources of the client's own credentials.
func (p *probe) ProviderSources() []aws.CredentialSource { return p.sources }

var (
	_ s3.HTTPClient                = (*probe)(nil)
	_ aws.CredentialsProvider      = (*probe)(nil)
	_ aws.CredentialProviderSource = (*probe)(nil)
)
