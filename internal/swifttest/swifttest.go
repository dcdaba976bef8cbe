//go:build unix

// Package swifttest runs a real distributed object store for tests: OpenStack
// Swift on three storage nodes, which keep three copies of every object and
// speak S3.
package swifttest

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/downloadview/downloadview/internal/testserver"
)

// Nodes is how many storage nodes there are, with a copy of every object each.
const Nodes = 3

// A Cluster is a running store with one empty bucket.
type Cluster struct {
	Endpoint string // such as "http://127.0.0.1:34567"
	Bucket   string
	Client   *s3.Client

	t     testing.TB // that of Start
	dir   string
	nodes [Nodes]map[string]*server // by kind
}

// A server is one process of a node.
type server struct {
	conf    string
	addr    string
	process *testserver.Process // nil: killed
}

// Start runs a store until the test is over. Its programs are those on PATH, or
// what DOWNLOADVIEW_SWIFT_PROXY_SERVER and the like name; without them the test is
// skipped, as [testserver.Binary] says.
func Start(t testing.TB) *Cluster {
	t.Helper()
	dir := folder(t)
	c := &Cluster{Bucket: "files", t: t, dir: dir}
	memcached := testserver.FreePort(t)
	c.write(t, "swift.conf", common)
	for n := range c.nodes {
		c.nodes[n] = make(map[string]*server)
		c.makeFolder(t, fmt.Sprintf("n%d/d%d", n+1, n+1))
	}
	for _, kind := range kinds {
		c.makeRing(t, kind)
	}
	memory := c.launch(t, "memcached", "-l", "127.0.0.1", "-p", strconv.Itoa(memcached), "-m", "32")
	for n := range c.nodes {
		for _, kind := range kinds {
			c.launchServer(t, n, kind)
		}
	}
	port := testserver.FreePort(t)
	conf := c.write(t, "proxy.conf", proxyConf(dir, port, memcached))
	proxy := c.launch(t, "swift-proxy-server", conf, "-v")
	memory.Await(t, "127.0.0.1:"+strconv.Itoa(memcached))
	for n := range c.nodes {
		c.await(t, n)
	}
	proxy.Await(t, "127.0.0.1:"+strconv.Itoa(port))
	c.Endpoint = "http://127.0.0.1:" + strconv.Itoa(port)
	c.Client = c.NewClient(t)
	if _, err := c.Client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &c.Bucket}); err != nil {
		t.Fatalf("create bucket %q: %v", c.Bucket, err)
	}
	return c
}

// NewClient returns another client of the store, with connections of its own.
// change may alter its options.
func (c *Cluster) NewClient(t testing.TB, change ...func(*s3.Options)) *s3.Client {
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return s3.New(s3.Options{
		BaseEndpoint: &c.Endpoint,
		Region:       "us-east-1",
		UsePathStyle: true,
		HTTPClient:   &http.Client{Transport: transport},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test:tester", SecretAccessKey: "testing"}, nil
		}),
	}, change...)
}

// Kill ends the servers of the n-th node at once, as when it loses power.
func (c *Cluster) Kill(n int) {
	for _, s := range c.nodes[n] {
		if s.process != nil {
			s.process.Kill()
			s.process = nil
		}
	}
}

// Revive starts the servers of a killed node, with what they have stored.
func (c *Cluster) Revive(n int) {
	c.t.Helper()
	t := c.t // they live as long as the store
	for _, kind := range kinds {
		c.launchServer(t, n, kind)
	}
	c.await(t, n)
}

func (c *Cluster) await(t testing.TB, n int) {
	t.Helper()
	for _, s := range c.nodes[n] {
		s.process.Await(t, s.addr)
	}
}

func (c *Cluster) launchServer(t testing.TB, n int, kind string) {
	t.Helper()
	s := c.nodes[n][kind]
	s.process = c.launch(t, "swift-"+kind+"-server", s.conf, "-v")
}

// makeRing says which servers of a kind there are. The ports are chosen here.
func (c *Cluster) makeRing(t testing.TB, kind string) {
	t.Helper()
	builder := filepath.Join(c.dir, kind+".builder")
	steps := [][]string{{"create", "6", strconv.Itoa(Nodes), "0"}}
	for n := range c.nodes {
		port := testserver.FreePort(t)
		addr := "127.0.0.1:" + strconv.Itoa(port)
		conf := c.write(t, fmt.Sprintf("%s-%d.conf", kind, n+1), serverConf(c.dir, kind, n+1, port))
		c.nodes[n][kind] = &server{conf: conf, addr: addr}
		steps = append(steps, []string{"add", fmt.Sprintf("r1z%d-%s/d%d", n+1, addr, n+1), "1"})
	}
	for _, step := range append(steps, []string{"rebalance"}) {
		cmd := c.command(t, "swift-ring-builder", append([]string{builder}, step...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", cmd, err, out)
		}
	}
}

func (c *Cluster) launch(t testing.TB, name string, args ...string) *testserver.Process {
	t.Helper()
	return testserver.Launch(t, c.command(t, name, args...))
}

// command returns a command of an unprivileged user, as Swift wants it.
func (c *Cluster) command(t testing.TB, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(testserver.Binary(t, name, envVar(name)), args...)
	cmd.Dir = c.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "SWIFT_DIR=" + c.dir, "HOME=" + c.dir, "LC_ALL=C.UTF-8"}
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	return cmd
}

func (c *Cluster) write(t testing.TB, name, content string) (path string) {
	t.Helper()
	path = filepath.Join(c.dir, name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func (c *Cluster) makeFolder(t testing.TB, name string) {
	t.Helper()
	for path := filepath.Join(c.dir, name); path != c.dir; path = filepath.Dir(path) {
		if err := os.MkdirAll(path, 0o755); err != nil {
			t.Fatal(err)
		}
		give(t, path)
	}
}

// nobody is the user that the servers run as where the test runs as root.
const nobody = 65534

func give(t testing.TB, path string) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	if err := os.Chown(path, nobody, nobody); err != nil {
		t.Fatal(err)
	}
}

// folder makes a folder for the servers' user. That of t.TempDir is closed to
// others.
func folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "swift")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // servers that have just been killed may leave it busy
		deadline := time.Now().Add(10 * time.Second)
		for err := os.RemoveAll(dir); err != nil; err = os.RemoveAll(dir) {
			if time.Now().After(deadline) {
				t.Error(err)
				return
			}
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	give(t, dir)
	return dir
}
