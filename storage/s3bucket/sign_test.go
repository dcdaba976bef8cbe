package s3bucket_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/internal/s3test"
	"github.com/downloadview/downloadview/storage/s3bucket"
)

func signed(t *testing.T, f downloadview.File, o downloadview.SignOptions) string {
	t.Helper()
	u, _, err := downloadview.SignedURL(t.Context(), f, o)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// changed returns a URL with another value of one of its parameters.
func changed(t *testing.T, signed, name, value string) string {
	t.Helper()
	u, err := url.Parse(signed)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if q.Get(name) == value || !q.Has(name) {
		t.Fatalf("%s of %s is to become %q", name, signed, value)
	}
	q.Set(name, value)
	u.RawQuery = q.Encode()
	return u.String()
}

// The store accepts a signed URL only unchanged and for its purpose.
func TestSignedURL(t *testing.T) {
	srv := s3test.Start(t)
	srv.Put(t, "in/a b.txt", []byte("0123456789"))
	srv.Put(t, "in/other", []byte("other"))
	s := s3bucket.New(srv.Client, srv.Bucket, &s3bucket.Options{Prefix: "in/"})
	f := file(t, s, "a b.txt")
	srv.Counter.Reset()
	get := signed(t, f, downloadview.SignOptions{})
	head := signed(t, f, downloadview.SignOptions{Method: "HEAD"})
	const disposition = `attachment; filename="żółw 100%.txt"; filename*=UTF-8''%C5%BC%C3%B3%C5%82w%20100%25.txt`
	named := signed(t, f, downloadview.SignOptions{
		Disposition: disposition, ContentType: "text/plain; charset=utf-8", CacheControl: "private, max-age=60",
	})
	if got := srv.Counter.Requests(); len(got) > 0 {
		t.Errorf("signing asks %v, want nothing", got)
	}

	for _, tt := range []struct {
		name   string
		method string
		url    string
		fields []string
		status int
		body   string
	}{
		{"get", "GET", get, nil, 200, "0123456789"},
		{"range", "GET", get, []string{"Range", "bytes=2-4"}, 206, "234"},
		{"suffix", "GET", get, []string{"Range", "bytes=-2"}, 206, "89"},
		{"unsatisfiable", "GET", get, []string{"Range", "bytes=10-"}, 416, ""},
		{"head", "HEAD", head, nil, 200, ""},
		{"named", "GET", named, nil, 200, "0123456789"},
		{"named range", "GET", named, []string{"Range", "bytes=0-0"}, 206, "0"},
		{"head by what is for get", "HEAD", get, nil, 403, ""},
		{"get by what is for head", "GET", head, nil, 403, ""},
		{"put by what is for get", "PUT", get, nil, 403, ""},
		{"another object", "GET", strings.Replace(get, "a%20b.txt", "other", 1), nil, 403, ""},
		{"another name", "GET", changed(t, named, "response-content-disposition", "inline"), nil, 403, ""},
		{"another type", "GET", changed(t, named, "response-content-type", "text/html"), nil, 403, ""},
		{"a longer life", "GET", changed(t, get, "X-Amz-Expires", "86400"), nil, 403, ""},
		{"no signature", "GET", changed(t, get, "X-Amz-Signature", strings.Repeat("0", 64)), nil, 403, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			resp, body, err := buckettest.Get(t, tt.method, tt.url, tt.fields...)
			if err != nil || resp.StatusCode != tt.status {
				t.Fatalf("%s %s: %s, %v, want %d", tt.method, tt.url, resp.Status, err, tt.status)
			}
			if tt.status >= 300 {
				return
			}
			if string(body) != tt.body {
				t.Errorf("%q arrives, want %q", body, tt.body)
			}
			if tt.url != named {
				return
			}
			h := resp.Header
			if h.Get("Content-Disposition") != disposition || h.Get("Content-Type") != "text/plain; charset=utf-8" || h.Get("Cache-Control") != "private, max-age=60" {
				t.Errorf("header %v, want name, type and caching as they were signed", h)
			}
		})
	}
}

