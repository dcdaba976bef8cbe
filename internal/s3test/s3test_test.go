package s3test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
)

func TestServer(t *testing.T) {
	s := Start(t)
	content := bytes.Repeat([]byte("0123456789"), 300_000)
	const key = "a folder/ą+%41.bin"
	s.Put(t, key, content)
	s.Counter.Reset()

	out, err := s.Client.GetObject(t.Context(), &s3.GetObjectInput{
		Bucket: &s.Bucket, Key: aws.String(key), Range: aws.String("bytes=10-19"),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	if got, err := io.ReadAll(out.Body); string(got) != "0123456789" || err != nil {
		t.Errorf("bytes 10-19 are %q, %v", got, err)
	}
	want := []Request{{Operation: "GetObject", Range: "bytes=10-19"}}
	if got := s.Counter.Requests(); !slices.Equal(got, want) {
		t.Errorf("counted %v, want %v", got, want)
	}
}

func TestBefore(t *testing.T) {
	s := Start(t)
	var seen []string
	s.Counter.Before(func(r Request) { seen = append(seen, r.Operation) })
	s.Client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &s.Bucket, Key: aws.String("x")})
	s.Client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &s.Bucket})
	s.Counter.Before(nil)
	s.Client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &s.Bucket})
	if want := []string{"HeadObject", "ListObjectsV2"}; !slices.Equal(seen, want) {
		t.Errorf("saw %q before passing it on, want %q", seen, want)
	}
}

// The server is worth starting because it refuses requests that a fake would
// accept.
func TestServerChecksSignatures(t *testing.T) {
	s := Start(t)
	stranger := *s
	stranger.SecretKey = "another"
	_, err := stranger.NewClient(t).GetObject(t.Context(), &s3.GetObjectInput{Bucket: &s.Bucket, Key: aws.String("x")})
	if e, ok := errors.AsType[smithy.APIError](err); !ok || e.ErrorCode() != "SignatureDoesNotMatch" {
		t.Errorf("signed with another key: %v, want SignatureDoesNotMatch", err)
	}
	resp, err := http.Get(s.Endpoint + "/" + s.Bucket + "/x")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("without a signature: %s, want 403", resp.Status)
	}
}
