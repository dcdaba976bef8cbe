//go:build linux

package swifttest

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/downloadview/downloadview/internal/testserver"
)

// A Cluster is a running store with one empty bucket.
type Cluster struct {
	Endpoint  string // of the gateway, such as "http://127.0.0.1:23456"
	Region    string
	AccessKey string
	SecretKey string
	Bucket    string

	// Client uses Bucket in the path. It doesn't retry.
	Client *s3.Client

	t       testing.TB // the one passed to Start
	dir     string
	nodes   [Nodes]map[string]*server // by kind
	gateway server
}

const (
	region    = "us-east-1"
	accessKey = "test:tester"
	secretKey = "testing"
)

// Start runs a store until the test ends. That takes ten seconds, and several
// times as long on a busy machine. Its programs are those on PATH, or those in
// DOWNLOADVIEW_SWIFT_PROXY_SERVER, DOWNLOADVIEW_MEMCACHED and so on. Without
// them the test is skipped, as [testserver.Binary] says.
func Start(t testing.TB) *Cluster {
	t.Helper()
	c := &Cluster{Region: region, AccessKey: accessKey, SecretKey: secretKey, Bucket: "files", t: t}
	for _, name := range []string{"memcached", "swift-ring-builder", "swift-proxy-server", "swift-object-server", "swift-container-server", "swift-account-server"} {
		c.program(t, name)
	}
	c.dir = makeFolder(t)
	c.write(t, "swift.conf", commonConf)
	for n := range c.nodes {
		c.makeNode(t, n)
	}
	memcached := testserver.FreePort(t)
	port := testserver.FreePort(t)
	c.gateway = server{
		program: "swift-proxy-server",
		conf:    c.write(t, "gateway.conf", gatewayConf(c.dir, userName(t), port, memcached)),
		addr:    loopback(port),
	}
	c.makeRings(t)

	memory := c.launch(t, "memcached", "-l", "127.0.0.1", "-p", strconv.Itoa(memcached), "-m", "32")
	for n := range c.nodes {
		c.launchNode(n)
	}
	c.launchServer(&c.gateway)
	memory.Await(t, loopback(memcached))
	for n := range c.nodes {
		c.awaitNode(t, n)
	}
	c.gateway.process.Await(t, c.gateway.addr)

	c.Endpoint = "http://" + c.gateway.addr
	c.Client = c.newClient(t)
	if _, err := c.Client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &c.Bucket}); err != nil {
		t.Fatalf("create bucket %q: %v", c.Bucket, err)
	}
	return c
}

func (c *Cluster) newClient(t testing.TB) *s3.Client {
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return s3.New(s3.Options{
		BaseEndpoint: &c.Endpoint,
		Region:       c.Region,
		UsePathStyle: true,
		HTTPClient:   &http.Client{Transport: transport},
		Retryer:      aws.NopRetryer{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: c.AccessKey, SecretAccessKey: c.SecretKey}, nil
		}),
	})
}

// Log returns the gateway's output since it was started.
func (c *Cluster) Log() string { return c.gateway.process.Log() }

func loopback(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }
