// Package azuretest runs a real server of Azure Blob Storage for tests: Azurite,
// which checks signatures and preconditions, in memory.
package azuretest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/internal/testserver"
)

// A Server is a running server with one empty container.
type Server struct {
	Endpoint  string // the server itself, such as "http://127.0.0.1:34567"
	Counted   string // the URL of the Counter in front of it
	Account   string
	Key       string // in base64
	Container string

	// Client uses Container through Counted.
	Client  *container.Client
	Counter *Counter
}

// Start runs a server until the test ends. The binary is the one in
// DOWNLOADVIEW_AZURITE, or azurite-blob on PATH, or bin/azurite-blob of this
// module, which scripts/azurite installs. Without one the test is skipped, as
// [testserver.Binary] says.
func Start(t testing.TB) *Server {
	t.Helper()
	binary := testserver.Binary(t, "azurite-blob", "DOWNLOADVIEW_AZURITE")
	port := testserver.FreePort(t)
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	s := &Server{
		Endpoint:  "http://" + addr,
		Account:   "tester",
		Key:       "a2V5IG9mIHRoZSB0ZXN0cw==",
		Container: "files",
	}
	dir := t.TempDir()
	cmd := exec.Command(binary, "--blobHost", "127.0.0.1", "--blobPort", fmt.Sprint(port),
		"--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry", "--silent")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir, "AZURITE_ACCOUNTS="+s.Account+":"+s.Key)
	testserver.Start(t, addr, cmd)

	s.Counter = buckettest.NewCounter(addr, see)
	front := httptest.NewServer(s.Counter)
	t.Cleanup(front.Close)
	s.Counted = front.URL
	s.Client = s.NewClient(t, s.Container)
	if _, err := s.Client.Create(t.Context(), nil); err != nil {
		t.Fatalf("create container %q: %v", s.Container, err)
	}
	s.Counter.Reset()
	return s
}

// Credential returns the account's key.
func (s *Server) Credential(t testing.TB) *container.SharedKeyCredential {
	t.Helper()
	credential, err := container.NewSharedKeyCredential(s.Account, s.Key)
	if err != nil {
		t.Fatal(err)
	}
	return credential
}

// NewClient returns a client of a container, which need not exist, through the
// counter, with its own connections and no retries. change may alter its
// options.
func (s *Server) NewClient(t testing.TB, name string, change ...func(*container.ClientOptions)) *container.Client {
	t.Helper()
	o := Options(t)
	for _, c := range change {
		c(o)
	}
	client, err := container.NewClientWithSharedKeyCredential(s.Counted+"/"+s.Account+"/"+name, s.Credential(t), o)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// Options returns options of a client with its own connections and no retries.
func Options(t testing.TB) *container.ClientOptions {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	o := &container.ClientOptions{}
	o.Transport = &http.Client{Transport: transport}
	o.Retry = policy.RetryOptions{MaxRetries: -1}
	return o
}

// Put stores a blob. change may alter the request, for example to set a content
// type.
func (s *Server) Put(t testing.TB, key string, content []byte, change ...func(*blockblob.UploadBufferOptions)) {
	t.Helper()
	if err := s.TryPut(t.Context(), key, content, change...); err != nil {
		t.Fatalf("put %q: %v", key, err)
	}
}

// TryPut is Put for keys that the server may refuse.
func (s *Server) TryPut(ctx context.Context, key string, content []byte, change ...func(*blockblob.UploadBufferOptions)) error {
	o := &blockblob.UploadBufferOptions{}
	for _, c := range change {
		c(o)
	}
	_, err := s.Client.NewBlockBlobClient(key).UploadBuffer(ctx, content, o)
	return err
}
