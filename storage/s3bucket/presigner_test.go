package s3bucket_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/s3test"
	"github.com/downloadview/downloadview/storage/s3bucket"
)

// The identity of an object doesn't depend on the credentials, and contains no
// secret.
func TestIdentity(t *testing.T) {
	at := func(endpoint string, change ...func(*s3.Options)) *s3.Client {
		return offline(append([]func(*s3.Options){func(o *s3.Options) {
			o.BaseEndpoint, o.UsePathStyle = &endpoint, true
		}}, change...)...)
	}
	amazon := offline(func(o *s3.Options) { o.BaseEndpoint, o.UsePathStyle, o.Region = nil, false, "eu-central-1" })
	public, err := url.Parse("https://files.example.com")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		s      *s3bucket.Storage
		key    string
		pinned string
		want   string
	}{
		{"one store", s3bucket.New(at("http://one.test:9000"), "bkt", nil), "a", "", "http://one.test:9000/bkt/a"},
		{"another", s3bucket.New(at("http://two.test:9000"), "bkt", nil), "a", "", "http://two.test:9000/bkt/a"},
		{"prefix and odd key", s3bucket.New(at("http://one.test"), "bkt", &s3bucket.Options{Prefix: "in/"}), "a#b c%/ä", "", "http://one.test/bkt/in/a%23b%20c%25/%C3%A4"},
		{"pinned", s3bucket.New(at("http://one.test"), "bkt", nil), "a", `"v1"`, "http://one.test/bkt/a#%22v1%22"},
		{"Amazon's", s3bucket.New(amazon, "bkt", nil), "a", "", "https://bkt.s3.eu-central-1.amazonaws.com/a"},
		{"public name", s3bucket.New(at("http://one.test"), "bkt", &s3bucket.Options{SignEndpoint: public}), "a", "", "http://one.test/bkt/a"},
		{"anonymous", s3bucket.New(at("http://one.test", func(o *s3.Options) { o.Credentials = aws.AnonymousCredentials{} }), "bkt", nil), "a", "", "http://one.test/bkt/a"},
		{"credentials that are out of reach", s3bucket.New(at("http://one.test", func(o *s3.Options) {
			o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				t.Error("credentials are asked for")
				return aws.Credentials{}, context.Canceled
			})
		}), "bkt", nil), "a", "", "http://one.test/bkt/a"},
		{"password in the endpoint", s3bucket.New(at("http://me:secret@one.test"), "bkt", nil), "a", "", "http://one.test/bkt/a"},
		{"directory bucket", s3bucket.New(amazon, "bkt--euc1-az1--x-s3", nil), "a", "", "https://bkt--euc1-az1--x-s3.s3express-euc1-az1.eu-central-1.amazonaws.com/a"},
	} {
		f := file(t, tt.s, tt.key)
		if tt.pinned != "" {
			f = downloadview.Pin(f, tt.pinned)
		}
		if id, ok := downloadview.IdentityOf(f); id != tt.want || !ok {
			t.Errorf("%s: identity %q, %v; want %q", tt.name, id, ok, tt.want)
		}
	}
}

// SignedURL never reports a URL as valid for longer than the credentials that
// signed it.
func TestSignedUntilTheCredentialsEnd(t *testing.T) {
	for _, tt := range []struct {
		name   string
		end    time.Duration // of the credentials; 0: never
		expiry time.Duration
		want   time.Duration
	}{
		{"never", 0, 0, 15 * time.Minute},
		{"later", time.Hour, 10 * time.Minute, 10 * time.Minute},
		{"sooner", 12 * time.Second, 10 * time.Minute, 12 * time.Second},
		{"ended", -time.Minute, 10 * time.Minute, -time.Minute},
	} {
		client := offline(func(o *s3.Options) {
			o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{
					AccessKeyID: "role", SecretAccessKey: "secret", SessionToken: "token",
					CanExpire: tt.end != 0, Expires: time.Now().Add(tt.end),
				}, nil
			})
		})
		for _, method := range []string{"GET", "HEAD"} {
			_, until, err := downloadview.SignedURL(t.Context(), file(t, s3bucket.New(client, "bkt", nil), "a"), downloadview.SignOptions{Method: method, Expiry: tt.expiry})
			if err != nil {
				t.Fatal(err)
			}
			if off := time.Until(until) - tt.want; off > time.Second || off < -5*time.Second {
				t.Errorf("%s, %s: good for %v, want %v", tt.name, method, time.Until(until), tt.want)
			}
		}
	}
}

// If the machine's clock is wrong, URLs are signed by the store's clock, once
// an answer has shown it. In this test, the store's clock is the wrong one.
func TestSignedByTheStoresClock(t *testing.T) {
	srv := s3test.Start(t)
	srv.Put(t, "a", []byte("content"))
	target, err := url.Parse(srv.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	for _, ahead := range []time.Duration{-2 * time.Hour, 2 * time.Hour} {
		front := httptest.NewServer(&httputil.ReverseProxy{
			Rewrite: func(r *httputil.ProxyRequest) {
				r.SetURL(target)
				r.Out.Host = r.In.Host
			},
			ModifyResponse: func(r *http.Response) error {
				r.Header.Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
				return nil
			},
		})
		defer front.Close()
		for name, disabled := range map[string]bool{"learned": false, "not to be learned": true} {
			quick := srv.NewClient(t, func(o *s3.Options) {
				o.BaseEndpoint, o.DisableClockSkewCorrection = &front.URL, disabled
				o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
					return aws.Credentials{
						AccessKeyID: srv.AccessKey, SecretAccessKey: srv.SecretKey,
						CanExpire: true, Expires: time.Now().Add(ahead).Add(5 * time.Minute), // by the store's clock
					}, nil
				})
			})
			f := file(t, s3bucket.New(quick, srv.Bucket, nil), "a")
			if _, err := downloadview.Stat(t.Context(), f); err != nil {
				t.Fatal(err)
			}
			u, until, err := downloadview.SignedURL(t.Context(), f, downloadview.SignOptions{})
			if err != nil {
				t.Fatal(err)
			}
			parsed, err := url.Parse(u)
			if err != nil {
				t.Fatal(err)
			}
			at, err := time.Parse("20060102T150405Z", parsed.Query().Get("X-Amz-Date"))
			if err != nil {
				t.Fatal(err)
			}
			want := ahead
			if disabled {
				want = 0
			}
			if off := time.Until(at) - want; off.Abs() > time.Minute {
				t.Errorf("%s, %v: signed for %v from now, want %v", name, ahead, time.Until(at).Round(time.Second), want)
			}
			if left := time.Until(until); !disabled && (left > 5*time.Minute+2*time.Second || left < 4*time.Minute) {
				t.Errorf("%s, %v: good for %v, want the five minutes of the credentials", name, ahead, left)
			}
		}
	}
}
