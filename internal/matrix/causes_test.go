package matrix_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"gocloud.dev/blob"
	"gocloud.dev/blob/azureblob"
	"gocloud.dev/blob/s3blob"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/storage/azurebucket"
	"github.com/downloadview/downloadview/storage/gocloud"
	"github.com/downloadview/downloadview/storage/readahead"
	"github.com/downloadview/downloadview/storage/resume"
	"github.com/downloadview/downloadview/storage/storagetest"
)

// The drivers of the Go CDK, which gocloud uses, wrap the errors of their clients.
func TestCausesBelowDrivers(t *testing.T) {
	for name, open := range map[string]func(*testing.T, http.RoundTripper) *blob.Bucket{
		"s3": func(t *testing.T, rt http.RoundTripper) *blob.Bucket { return openS3(t, rt, nil) }, "azure": openAzure,
	} {
		t.Run(name, func(t *testing.T) {
			storage := func(t *testing.T, rt http.RoundTripper) downloadview.Storage { return gocloud.New(open(t, rt), nil) }
			storagetest.RunCauses(t, storage)
			buckettest.KeepsCause(t, storage)
		})
	}
}

// Wrappers of a storage neither lose nor change the meaning of its errors.
func TestCausesBelowWrappers(t *testing.T) {
	for name, wrap := range map[string]func(downloadview.Storage) downloadview.Storage{
		"resume": func(s downloadview.Storage) downloadview.Storage { return resume.New(s, &resume.Options{Tries: 1}) },
		"readahead": func(s downloadview.Storage) downloadview.Storage {
			return readahead.New(s, &readahead.Options{Parts: 2})
		},
		"both": func(s downloadview.Storage) downloadview.Storage {
			return readahead.New(resume.New(s, &resume.Options{Tries: 1}), &readahead.Options{Parts: 2})
		},
	} {
		t.Run(name, func(t *testing.T) {
			storage := func(t *testing.T, rt http.RoundTripper) downloadview.Storage {
				return wrap(azurebucket.New(newAzure(t, rt), nil))
			}
			storagetest.RunCauses(t, storage)
			buckettest.KeepsCause(t, storage)
		})
	}
}

// The driver of Azure reports a host that is not found as an object that is not found,
// and the driver of S3 takes the answer of STS for the bucket's.
func TestDriversThatMisjudge(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>")
	}))
	defer srv.Close()
	noHost := refusing{&net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "azure.test", IsNotFound: true}}}
	role := stscreds.NewAssumeRoleProvider(sts.New(sts.Options{
		BaseEndpoint: &srv.URL, Region: "us-east-1", RetryMaxAttempts: 1, Credentials: someKeys,
	}), "arn:aws:iam::123456789012:role/r")
	for name, b := range map[string]*blob.Bucket{
		"no host":        openAzure(t, noHost),
		"role is denied": openS3(t, http.DefaultTransport, role),
	} {
		s := gocloud.New(b, nil)
		f, err := s.File("a")
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.Open(t.Context())
		buckettest.CheckCause(t, name+": Open", err, err)
		_, err = downloadview.Exists(t.Context(), s, "a")
		buckettest.CheckCause(t, name+": Exists", err, err)
	}
}

type refusing struct{ err error }

func (r refusing) RoundTrip(*http.Request) (*http.Response, error) { return nil, r.err }

var someKeys = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b"}, nil
})

func openS3(t *testing.T, rt http.RoundTripper, p aws.CredentialsProvider) *blob.Bucket {
	t.Helper()
	if p == nil {
		p = someKeys
	}
	b, err := s3blob.OpenBucket(t.Context(), s3.New(s3.Options{
		BaseEndpoint: aws.String("http://s3.test"), Region: "us-east-1", UsePathStyle: true, RetryMaxAttempts: 1,
		HTTPClient: &http.Client{Transport: rt}, Credentials: p,
	}), "bkt", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func newAzure(t *testing.T, rt http.RoundTripper) *container.Client {
	t.Helper()
	o := &container.ClientOptions{}
	o.Transport, o.Retry = &http.Client{Transport: rt}, policy.RetryOptions{MaxRetries: -1}
	client, err := container.NewClientWithNoCredential("http://azure.test/bkt", o)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func openAzure(t *testing.T, rt http.RoundTripper) *blob.Bucket {
	t.Helper()
	b, err := azureblob.OpenBucket(t.Context(), newAzure(t, rt), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}