// A signed URL is rejected after it has expired.
func TestExpiredURL(t *testing.T) {
	srv := s3test.Start(t)
	srv.Put(t, "a", []byte("0123456789"))
	for _, tt := range []struct {
		age, expiry time.Duration
		want        string
	}{
		{10 * time.Minute, 20 * time.Minute, "200 0123456789"},
		{10 * time.Minute, 5 * time.Minute, "403 AccessDenied"},
		{10 * time.Minute, time.Second, "403 AccessDenied"},
		{16 * time.Minute, 0, "403 AccessDenied"}, // good for 15 minutes
		{6 * 24 * time.Hour, 7 * 24 * time.Hour, "200 0123456789"},
	} {
		u := signedAgo(t, srv, tt.age, downloadview.SignOptions{Expiry: tt.expiry})
		resp, body, err := buckettest.Get(t, "GET", u)
		if err != nil {
			t.Fatal(err)
		}
		said := string(body)
		if _, code, ok := strings.Cut(said, "<Code>"); ok {
			said, _, _ = strings.Cut(code, "</Code>")
		}
		if got := fmt.Sprint(resp.StatusCode, " ", said); got != tt.want {
			t.Errorf("signed %v ago for %v: %s, want %s", tt.age, tt.expiry, got, tt.want)
		}
	}
}

// signedAgo returns a URL that was signed at an earlier time. The clock of a
// synctest bubble starts long ago, and advances without waiting.
func signedAgo(t *testing.T, srv *s3test.Server, age time.Duration, o downloadview.SignOptions) (u string) {
	then := time.Now().Add(-age)
	synctest.Test(t, func(t *testing.T) {
		<-time.After(time.Until(then))
		u = signed(t, file(t, s3bucket.New(srv.Client, srv.Bucket, nil), "a"), o)
	})
	return u
}

func TestSignedKeys(t *testing.T) {
	srv := s3test.Start(t)
	s := s3bucket.New(srv.Client, srv.Bucket, nil)
	for _, key := range []string{
		"a b", "a+b", "a%41b", "a%2Fb", "a?b=c", "a#b", "ąę日", "()'!*", "a;b&c=d", "deep/er/x", `back\slash`, "nl\n", `quote"`,
		"<&>", "~:@,$", "...", ".a", "a..b/c", "{}|^`[]", strings.Repeat("long/", 190) + "x",
	} {
		srv.Put(t, key, []byte("content of "+key))
		u := signed(t, file(t, s, key), downloadview.SignOptions{})
		resp, body, err := buckettest.Get(t, "GET", u)
		if err != nil || resp.StatusCode != http.StatusOK || string(body) != "content of "+key {
			t.Errorf("%q by %s: %s %q, %v", key, u, resp.Status, body, err)
		}
		if strings.ContainsFunc(u, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("\"<>\\^`{|}#", r) }) {
			t.Errorf("%q is signed as %s, which is no URL as it goes on the wire", key, u)
		}
	}
	for key, path := range map[string]string{"a//b": "/files/a//b", "/a": "/files//a"} {
		if u := signed(t, file(t, s, key), downloadview.SignOptions{}); !strings.Contains(u, path+"?") {
			t.Errorf("%q is signed as %s, want %s", key, u, path)
		}
	}
	for _, key := range []string{"a/../b", "./a", "a/.", "a/b/../c"} { // a client would ask for another one
		if u, _, err := downloadview.SignedURL(t.Context(), file(t, s, key), downloadview.SignOptions{}); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%q is signed as %q, %v, want errors.ErrUnsupported", key, u, err)
		}
	}
}

func TestUnsignable(t *testing.T) {
	f := file(t, s3bucket.New(offline(), "bkt", nil), "a")
	for _, tt := range []struct {
		o           downloadview.SignOptions
		unsupported bool
		says        string
	}{
		{downloadview.SignOptions{Method: "PUT"}, true, "PUT"},
		{downloadview.SignOptions{Method: "get"}, true, "get"},
		{downloadview.SignOptions{Expiry: 7*24*time.Hour + time.Second}, false, "168h0m1s"},
		{downloadview.SignOptions{Expiry: -time.Hour}, false, "-1h"},
	} {
		u, _, err := f.(downloadview.Signer).SignedURL(t.Context(), tt.o)
		pe, ok := errors.AsType[*fs.PathError](err)
		if !ok || pe.Path != "a" || errors.Is(err, errors.ErrUnsupported) != tt.unsupported || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%+v: %q, %v, want an error that says %s", tt.o, u, err, tt.says)
		}
	}

	adding := offline(func(o *s3.Options) {
		o.APIOptions = append(o.APIOptions, smithyhttp.SetHeaderValue("X-Mine", "1"))
	})
	f = file(t, s3bucket.New(adding, "bkt", nil), "a")
	if u, _, err := downloadview.SignedURL(t.Context(), f, downloadview.SignOptions{}); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a client that adds a field signs %q, %v, want errors.ErrUnsupported", u, err)
	}
	broken := errors.New("no credentials")
	poor := offline(func(o *s3.Options) {
		o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, broken })
	})
	f = file(t, s3bucket.New(poor, "bkt", nil), "a")
	if u, _, err := downloadview.SignedURL(t.Context(), f, downloadview.SignOptions{}); !errors.Is(err, downloadview.ErrUpstream) || !strings.Contains(err.Error(), "no credentials") {
		t.Errorf("without credentials: %q, %v, want ErrUpstream and the cause", u, err)
	}
}

