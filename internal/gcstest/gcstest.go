// Package gcstest runs a server with the API of Google Cloud Storage for tests:
// fake-gcs-server, in memory. It has one generation of each object, and checks
// neither signatures nor the preconditions of reads.
package gcstest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"testing"

	"cloud.google.com/go/storage"
	"google.golang.org/api/option"

	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/internal/testserver"
)

// A Server is a running server with one empty bucket.
type Server struct {
	Endpoint string // the server itself, such as "http://127.0.0.1:34567"
	Counted  string // the URL of the Counter in front of it
	Bucket   string

	// Client uses the server through Counted.
	Client  *storage.Client
	Counter *Counter
}

// Start runs a server until the test ends. The binary is the one in
// DOWNLOADVIEW_FAKE_GCS, or fake-gcs-server on PATH, or bin/fake-gcs-server of
// this module. Without one the test is skipped, as [testserver.Binary] says.
func Start(t testing.TB) *Server {
	t.Helper()
	binary := testserver.Binary(t, "fake-gcs-server", "DOWNLOADVIEW_FAKE_GCS")
	port := testserver.FreePort(t)
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	s := &Server{Endpoint: "http://" + addr, Bucket: "files"}
	s.Counter = buckettest.NewCounter(addr, see)
	front := httptest.NewServer(s.Counter)
	t.Cleanup(front.Close)
	s.Counted = front.URL
	// Requests to the public host have paths like /bucket/object.
	cmd := exec.Command(binary, "-scheme", "http", "-host", "127.0.0.1", "-port", fmt.Sprint(port),
		"-backend", "memory", "-public-host", front.Listener.Addr().String(), "-external-url", front.URL)
	cmd.Dir = t.TempDir()
	testserver.Start(t, addr, cmd)

	s.Client = s.NewClient(t, &http.Transport{})
	if err := s.Client.Bucket(s.Bucket).Create(t.Context(), "project", nil); err != nil {
		t.Fatalf("create bucket %q: %v", s.Bucket, err)
	}
	s.Counter.Reset()
	return s
}

// NewClient returns another client of the server, through the counter. opts may
// be [storage.WithJSONReads], for example.
func (s *Server) NewClient(t testing.TB, transport http.RoundTripper, opts ...option.ClientOption) *storage.Client {
	t.Helper()
	return NewClient(t, s.Counted, transport, opts...)
}

// NewClient returns a client, without credentials, of the server at url.
func NewClient(t testing.TB, url string, transport http.RoundTripper, opts ...option.ClientOption) *storage.Client {
	t.Helper()
	hc := &http.Client{Transport: transport}
	t.Cleanup(hc.CloseIdleConnections)
	client, err := storage.NewClient(context.Background(), append([]option.ClientOption{
		option.WithEndpoint(url + "/storage/v1/"), option.WithHTTPClient(hc), option.WithoutAuthentication(),
	}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// Put stores an object. change may alter its attributes, for example to set a
// content type.
func (s *Server) Put(t testing.TB, key string, content []byte, change ...func(*storage.ObjectAttrs)) {
	t.Helper()
	if err := s.TryPut(t.Context(), key, content, change...); err != nil {
		t.Fatalf("put %q: %v", key, err)
	}
}

// TryPut is Put for keys that the server may refuse.
func (s *Server) TryPut(ctx context.Context, key string, content []byte, change ...func(*storage.ObjectAttrs)) error {
	w := s.Client.Bucket(s.Bucket).Object(key).NewWriter(ctx)
	for _, c := range change {
		c(&w.ObjectAttrs)
	}
	if _, err := w.Write(content); err != nil {
		w.Close()
		return err
	}
	return w.Close()
}
