package s3bucket_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/storage/s3bucket"
	"github.com/downloadview/downloadview/storage/storagetest"
)

// through returns a bucket whose client uses rt, with credentials of p; nil
// means some valid ones.
func through(rt http.RoundTripper, p aws.CredentialsProvider) *s3bucket.Storage {
	if p == nil {
		p = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b"}, nil
		})
	}
	return s3bucket.Warm(s3bucket.New(s3.New(s3.Options{
		BaseEndpoint:     aws.String("http://s3.test"),
		Region:           "us-east-1",
		UsePathStyle:     true,
		HTTPClient:       &http.Client{Transport: rt},
		RetryMaxAttempts: 1,
		Credentials:      p,
	}), "bkt", nil))
}

func TestCauses(t *testing.T) {
	open := func(_ *testing.T, rt http.RoundTripper) downloadview.Storage { return through(rt, nil) }
	storagetest.RunCauses(t, open)
	buckettest.KeepsCause(t, open)
}

// An answer of STS, of a token file or of another source of credentials isn't
// S3's answer about the object.
func TestCausesOfCredentials(t *testing.T) {
	for _, tt := range []struct {
		status int
		code   string
	}{
		{403, "AccessDenied"},
		{404, "NotFound"},
		{404, "NoSuchKey"},
		{400, "ExpiredTokenException"},
		{412, "PreconditionFailed"},
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/xml")
			w.WriteHeader(tt.status)
			fmt.Fprintf(w, "<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code></Error></ErrorResponse>", tt.code)
		}))
		t.Cleanup(srv.Close)
		client := sts.New(sts.Options{BaseEndpoint: &srv.URL, Region: "us-east-1", RetryMaxAttempts: 1})
		token := filepath.Join(t.TempDir(), "token")
		if err := os.WriteFile(token, []byte("token"), 0o600); err != nil {
			t.Fatal(err)
		}
		for name, path := range map[string]string{"answer": token, "no token file": token + ".gone"} {
			t.Run(name+" "+tt.code, func(t *testing.T) {
				p := stscreds.NewWebIdentityRoleProvider(client, "arn:aws:iam::123456789012:role/r", stscreds.IdentityTokenFile(path))
				checkCredentials(t, p)
			})
		}
	}
	t.Run("plain", func(t *testing.T) {
		checkCredentials(t, aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{}, fmt.Errorf("sso: %w", fs.ErrPermission)
		}))
	})
}

func checkCredentials(t *testing.T, p aws.CredentialsProvider) {
	s := through(http.DefaultTransport, aws.NewCredentialsCache(p))
	f := file(t, s, "a")
	_, err := f.Open(t.Context())
	buckettest.CheckCause(t, "Open", err, err)
	_, err = downloadview.Stat(t.Context(), f)
	buckettest.CheckCause(t, "Stat", err, err)
	_, err = downloadview.Exists(t.Context(), s, "a")
	buckettest.CheckCause(t, "Exists", err, err)
	_, _, err = downloadview.SignedURL(t.Context(), f, downloadview.SignOptions{})
	buckettest.CheckCause(t, "SignedURL", err, err)
}

// The end of the request's own context keeps its meaning, even in the middle of
// a body.
func TestEndedRequest(t *testing.T) {
	s := fake(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "10")
		io.WriteString(w, "01234")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	h, err := file(t, s, "a").Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	cancel()
	if _, err := io.ReadAll(h); !errors.Is(err, context.Canceled) || errors.Is(err, downloadview.ErrUpstream) {
		t.Errorf("Read after the request has ended: %v, want context.Canceled alone", err)
	}
	if _, err := file(t, s, "a").Open(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Open after the request has ended: %v, want context.Canceled", err)
	}
}