// offline returns a client without a network.
func offline(change ...func(*s3.Options)) *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: aws.String("http://minio:9000"),
		Region:       "us-east-1",
		UsePathStyle: true,
		HTTPClient:   failing{errors.New("offline")},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b", SessionToken: "token"}, nil
		}),
	}, change...)
}

func TestWhatIsSigned(t *testing.T) {
	public := &url.URL{Scheme: "https", Host: "files.example.com"}
	inHost := func(o *s3.Options) { o.UsePathStyle = false }
	ofAWS := func(o *s3.Options) { o.BaseEndpoint, o.UsePathStyle = nil, false }
	validating := func(o *s3.Options) { o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenSupported }
	older := func(o *s3.Options) { // as gocloud.dev does
		o.BaseEndpoint = nil
		//lint:ignore SA1019 such clients are still made
		o.EndpointResolver = s3.EndpointResolverFromURL("http://older:9000")
	}
	for _, tt := range []struct {
		name    string
		client  *s3.Client
		options *s3bucket.Options
		want    string
	}{
		{"endpoint", offline(), nil, "http://minio:9000/bkt/k"},
		{"public", offline(), &s3bucket.Options{SignEndpoint: public}, "https://files.example.com/bkt/k"},
		{"public below a path", offline(), &s3bucket.Options{SignEndpoint: public.JoinPath("store")}, "https://files.example.com/store/bkt/k"},
		{"bucket in the host", offline(inHost), &s3bucket.Options{SignEndpoint: public}, "https://bkt.files.example.com/k"},
		{"of AWS", offline(ofAWS), nil, "https://bkt.s3.us-east-1.amazonaws.com/k"},
		{"older client", offline(older), nil, "http://older:9000/bkt/k"},
		{"older client, public", offline(older), &s3bucket.Options{SignEndpoint: public}, "https://files.example.com/bkt/k"},
		{"client that validates", offline(validating), nil, "http://minio:9000/bkt/k"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := s3bucket.New(tt.client, "bkt", tt.options)
			base, query, _ := strings.Cut(signed(t, file(t, s, "k"), downloadview.SignOptions{Expiry: 90*time.Second + time.Millisecond}), "?")
			q, err := url.ParseQuery(query)
			if err != nil || base != tt.want {
				t.Errorf("signed for %s, %v, want %s", base, err, tt.want)
			}
			if q.Get("X-Amz-SignedHeaders") != "host" || q.Get("X-Amz-Expires") != "90" || q.Get("X-Amz-Security-Token") != "token" {
				t.Errorf("query %v, want the host alone signed, for 90 seconds, by the session", q)
			}
			if q.Has("X-Amz-Checksum-Mode") {
				t.Errorf("query %v asks for checksums that nobody checks", q)
			}
		})
	}
}

// The store checks the host in the signature, which a proxy in front of it
// passes on.
func TestSignEndpoint(t *testing.T) {
	srv := s3test.Start(t)
	srv.Put(t, "a b", []byte("0123456789"))
	public := &url.URL{Scheme: "http", Host: "files.example.com"}
	s := s3bucket.New(srv.Client, srv.Bucket, &s3bucket.Options{SignEndpoint: public})
	rest, ok := strings.CutPrefix(signed(t, file(t, s, "a b"), downloadview.SignOptions{}), public.String())
	if !ok {
		t.Fatalf("not signed for %s", public)
	}
	for host, want := range map[string]int{public.Host: 200, "another.example.com": 403} {
		req, err := http.NewRequestWithContext(t.Context(), "GET", srv.Endpoint+rest, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("asked as %s: %s, want %d", host, resp.Status, want)
		}
	}
	h, err := file(t, s, "a b").Open(t.Context())
	if err != nil {
		t.Fatalf("the storage itself: %v", err)
	}
	if got := content(t, h); got != "0123456789" {
		t.Errorf("the storage itself has %q", got)
	}
}
