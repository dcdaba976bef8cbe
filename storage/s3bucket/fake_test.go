package s3bucket_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/storage/s3bucket"
)

// fake returns the bucket "bkt" of a server with answers that no real one can
// be made to give. It is asked once per call.
func fake(t *testing.T, answer http.HandlerFunc) *s3bucket.Storage {
	t.Helper()
	return fakeWith(t, nil, answer)
}

func fakeWith(t *testing.T, o *s3bucket.Options, answer http.HandlerFunc) *s3bucket.Storage {
	t.Helper()
	srv := httptest.NewServer(answer)
	t.Cleanup(srv.Close)
	return fakeAt(srv.URL, srv.Client(), o)
}

// fakeAt returns the bucket "bkt" at a URL.
func fakeAt(url string, client *http.Client, o *s3bucket.Options) *s3bucket.Storage {
	return s3bucket.Warm(s3bucket.New(s3.New(s3.Options{
		BaseEndpoint:     &url,
		Region:           "us-east-1",
		UsePathStyle:     true,
		HTTPClient:       client,
		RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b"}, nil
		}),
	}), "bkt", o))
}

// fakes has the properties of this cloud that the tests of all clouds need.
var fakes = buckettest.Fake{
	Open:  func(t *testing.T, answer http.HandlerFunc) downloadview.Storage { return fake(t, answer) },
	Stamp: func(h http.Header) { h.Set("ETag", `"v1"`) },
	Tag:   `"v1"`,
	Refuse: func(w http.ResponseWriter, _ *http.Request, status int, code string) {
		w.WriteHeader(status)
		if code != "" {
			fmt.Fprintf(w, "<Error><Code>%s</Code></Error>", code)
		}
	},
}

func TestLookIsNoJudge(t *testing.T)         { fakes.LookIsNoJudge(t) }
func TestOtherSuccesses(t *testing.T)        { fakes.OtherSuccesses(t) }
func TestPartInsteadOfTheWhole(t *testing.T) { fakes.PartInsteadOfTheWhole(t) }
func TestStoreWithoutRanges(t *testing.T)    { fakes.WithoutRanges(t) }
func TestShortBody(t *testing.T)             { fakes.ShortBody(t) }
func TestStoreBreaksOff(t *testing.T)        { fakes.BreaksOff(t) }
func TestNothingOfTheStore(t *testing.T)     { fakes.TellsNothing(t) }
func TestUnknownSize(t *testing.T)           { fakes.UnknownSize(t) }
func TestTagsGetTheirQuotes(t *testing.T)    { fakes.Tags(t) }
func TestEndlessErrors(t *testing.T)         { fakes.EndlessErrors(t) }

func TestOtherRanges(t *testing.T) { fakes.OtherRanges(t, nil) }

func TestKeysOnTheWire(t *testing.T) {
	fakes.KeysOnTheWire(t, map[string]string{
		"a//b":        "/bkt/a//b?x-id=GetObject",
		"/a":          "/bkt//a?x-id=GetObject",
		"a/../b":      "/bkt/a/../b?x-id=GetObject",
		"a/./b":       "/bkt/a/./b?x-id=GetObject",
		"a+b":         "/bkt/a%2Bb?x-id=GetObject",
		"a%41":        "/bkt/a%2541?x-id=GetObject",
		"a?b&c":       "/bkt/a%3Fb%26c?x-id=GetObject",
		"a#b":         "/bkt/a%23b?x-id=GetObject",
		"a b":         "/bkt/a%20b?x-id=GetObject",
		"ąę日":         "/bkt/%C4%85%C4%99%E6%97%A5?x-id=GetObject",
		"()'!*":       "/bkt/%28%29%27%21%2A?x-id=GetObject",
		`a\b:@,;=$~_`: "/bkt/a%5Cb%3A%40%2C%3B%3D%24~_?x-id=GetObject",
		"a\r\nb":      "/bkt/a%0D%0Ab?x-id=GetObject",
	})
}

func TestUnreadableFields(t *testing.T) {
	fakes.UnreadableFields(t, map[string]string{
		"Last-Modified":       "2026-01-02 03:04:05",
		"Expires":             "never",
		"X-Amz-Missing-Meta":  "some",
		"X-Amz-Tagging-Count": "many",
		"X-Amz-Server-Side-Encryption-Bucket-Key-Enabled": "maybe",
		"X-Amz-Object-Lock-Retain-Until-Date":             "soon",
		"X-Amz-Mp-Parts-Count":                            "1x",
		"X-Amz-Delete-Marker":                             "no",
	}, nil, nil)
}

