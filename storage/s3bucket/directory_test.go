package s3bucket_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/s3bucket"
)

// asked keeps the requests that a client sends, and answers none.
type asked struct{ requests *[]*http.Request }

func (a asked) Do(r *http.Request) (*http.Response, error) {
	*a.requests = append(*a.requests, r)
	return nil, errors.New("offline")
}

// The sessions of a directory bucket are asked for by the caller's client, at its
// endpoint, also after the storage has derived its own clients from it.
func TestSessionsOfDirectoryBuckets(t *testing.T) {
	var requests []*http.Request
	client := offline(func(o *s3.Options) {
		o.BaseEndpoint, o.UsePathStyle, o.Region = nil, false, "eu-central-1"
		o.HTTPClient, o.RetryMaxAttempts = asked{&requests}, 1
	})
	const bucket = "bkt--euc1-az1--x-s3"
	f := file(t, s3bucket.New(client, bucket, &s3bucket.Options{SignEndpoint: &url.URL{Scheme: "https", Host: "files.example.com"}}), "a")
	open := func() *http.Request {
		t.Helper()
		requests = nil
		if _, err := f.Open(t.Context()); err == nil || len(requests) != 1 {
			t.Fatalf("%d requests, %v, want one for a session", len(requests), err)
		}
		return requests[0]
	}
	before := open()
	downloadview.IdentityOf(f)
	downloadview.SignedURL(t.Context(), f, downloadview.SignOptions{})
	after := open()
	if after.URL.Host != before.URL.Host || !strings.Contains(after.Header.Get("Authorization"), "Credential=a/") {
		t.Errorf("a session is asked for at %s by %s, want %s by the client's credentials", after.URL.Host, after.Header.Get("Authorization"), before.URL.Host)
	}
}

// S3 lists directory buckets in no order.
func TestListOfDirectoryBucket(t *testing.T) {
	pages := map[string]string{
		"": `<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>two</NextContinuationToken>
			<Contents><Key>m</Key><Size>1</Size></Contents><Contents><Key>a.txt</Key><Size>1</Size></Contents>
			<CommonPrefixes><Prefix>z/</Prefix></CommonPrefixes><CommonPrefixes><Prefix>a/</Prefix></CommonPrefixes></ListBucketResult>`,
		"two": `<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>b</Key><Size>1</Size></Contents>
			<CommonPrefixes><Prefix>z/</Prefix></CommonPrefixes></ListBucketResult>`,
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, pages[r.URL.Query().Get("continuation-token")])
	}))
	t.Cleanup(srv.Close)
	client := offline(func(o *s3.Options) {
		o.BaseEndpoint, o.HTTPClient, o.RetryMaxAttempts = &srv.URL, srv.Client(), 1
		o.DisableS3ExpressSessionAuth = aws.Bool(true)
	})
	var got []string
	for fi, err := range s3bucket.New(client, "bkt--euc1-az1--x-s3", nil).List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fi.Name())
	}
	if want := []string{"a", "a.txt", "b", "m", "z"}; !slices.Equal(got, want) {
		t.Errorf("listed %q, want %q", got, want)
	}
}
