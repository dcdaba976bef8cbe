package gcsbucket_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"strings"
	"time"

	"cloud.google.com/go/storage"
	"google.golang.org/api/option"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/gcsbucket"
)

// The client is configured as for any other use of the SDK. Here it uses the
// credentials of the machine.
func ExampleNew() {
	client, err := storage.NewClient(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	reports := gcsbucket.New(client, "reports", &gcsbucket.Options{Prefix: "2026/"})
	http.Handle("GET /reports/{path...}", downloadview.NewHandler(downloadview.StorageView{Storage: reports}, nil))
}

// The last bytes of an object are one request. The answer has the size and the
// entity tag, too.
func Example() {
	store := network(func(r *http.Request) *http.Response {
		fmt.Println(r.Method, r.URL.EscapedPath(), r.Header.Get("Range"))
		return answer("total\n", "Content-Range", "bytes 7-12/13", "X-Goog-Generation", "1763856000123456")
	})
	client, err := storage.NewClient(context.Background(), option.WithHTTPClient(&http.Client{Transport: store}), option.WithoutAuthentication())
	if err != nil {
		log.Fatal(err)
	}

	file, err := gcsbucket.New(client, "reports", nil).File("2026/q 3.csv")
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
	// gs://reports/2026/q 3.csv true
	// GET /reports/2026%2Fq%203.csv bytes=-6
	// "total\n" of 13 bytes, tag "1763856000123456", <nil>
}

// With a Transport in the client, files have metadata that the SDK doesn't
// return.
func ExampleTransport() {
	store := network(func(*http.Request) *http.Response {
		return answer("słowo", "Content-Language", "pl", "X-Goog-Hash", "md5=IYvYkRuRTlq8uQJq5j8k6g==")
	})
	client, err := storage.NewClient(context.Background(),
		option.WithHTTPClient(&http.Client{Transport: gcsbucket.Transport(store)}), option.WithoutAuthentication())
	if err != nil {
		log.Fatal(err)
	}
	file, err := gcsbucket.New(client, "reports", nil).File("a.txt")
	if err != nil {
		log.Fatal(err)
	}
	h, err := file.Open(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	defer h.Close()
	fi, err := h.Stat()
	if err != nil {
		log.Fatal(err)
	}
	a := downloadview.AttributesOf(fi)
	fmt.Println(a.ContentLanguage, a.ReprDigest)
	// Output: pl md5=:IYvYkRuRTlq8uQJq5j8k6g==:
}

// A signed URL can set another file name for the download. Here the application
// signs, with a key that it keeps elsewhere.
func ExampleOptions_signing() {
	client, err := storage.NewClient(context.Background(), option.WithHTTPClient(&http.Client{}), option.WithoutAuthentication())
	if err != nil {
		log.Fatal(err)
	}
	reports := gcsbucket.New(client, "reports", &gcsbucket.Options{
		Signing: &storage.SignedURLOptions{
			GoogleAccessID: "downloads@project.iam.gserviceaccount.com",
			SignBytes: func(b []byte) ([]byte, error) {
				sum := sha256.Sum256(b) // that of a key management service, for one
				return sum[:], nil
			},
			Hostname: "storage.googleapis.com",
		},
	})
	file, err := reports.File("2026/q 3.csv")
	if err != nil {
		log.Fatal(err)
	}
	signed, _, err := downloadview.SignedURL(context.Background(), file, downloadview.SignOptions{
		Expiry:      time.Minute,
		Disposition: `attachment; filename="third quarter.csv"`,
	})
	if err != nil {
		log.Fatal(err)
	}
	u, err := url.Parse(signed)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.TrimSuffix(signed, "?"+u.RawQuery))
	fmt.Println(u.Query().Get("response-content-disposition"), u.Query().Get("X-Goog-Expires"))
	// Output:
	// https://storage.googleapis.com/reports/2026/q%203.csv
	// attachment; filename="third quarter.csv" 60
}

// network stands in for the network.
type network func(*http.Request) *http.Response

func (n network) RoundTrip(r *http.Request) (*http.Response, error) { return n(r), nil }

func answer(body string, fields ...string) *http.Response {
	header := http.Header{}
	for i := 0; i < len(fields); i += 2 {
		header.Set(fields[i], fields[i+1])
	}
	status := http.StatusOK
	if header.Get("Content-Range") != "" {
		status = http.StatusPartialContent
	}
	return &http.Response{
		StatusCode: status, Header: header, Body: io.NopCloser(bytes.NewBufferString(body)), ContentLength: int64(len(body)),
	}
}
