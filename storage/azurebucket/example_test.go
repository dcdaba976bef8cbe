package azurebucket_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/azurebucket"
)

// The client is configured as for any other use of the SDK, except for retries
// and timeouts that suit a request for which a user waits.
func ExampleNew() {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = 10 * time.Second
	transport.MaxIdleConnsPerHost = 100
	var o container.ClientOptions
	o.Transport = &http.Client{Transport: transport}
	o.Retry = policy.RetryOptions{MaxRetries: 1, RetryDelay: 100 * time.Millisecond, MaxRetryDelay: time.Second}

	key, err := container.NewSharedKeyCredential("acct", "a2V5")
	if err != nil {
		log.Fatal(err)
	}
	client, err := container.NewClientWithSharedKeyCredential("https://acct.blob.core.windows.net/reports", key, &o)
	if err != nil {
		log.Fatal(err)
	}
	storage := azurebucket.New(client, &azurebucket.Options{Prefix: "2026/"})

	file, err := storage.File("q 3.csv")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(downloadview.SourceOf(file))
	http.Handle("GET /reports/{path...}", downloadview.NewHandler(downloadview.StorageView{Storage: storage}, nil))
	// Output: azblob://reports/2026/q 3.csv true
}

// A range of a blob is one request. The answer has the size and the entity tag,
// too.
func Example() {
	var o container.ClientOptions
	o.Transport = doer(func(r *http.Request) (*http.Response, error) { // stands in for the network
		fmt.Println(r.Method, r.URL.EscapedPath())
		return &http.Response{
			StatusCode: http.StatusPartialContent,
			Header: http.Header{
				"Content-Length": {"6"},
				"Content-Range":  {"bytes 7-12/13"},
				"Etag":           {`"0x8DC"`},
			},
			Body: io.NopCloser(strings.NewReader("total\n")),
		}, nil
	})
	client, err := container.NewClientWithNoCredential("https://acct.blob.core.windows.net/reports", &o)
	if err != nil {
		log.Fatal(err)
	}
	file, err := azurebucket.New(client, nil).File("2026/q 3.csv")
	if err != nil {
		log.Fatal(err)
	}
	h, err := downloadview.OpenRange(context.Background(), file, 7, -1)
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
	// GET /reports/2026%2Fq%203.csv
	// "total\n" of 13 bytes, tag "0x8DC", <nil>
}

// A signed URL sends the blob under another name, from the application's own
// domain. With the account's key, signing sends no request.
func ExampleSharedKey() {
	key, err := container.NewSharedKeyCredential("acct", "a2V5")
	if err != nil {
		log.Fatal(err)
	}
	client, err := container.NewClientWithSharedKeyCredential("https://acct.blob.core.windows.net/reports", key, nil)
	if err != nil {
		log.Fatal(err)
	}
	storage := azurebucket.New(client, &azurebucket.Options{
		Sign:         azurebucket.SharedKey(key),
		SignEndpoint: &url.URL{Scheme: "https", Host: "files.example.com"},
	})
	file, err := storage.File("2026/q 3.csv")
	if err != nil {
		log.Fatal(err)
	}
	signed, _, err := downloadview.SignedURL(context.Background(), file, downloadview.SignOptions{
		Expiry:      time.Minute,
		Disposition: `attachment; filename="report.csv"`,
	})
	if err != nil {
		log.Fatal(err)
	}
	u, err := url.Parse(signed)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(u.Host + u.EscapedPath())
	fmt.Println(u.Query().Get("rscd"))
	// Output:
	// files.example.com/reports/2026/q%203.csv
	// attachment; filename="report.csv"
}

// identity stands in for a credential of package azidentity.
type identity struct{}

func (identity) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "token", ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// Without the account's key, Azure is asked for a key that signs in the name of
// an identity. One key signs many URLs.
func ExampleUserDelegation() {
	var o service.ClientOptions
	o.Transport = doer(func(r *http.Request) (*http.Response, error) { // stands in for the network
		fmt.Println(r.Method, r.URL)
		const key = `<UserDelegationKey><SignedOid>o</SignedOid><SignedTid>t</SignedTid>
			<SignedStart>2026-01-02T15:04:05Z</SignedStart><SignedExpiry>2026-01-03T15:04:05Z</SignedExpiry>
			<SignedService>b</SignedService><SignedVersion>2026-06-06</SignedVersion><Value>a2V5</Value></UserDelegationKey>`
		return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(key)), Request: r}, nil
	})
	account, err := service.NewClient("https://acct.blob.core.windows.net/", identity{}, &o)
	if err != nil {
		log.Fatal(err)
	}
	storage := azurebucket.New(account.NewContainerClient("reports"), &azurebucket.Options{
		Sign: azurebucket.UserDelegation(account),
	})
	for _, key := range []string{"a.csv", "b.csv"} {
		file, err := storage.File(key)
		if err != nil {
			log.Fatal(err)
		}
		signed, _, err := downloadview.SignedURL(context.Background(), file, downloadview.SignOptions{})
		if err != nil {
			log.Fatal(err)
		}
		location, _, _ := strings.Cut(signed, "?")
		fmt.Println(location)
	}
	// Output:
	// POST https://acct.blob.core.windows.net/?comp=userdelegationkey&restype=service
	// https://acct.blob.core.windows.net/reports/a.csv
	// https://acct.blob.core.windows.net/reports/b.csv
}
