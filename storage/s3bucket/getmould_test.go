package s3bucket_test

import (
	"context"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/google/go-cmp/cmp"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/s3bucket"
)

// keeping keeps the first request. It has no objects.
type keeping struct{ first *http.Request }

func (k *keeping) Do(r *http.Request) (*http.Response, error) {
	if k.first == nil {
		k.first = r
	}
	return &http.Response{StatusCode: http.StatusNotFound, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(""))}, nil
}

// asked returns the parts of the request that a transport sends, with a
// signature that isn't random.
func (k *keeping) asked() map[string]any {
	r := k.first
	k.first = nil
	if r == nil {
		return nil
	}
	h := r.Header.Clone()
	if strings.HasPrefix(h.Get("Authorization"), "AWS4-ECDSA") {
		signed, _, _ := strings.Cut(h.Get("Authorization"), "Signature=")
		h.Set("Authorization", signed)
	}
	return map[string]any{
		"method": r.Method, "URL": *r.URL, "host": r.Host, "header": h, "length": r.ContentLength, "body": r.Body != nil,
		"proto": r.Proto, "close": r.Close, "encodings": r.TransferEncoding, "trailer": r.Trailer,
	}
}

// checkSameGet compares the requests of a storage for parts of key with the SDK's.
func checkSameGet(t *testing.T, bucket, key, etag string, offset, length int64, change ...func(*s3.Options)) {
	t.Helper()
	k := &keeping{}
	client := offline(append(change, func(o *s3.Options) { o.HTTPClient = k })...)
	f, err := s3bucket.Warm(s3bucket.New(client, bucket, nil)).File(key)
	if err != nil {
		return
	}
	if etag != "" {
		f = downloadview.Pin(f, etag)
	}
	synctest.Test(t, func(t *testing.T) {
		for _, whole := range []bool{true, false} {
			in := &s3.GetObjectInput{Bucket: &bucket, Key: &key}
			if etag != "" {
				in.IfMatch = &etag
			}
			options := []func(*s3.Options){func(o *s3.Options) { o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired }}
			k.first = nil
			if whole {
				f.Open(t.Context())
				options = append(options, adding("X-Amz-Checksum-Mode", "ENABLED"))
			} else {
				downloadview.OpenRange(t.Context(), f, offset, length)
			}
			if k.first != nil {
				if asked := k.first.Header.Get("Range"); asked != "" {
					in.Range = &asked
				}
				options = append(options, adding("Amz-Sdk-Invocation-Id", k.first.Header.Get("Amz-Sdk-Invocation-Id")))
			} else if !whole && length == 0 {
				continue
			}
			ours := k.asked()
			client.GetObject(t.Context(), in, options...)
			if diff := cmp.Diff(k.asked(), ours); diff != "" {
				t.Fatalf("the request for %q in %q differs (-SDK, +ours):\n%s", key, bucket, diff)
			}
		}
	})
}

func adding(name, value string) func(*s3.Options) {
	return func(o *s3.Options) { o.APIOptions = append(o.APIOptions, smithyhttp.SetHeaderValue(name, value)) }
}

// The usual clients ask without the SDK's middleware, and it makes no difference.
func TestSameGetAsTheSDK(t *testing.T) {
	clients := maps.Clone(plainClients)
	delete(clients, "address") // the SDK signs the host ::1 for it, and then refuses it
	clients["address with a port"] = func(o *s3.Options) { o.BaseEndpoint = aws.String("http://[::1]:9000") }
	clients["access point"] = func(o *s3.Options) { o.BaseEndpoint, o.UsePathStyle = nil, false }
	clients["one try"] = func(o *s3.Options) { o.RetryMaxAttempts = 1 }
	clients["no retries"] = func(o *s3.Options) { o.Retryer = aws.NopRetryer{} }
	clients["named"] = func(o *s3.Options) { o.AppID = "mine" }
	clients["sources of credentials"] = func(o *s3.Options) {
		o.Credentials = sourced{aws.CredentialSourceProfile, aws.CredentialSourceSTSAssumeRole}
	}
	for name, change := range clients {
		bucket := "bkt"
		if name == "access point" {
			bucket = "arn:aws:s3:us-east-1:123456789012:accesspoint/mine"
		}
		if !s3bucket.IsDirect(s3bucket.New(offline(change), bucket, nil)) {
			t.Errorf("%s: the SDK is asked for each object", name)
		}
		for _, key := range []string{"k", "a b/ü+%2F.txt", "/a//b", "a/../b/./c", "nl\n\x01"} {
			checkSameGet(t, bucket, key, "", 0, -1, change)
			checkSameGet(t, bucket, key, `"a,  b"`, -7, 0, change)
		}
	}
}

