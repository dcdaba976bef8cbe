package scene_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/internal/natstest"
	"github.com/downloadview/downloadview/internal/swifttest"
	"github.com/downloadview/downloadview/internal/testserver"
	"github.com/downloadview/downloadview/middleware"
	"github.com/downloadview/downloadview/storage/s3bucket"
)

const (
	objects = 6
	size    = 24 << 20   // more than the sockets on the way hold
	pieces  = size >> 20 // of 1 MiB
)

// A site is everything that a real one has. One configuration file describes it.
type site struct {
	edge     *server
	caches   []*server
	apps     []*server
	store    *swifttest.Cluster
	asked    *buckettest.Counter[string] // methods of requests to the store, or "check"
	nats     []*natstest.Node            // for the leases and the ledger
	program  string
	log      string              // of the edge, for the ledger
	reader   *testserver.Process // of the log
	signed   atomic.Int64
	links    *middleware.Links
	contents [][]byte
}

// A server is a process that is killed and started again in the same folder.
type server struct {
	addr    string
	folder  string // of a proxy
	command func() *exec.Cmd
	process *testserver.Process
}

func (s *server) start(t *testing.T) { s.process = testserver.Start(t, s.addr, s.command()) }

func (s *server) kill() { s.process.Kill() }

const file = `storages: {films: "s3://files?region=%[6]s&endpoint=%[1]s&use_path_style=true"}
require_signature: true
key_file: links.keys
links: "%[2]s"
ledger: "%[2]s"
trusted_proxies: [127.0.0.1]
proxies:
  front:
    server: nginx
    listen: %[3]s
    upstream: %[4]s
    tier: {cache_nodes: [%[5]s], edges: [127.0.0.1], applications: [%[7]s]}
rules:
  - {id: films, source: s3://files, destination: /_films/, headers: private, signed: {expiry: 5m, cache: 1GB, slice: 1MiB}}
`

func start(t *testing.T) *site {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "downloadview")
	nginx := testserver.Binary(t, "nginx", "DOWNLOADVIEW_NGINX")
	if out, err := exec.Command("go", "build", "-o", program, "../../cmd/downloadview").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	s := &site{store: swifttest.Start(t), nats: natstest.Start(t, 3), program: program, log: filepath.Join(dir, "downloads.log")}
	s.fill(t)
	s.asked = buckettest.NewCounter(strings.TrimPrefix(s.store.Endpoint, "http://"), func(r *http.Request) string {
		if r.Header.Get("If-None-Match") != "" {
			return "check" // of a copy, after ten minutes
		}
		return r.Method
	})
	counted := httptest.NewServer(s.asked)
	t.Cleanup(counted.Close)

	conf := filepath.Join(dir, "downloadview.yaml")
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.Command(program, args...)
		var said strings.Builder
		cmd.Stderr = &said
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%q: %v, %s", args, err, said.String())
		}
		return string(out)
	}
	proxy := func(s *server, args ...string) {
		folder := t.TempDir()
		s.folder = folder
		text := run(append([]string{"config", "nginx", "--config", conf, "--folder", folder}, args...)...)
		if err := os.WriteFile(filepath.Join(folder, "nginx.conf"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		flags := []string{"-p", folder + "/", "-c", "nginx.conf", "-e", "stderr"}
		if !strings.Contains(text, "master_process") {
			flags = append(flags, "-g", "master_process off;") // workers would survive
		}
		s.command = func() *exec.Cmd { return exec.Command(nginx, flags...) }
	}
	addr := func() *server { return &server{addr: fmt.Sprintf("127.0.0.1:%d", testserver.FreePort(t))} }
	s.edge = addr()
	for range 3 {
		s.caches = append(s.caches, addr())
	}
	for range 2 {
		s.apps = append(s.apps, addr())
	}
	text := fmt.Sprintf(file, counted.URL, s.natsURLs(), s.edge.addr, s.apps[0].addr,
		strings.Join([]string{s.caches[0].addr, s.caches[1].addr, s.caches[2].addr}, ", "), s.store.Region, s.apps[1].addr)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	keyFile := filepath.Join(dir, "links.keys")
	run("key", "new", keyFile)
	keys, err := middleware.ReadKeys(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	s.links = middleware.NewLinks(keys, nil)

	proxy(s.edge, "--ledger", s.log)
	for _, c := range s.caches {
		proxy(c, "--tier", "cache", "--listen", c.addr)
		c.start(t)
	}
	for _, a := range s.apps {
		a.command = func() *exec.Cmd {
			cmd := exec.Command(program, "serve", "--config", conf, "--listen", a.addr)
			cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID="+s.store.AccessKey, "AWS_SECRET_ACCESS_KEY="+s.store.SecretKey, natsUser, natsPassword)
			return cmd
		}
		a.start(t)
	}
	s.edge.start(t)
	s.read(t)
	return s
}

// read starts the process that adds the edge's log to the ledger.
func (s *site) read(t *testing.T) {
	cmd := exec.Command(s.program, "ledger", "--into", s.natsURLs(), "--position", filepath.Join(filepath.Dir(s.log), "position"), s.log)
	cmd.Env = append(os.Environ(), natsUser, natsPassword)
	s.reader = testserver.Launch(t, cmd)
}

const (
	natsUser     = "NATS_USER=app"
	natsPassword = "NATS_PASSWORD=" + natstest.Password
)

// natsURLs are the servers of NATS, without the password.
func (s *site) natsURLs() string {
	var urls []string
	for _, n := range s.nats {
		urls = append(urls, "nats://"+n.Addr)
	}
	return strings.Join(urls, ",")
}

// fill stores the objects of each round.
func (s *site) fill(t *testing.T) {
	for i := range objects {
		s.put(t, i)
	}
}

// put stores one more object.
func (s *site) put(t *testing.T, i int) {
	content := buckettest.Numbered(i, size)
	bucket := s3bucket.New(s.store.Client, s.store.Bucket, nil)
	if err := downloadview.Save(t.Context(), bucket, key(i), bytes.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	s.contents = append(s.contents, content)
}

func key(i int) string { return fmt.Sprintf("%d.bin", i) }

// holder returns the nth of the cache nodes that have anything.
func (s *site) holder(t *testing.T, n int) *server {
	var holders []*server
	for _, c := range s.caches {
		has := false
		err := filepath.WalkDir(filepath.Join(c.folder, "downloadview_1"), func(_ string, d fs.DirEntry, err error) error {
			has = has || err == nil && d.Type().IsRegular()
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if has {
			holders = append(holders, c)
		}
	}
	if len(holders) == 0 {
		t.Fatal("no cache node has anything")
	}
	return holders[n%len(holders)]
}
