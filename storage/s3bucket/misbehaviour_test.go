package s3bucket_test

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/storage/s3bucket"
)

// A body that ends early is an error even if the transport doesn't report it.
func TestShortBodyOfQuietTransport(t *testing.T) {
	client := s3.New(s3.Options{
		Region:       "us-east-1",
		UsePathStyle: true,
		HTTPClient:   doer(func(*http.Request) *http.Response { return answer("0123", "Content-Length", "10") }),
	})
	h, err := file(t, s3bucket.New(client, "bkt", nil), "a").Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if got, err := io.ReadAll(h); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%q, %v, want io.ErrUnexpectedEOF", got, err)
	}
}

// A listing has several pages, and keys are encoded if the store supports that,
// because XML can't represent all of them.
func TestListPages(t *testing.T) {
	pages := map[string]string{
		"": `<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>
			<NextContinuationToken>two</NextContinuationToken>
			<Contents><Key>a%01b</Key><Size>1</Size></Contents><Contents><Key>a+%2B-c</Key><Size>1</Size></Contents></ListBucketResult>`,
		"two": `<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>
			<CommonPrefixes><Prefix>a+%2B/</Prefix></CommonPrefixes></ListBucketResult>`,
	}
	s := fake(t, func(w http.ResponseWriter, r *http.Request) {
		if q := r.URL.Query(); q.Get("encoding-type") != "url" || q.Get("delimiter") != "/" {
			t.Errorf("listed with %s, want encoding-type=url and delimiter=/", r.URL.RawQuery)
		}
		io.WriteString(w, pages[r.URL.Query().Get("continuation-token")])
	})
	if got, want := buckettest.Names(t, s, ""), []string{"a\x01b", "a +/", "a +-c"}; !slices.Equal(got, want) {
		t.Errorf("List = %q, want %q", got, want)
	}
}