// sourced are credentials with sources.
type sourced []aws.CredentialSource

func (sourced) Retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b"}, nil
}
func (s sourced) ProviderSources() []aws.CredentialSource { return s }

// If something of the caller's may change a request, it does.
func TestSameGetAsTheSDKOfChangedClients(t *testing.T) {
	for _, tt := range changedClients() {
		t.Run(tt.name, func(t *testing.T) {
			checkSameGet(t, tt.bucket, "a b/c", `"v1"`, 1, 2, tt.change)
		})
	}
}

// A client may have two signers, of which the SDK uses the first.
func TestClientWithAnotherSigner(t *testing.T) {
	change := func(o *s3.Options) {
		o.AuthSchemes = offline().Options().AuthSchemes
		o.HTTPSignerV4 = v4.NewSigner(func(so *v4.SignerOptions) { so.DisableSessionToken = true })
	}
	checkSameGet(t, "bkt", "a", "", 1, 2, change)
	checkSameGet(t, "bkt", "a", "", 1, 2, func(o *s3.Options) {
		o.HTTPSignerV4 = v4.NewSigner(func(so *v4.SignerOptions) { so.DisableSessionToken = true })
	})
}

// The SDK tells the store from where credentials came, which may change.
func TestOtherSourceOfCredentials(t *testing.T) {
	k := &keeping{}
	sources := sourced{aws.CredentialSourceEnvVars}
	client := offline(func(o *s3.Options) { o.HTTPClient, o.Credentials = k, &sources })
	f := file(t, s3bucket.Warm(s3bucket.New(client, "bkt", nil)), "a")
	features := func() []string {
		k.first = nil
		f.Open(t.Context())
		_, list, _ := strings.Cut(k.first.Header.Get("User-Agent"), " m/")
		list, _, _ = strings.Cut(list, " ")
		return strings.Split(list, ",")
	}
	if got := features(); !slices.Contains(got, "g") || slices.Contains(got, "n") {
		t.Errorf("features %q, want g: from the environment", got)
	}
	sources[0] = aws.CredentialSourceProfile
	if got := features(); !slices.Contains(got, "n") || slices.Contains(got, "g") {
		t.Errorf("features %q, want n: from a profile", got)
	}
}

// FuzzGet compares requests for objects with those of the SDK's client.
func FuzzGet(f *testing.F) {
	f.Add("bkt", "a b/c", "http://minio:9000", "us-east-1", "token", `"v1"`, int64(0), int64(-1), uint16(1))
	f.Add("a.b", "//a/./ü%2F+", "", "eu-central-1", "", "", int64(-1), int64(0), uint16(0))
	f.Add("bkt", "nl\n\x01", "https://one.test:443/a b/%2F/", "us-east-1", "t/+=", " a,  b ", int64(5), int64(1), uint16(3))
	f.Add("arn:aws:s3:us-east-1:123456789012:accesspoint/mine", "k", "", "us-east-1", "", "", int64(1), int64(1), uint16(0))
	f.Add("arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap", "k", "", "us-east-1", "", "", int64(1), int64(1), uint16(0))
	f.Add("bkt--euc1-az1--x-s3", "k", "", "eu-central-1", "", "", int64(1), int64(1), uint16(1<<10))
	for bit := range 11 {
		f.Add("bkt", "k~'()*!", "", "us-east-1", "token", "*", int64(1), int64(1), uint16(1<<bit))
	}
	f.Fuzz(func(t *testing.T, bucket, key, endpoint, region, session, etag string, offset, length int64, bits uint16) {
		checkSameGet(t, bucket, key, etag, offset, length, func(o *s3.Options) { fuzzed(o, endpoint, region, session, bits) })
	})
}
