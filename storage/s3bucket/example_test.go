package s3bucket_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/s3bucket"
)

// The client is configured as for any other use of the SDK. Here it uses
// another store than AWS, keeps as many connections as there are downloads at a
// time, and limits the time to the answer's header, but not that of its body.
func ExampleNew() {
	network := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConns, t.MaxIdleConnsPerHost = 256, 256
		t.ResponseHeaderTimeout = 30 * time.Second
	})
	client := s3.New(s3.Options{
		HTTPClient:   network,
		BaseEndpoint: aws.String("https://objects.example.com"),
		Region:       "eu-central-1",
		UsePathStyle: true,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "key", SecretAccessKey: "secret"}, nil
		}),
	})
	storage := s3bucket.New(client, "reports", &s3bucket.Options{Prefix: "2026/"})
	http.Handle("GET /reports/{path...}", downloadview.NewHandler(downloadview.StorageView{Storage: storage}, nil))
}

// The last bytes of an object are one request. The answer has the size and the
// entity tag, too.
func Example() {
	store := doer(func(r *http.Request) *http.Response {
		fmt.Println(r.Method, r.URL.EscapedPath(), r.Header.Get("Range"))
		return answer("total\n", "Content-Length", "6", "Content-Range", "bytes 7-12/13", "ETag", `"v1"`)
	})
	client := s3.New(s3.Options{Region: "eu-central-1", UsePathStyle: true, HTTPClient: store})

	storage := s3bucket.New(client, "reports", nil)
	file, err := storage.File("2026/q 3.csv")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(downloadview.SourceOf(file))

	h, err := downloadview.OpenRange(context.Background(), file, -6, 0)
	if err != nil {
		log.Fatal(err)
	}
	defer h.Close()
	fi, err := h.Stat()
	if err != nil {
		log.Fatal(err)
	}
	content, err := io.ReadAll(h)
	fmt.Printf("%q of %d bytes, tag %s, %v\n", content, fi.Size(), downloadview.AttributesOf(fi).ETag, err)
	// Output:
	// s3://reports/2026/q 3.csv true
	// GET /reports/2026/q%203.csv bytes=-6
	// "total\n" of 13 bytes, tag "v1", <nil>
}

// A signed URL contains the permission, and the header fields for the store's
// answer. Here the store has a public URL that differs from the client's
// endpoint.
func ExampleStorage_File_signed() {
	client := s3.New(s3.Options{
		BaseEndpoint: aws.String("http://minio:9000"),
		Region:       "eu-central-1",
		UsePathStyle: true,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "key", SecretAccessKey: "secret"}, nil
		}),
	})
	storage := s3bucket.New(client, "reports", &s3bucket.Options{
		SignEndpoint: &url.URL{Scheme: "https", Host: "files.example.com"},
	})
	file, err := storage.File("2026/q 3.csv")
	if err != nil {
		log.Fatal(err)
	}
	signed, _, err := downloadview.SignedURL(context.Background(), file, downloadview.SignOptions{
		Expiry:      5 * time.Minute,
		Disposition: `attachment; filename="third quarter.csv"`,
	})
	if err != nil {
		log.Fatal(err)
	}
	u, err := url.Parse(signed)
	if err != nil {
		log.Fatal(err)
	}
	u.RawQuery, signed = "", u.RawQuery
	fmt.Println(u)
	q, err := url.ParseQuery(signed)
	fmt.Println(q.Get("X-Amz-Expires"), q.Get("response-content-disposition"), err)
	// Output:
	// https://files.example.com/reports/2026/q%203.csv
	// 300 attachment; filename="third quarter.csv" <nil>
}

// doer stands in for the network.
type doer func(*http.Request) *http.Response

func (d doer) Do(r *http.Request) (*http.Response, error) { return d(r), nil }

func answer(body string, fields ...string) *http.Response {
	header := http.Header{}
	for i := 0; i < len(fields); i += 2 {
		header.Set(fields[i], fields[i+1])
	}
	status := http.StatusOK
	if header.Get("Content-Range") != "" {
		status = http.StatusPartialContent
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(bytes.NewBufferString(body))}
}
