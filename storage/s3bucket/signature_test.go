package s3bucket_test

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/tracing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/internal/s3test"
	"github.com/downloadview/downloadview/storage/s3bucket"
)

// manyURLs is more than the SDK signs before the storage does without it.
const manyURLs = 5

// traced are traces of a program's own, that nobody looks at.
type traced struct{ tracing.NopTracerProvider }

// endOf returns when a URL ends by its own parameters.
func endOf(t *testing.T, signed string) time.Time {
	t.Helper()
	u, err := url.Parse(signed)
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.Parse("20060102T150405Z", u.Query().Get("X-Amz-Date"))
	if err != nil {
		t.Fatal(err)
	}
	life, err := time.ParseDuration(u.Query().Get("X-Amz-Expires") + "s")
	if err != nil {
		t.Fatal(err)
	}
	return at.Add(life)
}

// Within a window, every process signs the same URL. It is valid for at least
// what the window leaves, and SignedURL says for how long.
func TestSignedURLsOfAWindow(t *testing.T) {
	for name, change := range map[string]func(*s3.Options){
		"by the signer": func(*s3.Options) {},
		"by the client": func(o *s3.Options) { o.TracerProvider = traced{} },
	} {
		synctest.Test(t, func(t *testing.T) {
			o := downloadview.SignOptions{Expiry: 10 * time.Minute, Window: 5 * time.Minute}
			changes := map[string][]time.Duration{} // when, after the start
			last := map[string]string{}
			start := time.Now()
			for range 4 * 60 {
				time.Sleep(15*time.Second - 7*time.Millisecond)
				for _, key := range []string{"a", "b", "c"} {
					for _, method := range []string{"GET", "HEAD"} {
						o.Method = method
						one := signed(t, file(t, s3bucket.New(offline(change), "bkt", nil), key), o)
						two := file(t, s3bucket.New(offline(change), "bkt", nil), key)
						for range manyURLs {
							u, until, err := downloadview.SignedURL(t.Context(), two, o)
							left := time.Until(until)
							if err != nil || u != one || !until.Equal(endOf(t, u)) || left < 5*time.Minute || left > 10*time.Minute {
								t.Fatalf("%s: %s, another process has %s; valid for %v until %v, by its parameters %v; %v", name, u, one, left, until, endOf(t, u), err)
							}
						}
						if method == "GET" && last[key] != one {
							last[key] = one
							changes[key] = append(changes[key], time.Since(start))
						}
					}
				}
			}
			for key, at := range changes {
				if n := len(at); n < 12 || n > 14 { // an hour
					t.Errorf("%s: %q has %d URLs in an hour, want one for 5 minutes", name, key, n)
				}
			}
			if a, b, c := changes["a"][1], changes["b"][1], changes["c"][1]; a == b && b == c {
				t.Errorf("%s: the URLs of all keys change after %v, want different times", name, a)
			}
		})
	}
}

// The credentials end the validity also of a URL whose time was rounded.
func TestSignedURLsOfAWindowEndWithTheCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end := time.Now().Add(6 * time.Minute)
		client := offline(func(o *s3.Options) {
			o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: "role", SecretAccessKey: "secret", CanExpire: true, Expires: end}, nil
			})
		})
		f := file(t, s3bucket.New(client, "bkt", nil), "a")
		for range 12 {
			u, until, err := downloadview.SignedURL(t.Context(), f, downloadview.SignOptions{Expiry: 10 * time.Minute, Window: 5 * time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			want := endOf(t, u)
			if want.After(end) {
				want = end
			}
			if !until.Equal(want) {
				t.Errorf("valid until %v, want %v, with the credentials until %v", until, want, end)
			}
			time.Sleep(29 * time.Second)
		}
	})
}

// New credentials sign at once, whatever the window.
func TestSignedByNewCredentials(t *testing.T) {
	by := "old"
	client := offline(func(o *s3.Options) {
		o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: by, SecretAccessKey: "secret"}, nil
		})
	})
	f := file(t, s3bucket.New(client, "bkt", nil), "a")
	for _, by = range []string{"old", "new", "newest"} {
		for range manyURLs {
			u, err := url.Parse(signed(t, f, downloadview.SignOptions{Window: time.Minute}))
			if err != nil || u.Query().Get("X-Amz-Credential")[:len(by)+1] != by+"/" {
				t.Fatalf("%v is signed by another than %s, %v", u, by, err)
			}
		}
	}
}

// A store accepts a URL whose time was rounded down, and two processes hand the same
// one over.
func TestHandedOverURLsRepeat(t *testing.T) {
	srv := s3test.Start(t)
	srv.Put(t, "a b", []byte("0123456789"))
	urlOf := func() string {
		a, err := accel.New(accel.Nginx(), []accel.Rule{{Source: "s3://" + srv.Bucket, Destination: "/_s3/", Signed: &accel.Signed{Expiry: 84 * time.Hour}}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		s := s3bucket.New(srv.Client, srv.Bucket, nil)
		for range manyURLs { // others
			signed(t, file(t, s, "other"), downloadview.SignOptions{})
		}
		h := downloadview.NewHandler(a.Middleware(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
			return downloadview.Response{File: file(t, s, "a b")}, nil
		})), nil)
		r, err := http.NewRequestWithContext(t.Context(), "GET", "/report", nil)
		if err != nil {
			t.Fatal(err)
		}
		w := headerOnly{http.Header{}}
		h.ServeHTTP(w, r)
		return w.h.Get("X-Download-Url")
	}
	one := urlOf()
	if two := urlOf(); one != two || one == "" {
		t.Errorf("two processes hand over\n%s and\n%s, want the same", one, two)
	}
	resp, body, err := buckettest.Get(t, "GET", one)
	if err != nil || resp.StatusCode != http.StatusOK || string(body) != "0123456789" {
		t.Errorf("%s: %s %q, %v", one, resp.Status, body, err)
	}
}
