// Package s3test runs a real S3 server for tests: versitygw, which checks
// signatures and preconditions, over a temporary folder.
package s3test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/internal/testserver"
)

// A Server is a running S3 server with one empty bucket.
type Server struct {
	Endpoint  string // the server itself, such as "http://127.0.0.1:34567"
	Counted   string // the URL of the Counter in front of it
	Region    string
	AccessKey string
	SecretKey string
	Bucket    string

	// Client uses the server through Counted, with Bucket in the path.
	Client  *s3.Client
	Counter *Counter
}

// Start runs a server until the test ends. The binary is the one in
// DOWNLOADVIEW_VERSITYGW, or versitygw on PATH, or bin/versitygw of this
// module. Without one the test is skipped, as [testserver.Binary] says.
func Start(t testing.TB) *Server {
	t.Helper()
	binary := testserver.Binary(t, "versitygw", "DOWNLOADVIEW_VERSITYGW")
	addr := fmt.Sprintf("127.0.0.1:%d", testserver.FreePort(t))
	s := &Server{
		Endpoint:  "http://" + addr,
		Region:    "us-east-1",
		AccessKey: "test",
		SecretKey: "testtesttest",
		Bucket:    "files",
	}
	cmd := exec.Command(binary, "--access", s.AccessKey, "--secret", s.SecretKey,
		"--port", addr, "--region", s.Region, "--keep-alive", "posix", t.TempDir())
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	testserver.Start(t, addr, cmd)

	s.Counter = buckettest.NewCounter(addr, see)
	front := httptest.NewServer(s.Counter)
	t.Cleanup(front.Close)
	s.Counted = front.URL
	s.Client = s.NewClient(t)
	if _, err := s.Client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &s.Bucket}); err != nil {
		t.Fatalf("create bucket %q: %v", s.Bucket, err)
	}
	s.Counter.Reset()
	return s
}

// NewClient returns another client of the server, through the counter, with its
// own connections. change may alter its options.
func (s *Server) NewClient(t testing.TB, change ...func(*s3.Options)) *s3.Client {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return s3.New(s3.Options{
		BaseEndpoint: &s.Counted,
		Region:       s.Region,
		UsePathStyle: true,
		HTTPClient:   &http.Client{Transport: transport},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: s.AccessKey, SecretAccessKey: s.SecretKey}, nil
		}),
	}, change...)
}

// Put stores an object. change may alter the request, for example to set a
// content type.
func (s *Server) Put(t testing.TB, key string, content []byte, change ...func(*s3.PutObjectInput)) {
	t.Helper()
	if err := s.TryPut(t.Context(), key, content, change...); err != nil {
		t.Fatalf("put %q: %v", key, err)
	}
}

// TryPut is Put for keys that the server may refuse.
func (s *Server) TryPut(ctx context.Context, key string, content []byte, change ...func(*s3.PutObjectInput)) error {
	in := &s3.PutObjectInput{Bucket: &s.Bucket, Key: &key, Body: bytes.NewReader(content)}
	for _, c := range change {
		c(in)
	}
	_, err := s.Client.PutObject(ctx, in)
	return err
}
