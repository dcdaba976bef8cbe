package s3bucket_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/s3bucket"
)

// answering answers each request with 200, "content" and a header.
type answering struct {
	header http.Header
	closed *int
}

func (a answering) Do(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Header: a.header.Clone(), Request: r, ProtoMajor: 1, ProtoMinor: 1,
		Body: closing{io.NopCloser(strings.NewReader("content")), a.closed},
	}, nil
}

// closing counts how often it is closed.
type closing struct {
	io.ReadCloser
	n *int
}

func (c closing) Close() error { *c.n++; return nil }

// What a file reads from the header of an answer is what the SDK reads.
func TestHeaderAsTheSDKReadsIt(t *testing.T) {
	const sum = "uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek="
	for name, header := range map[string]http.Header{
		"all": {
			"Content-Length": {"7"}, "Content-Type": {"text/plain"}, "Content-Encoding": {"gzip"}, "Content-Language": {"de, pl"},
			"Content-Disposition": {"attachment"}, "Cache-Control": {"max-age=1"}, "Expires": {"Thu, 01 Jan 2026 00:00:00 GMT"},
			"Etag": {`"abc-2"`}, "Last-Modified": {"Wed, 25 Nov 2026 10:11:12 GMT"},
			"X-Amz-Checksum-Sha256": {sum}, "X-Amz-Checksum-Type": {"FULL_OBJECT"}, "X-Amz-Meta-Owner": {"me"}, "X-Amz-Meta-A-B": {""},
		},
		"none":      {},
		"spaces":    {"Content-Length": {" 7 "}, "Content-Type": {" text/plain\t"}, "Etag": {` "a" `}, "X-Amz-Meta-X": {" y "}},
		"twice":     {"Content-Length": {"7"}, "Content-Type": {"a/b", "c/d"}, "X-Amz-Meta-X": {"1", "2"}},
		"composite": {"Content-Length": {"7"}, "X-Amz-Checksum-Sha256": {sum}, "X-Amz-Checksum-Type": {"COMPOSITE"}},
		"SHA-512":   {"Content-Length": {"7"}, "X-Amz-Checksum-Sha512": {strings.Repeat("A", 86) + "=="}},
		"odd metadata": {
			"Content-Length": {"7"}, "x-amz-meta-ü": {"1"}, "X-Amz-Meta-": {"2"}, "X-Amz-Metal": {"3"}, "X-AMZ-META-Y": {"4"},
		},
	} {
		checkHeader(t, name, header, s3bucket.Cold)
		checkHeader(t, name+", without the SDK", header, s3bucket.Warm)
	}
}

func checkHeader(t *testing.T, name string, header http.Header, prepare func(*s3bucket.Storage) *s3bucket.Storage) {
	t.Helper()
	closed := 0
	client := offline(func(o *s3.Options) { o.HTTPClient = answering{header, &closed} })
	out, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bkt"), Key: aws.String("a")})
	if err != nil {
		t.Fatalf("%s: the SDK: %v", name, err)
	}
	h, err := file(t, prepare(s3bucket.New(client, "bkt", nil)), "a").Open(t.Context())
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	fi, err := h.Stat()
	if err != nil {
		t.Fatal(err)
	}
	want := downloadview.Attributes{
		Size: -1, ModTime: aws.ToTime(out.LastModified), ContentType: aws.ToString(out.ContentType),
		ContentEncoding: aws.ToString(out.ContentEncoding), ContentLanguage: aws.ToString(out.ContentLanguage),
		CacheControl: aws.ToString(out.CacheControl), Expires: aws.ToString(out.ExpiresString),
		Disposition: aws.ToString(out.ContentDisposition), Metadata: out.Metadata, ETag: aws.ToString(out.ETag),
	}
	if out.ContentLength != nil {
		want.Size = *out.ContentLength
	}
	switch full := out.ChecksumType == "" || out.ChecksumType == "FULL_OBJECT"; {
	case full && out.ChecksumSHA256 != nil:
		want.ReprDigest = "sha-256=:" + *out.ChecksumSHA256 + ":"
	case full && out.ChecksumSHA512 != nil:
		want.ReprDigest = "sha-512=:" + *out.ChecksumSHA512 + ":"
	}
	got := downloadview.AttributesOf(fi)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: (-SDK, +ours)\n%s", name, diff)
	}
	if body, err := io.ReadAll(h); string(body) != "content" || err != nil || closed != 0 {
		t.Errorf("%s: %q, %v, closed %d times before the end", name, body, err, closed)
	}
}

// An answer that can't be read is an error of the store, and isn't read to its end.
func TestUnreadableLength(t *testing.T) {
	closed := 0
	client := offline(func(o *s3.Options) {
		o.HTTPClient, o.RetryMaxAttempts = answering{http.Header{"Content-Length": {"seven"}}, &closed}, 1
	})
	_, err := file(t, s3bucket.Warm(s3bucket.New(client, "bkt", nil)), "a").Open(t.Context())
	if !errors.Is(err, downloadview.ErrUpstream) || !strings.Contains(err.Error(), `"seven"`) || closed == 0 {
		t.Errorf("error %v, closed %d times; want ErrUpstream that names the length, and the body closed", err, closed)
	}
}