// An answer to HEAD has a status and no code: see TestErrorAnswersToHead.
func TestErrorAnswers(t *testing.T) {
	twice := map[string]int{"OpenRange": 2} // since it may mean that it has no ranges
	fakes.Failures(t, []buckettest.Failure{
		{Status: 404, Code: "NoSuchKey", Want: fs.ErrNotExist, Client: 404},
		{Status: 404, Code: "NoSuchBucket", Want: fs.ErrNotExist, Client: 404},
		{Status: 404, Code: "", Want: fs.ErrNotExist, Client: 404}, // as for HEAD
		{Status: 404, Code: "NotOfS3", Want: downloadview.ErrUpstream, Client: 502},
		{Status: 403, Code: "AccessDenied", Want: fs.ErrNotExist, Client: 404},
		{Status: 403, Code: "SignatureDoesNotMatch", Want: downloadview.ErrUpstream, Client: 502},
		{Status: 403, Code: "InvalidAccessKeyId", Want: downloadview.ErrUpstream, Client: 502},
		{Status: 403, Code: "RequestTimeTooSkewed", Want: downloadview.ErrUpstream, Client: 502},
		{Status: 403, Code: "AccountProblem", Want: downloadview.ErrUpstream, Client: 502},
		{Status: 403, Code: "InvalidObjectState", Want: downloadview.ErrUpstream, Client: 503, After: "3600"},
		{Status: 401, Code: "Unauthorized", Want: downloadview.ErrUpstream, Client: 502},
		{Status: 400, Code: "InvalidToken", Want: downloadview.ErrUpstream, Client: 502},
		{Status: 400, Code: "ExpiredToken", Want: downloadview.ErrUpstream, Client: 502},
		{Status: 400, Code: "KeyTooLongError", Want: fs.ErrInvalid, Client: 404},
		{Status: 301, Code: "PermanentRedirect", Want: downloadview.ErrUpstream, Client: 502},
		{Status: 405, Code: "MethodNotAllowed", Want: downloadview.ErrUpstream, Client: 502, Asked: twice},
		{Status: 412, Code: "PreconditionFailed", Want: downloadview.ErrChanged, Client: 503},
		{Status: 416, Code: "InvalidRange", Want: downloadview.ErrRange, Client: 500},
		{Status: 429, Code: "TooManyRequests", Want: downloadview.ErrUpstream, Client: 503},
		{Status: 400, Code: "RequestLimitExceeded", Want: downloadview.ErrUpstream, Client: 503},
		{Status: 500, Code: "InternalError", Want: downloadview.ErrUpstream, Client: 502},
		{Status: 503, Code: "SlowDown", Want: downloadview.ErrUpstream, Client: 503},
		{Status: 503, Code: "", Want: downloadview.ErrUpstream, Client: 503},
		{Status: 504, Code: "", Want: downloadview.ErrUpstream, Client: 504},
	}, func(err error) (int, bool) {
		var cause interface{ HTTPStatusCode() int }
		if !errors.As(err, &cause) {
			return 0, false
		}
		return cause.HTTPStatusCode(), true
	}, "Open", "OpenRange")
}

func TestLastingFailuresAreAskedOnce(t *testing.T) {
	fakes.Tries(t, []buckettest.Try{
		{Status: 403, Code: "InvalidAccessKeyId", Asked: 1},
		{Status: 403, Code: "SignatureDoesNotMatch", Asked: 1},
		{Status: 403, Code: "AccountProblem", Asked: 1},
		{Status: 400, Code: "ExpiredToken", Asked: 1},
		{Status: 400, Code: "InvalidToken", Asked: 1},
		{Status: 400, Code: "KMS.DisabledException", Asked: 1},
		{Status: 400, Code: "InvalidRequest", Asked: 1}, // an object with a key of its client's (SSE-C)
		{Status: 301, Code: "PermanentRedirect", Asked: 1},
		{Status: 400, Code: "AuthorizationHeaderMalformed", Asked: 1},
		{Status: 501, Code: "NotImplemented", Asked: 1},
		{Status: 404, Code: "NoSuchBucket", Asked: 1},
		{Status: 403, Code: "AccessDenied", Asked: 1},
		{Status: 400, Code: "RequestTimeout", Asked: 3},
		{Status: 500, Code: "InternalError", Asked: 3},
		{Status: 503, Code: "SlowDown", Asked: 3},
		{Status: 409, Code: "OperationAborted", Asked: 3},
	})
}

func TestHeaderTimeout(t *testing.T) {
	buckettest.Silent(t, func(_ *testing.T, url string, rt *http.Transport) downloadview.Storage {
		return fakeAt(url, &http.Client{Transport: rt}, nil)
	})
}

func TestListingInCircles(t *testing.T) {
	buckettest.Circles(t, 1, 20, func(t *testing.T, l *buckettest.Listing) downloadview.Storage {
		return fake(t, func(w http.ResponseWriter, r *http.Request) {
			if l.Asked++; l.Asked > 50 {
				http.Error(w, "enough", http.StatusForbidden)
				return
			}
			token := r.FormValue("continuation-token")
			fmt.Fprint(w, "<ListBucketResult><IsTruncated>true</IsTruncated>")
			for range l.Entries {
				fmt.Fprintf(w, "<Contents><Key>key%s</Key><Size>1</Size></Contents>", token)
			}
			if next := l.Next[token]; next != "" {
				fmt.Fprintf(w, "<NextContinuationToken>%s</NextContinuationToken>", next)
			}
			fmt.Fprint(w, "</ListBucketResult>")
		})
	}, map[string]map[string]string{"no token at all": {"": ""}}) // a listing that is cut off
}
