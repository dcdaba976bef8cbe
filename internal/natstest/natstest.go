// Package natstest runs real NATS servers for tests.
package natstest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview/internal/testserver"
)

// A Node is a running server with JetStream.
type Node struct {
	Name    string
	Addr    string // host and port for clients
	process *testserver.Process
	command func() *exec.Cmd

	CertFile string // the certificate, if the server was started by StartTLS
}

// Kill ends the server at once.
func (n *Node) Kill() { n.process.Kill() }

// Revive starts the server again, with what it had stored, and returns when it accepts
// connections.
func (n *Node) Revive(t testing.TB) {
	t.Helper()
	n.process = testserver.Start(t, n.Addr, n.command())
}

// Password is that of the user "app" on every server.
const Password = "not-to-be-seen"

// URL is the server's URL, with user and password.
func (n *Node) URL() string {
	scheme := "nats"
	if n.CertFile != "" {
		scheme = "tls"
	}
	return scheme + "://app:" + Password + "@" + n.Addr
}

// Start runs n servers, as a cluster if there are several, until the test ends, and
// returns when they have a leader. The binary is the one in DOWNLOADVIEW_NATS_SERVER, or
// nats-server on PATH or in bin. Without one the test is skipped, as
// [testserver.Binary] says.
func Start(t testing.TB, n int) []*Node {
	t.Helper()
	return start(t, n, "")
}

// StartTLS runs one server as Start does, which asks all clients for TLS. It has a
// certificate for 127.0.0.1 in CertFile, and asks clients for none.
func StartTLS(t testing.TB) *Node {
	t.Helper()
	cert, key := testserver.Certificate(t)
	node := start(t, 1, fmt.Sprintf("tls { cert_file: %q, key_file: %q }\n", cert, key))[0]
	node.CertFile = cert
	return node
}

// start runs servers whose configuration has more at its end.
func start(t testing.TB, n int, more string) []*Node {
	t.Helper()
	binary := testserver.Binary(t, "nats-server", "DOWNLOADVIEW_NATS_SERVER")
	dir := t.TempDir()
	var nodes []*Node
	var monitors, routes []string
	ports := freePorts(t, 3*n)
	for i := range n {
		nodes = append(nodes, &Node{Name: fmt.Sprintf("n%d", i+1), Addr: fmt.Sprintf("127.0.0.1:%d", ports[3*i])})
		monitors = append(monitors, fmt.Sprintf("127.0.0.1:%d", ports[3*i+1]))
		routes = append(routes, fmt.Sprintf("127.0.0.1:%d", ports[3*i+2]))
	}
	for i, node := range nodes {
		conf := fmt.Sprintf("server_name: %s\nlisten: %q\nhttp: %q\njetstream { store_dir: %q }\nauthorization { user: app, password: %q }\n",
			node.Name, node.Addr, monitors[i], filepath.Join(dir, node.Name), Password)
		if n > 1 {
			conf += fmt.Sprintf("cluster { name: c, listen: %q, routes: [\"nats://%s\"] }\n", routes[i], strings.Join(routes, `", "nats://`))
		}
		conf += more
		file := filepath.Join(dir, node.Name+".conf")
		if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
			t.Fatal(err)
		}
		node.command = func() *exec.Cmd { return exec.Command(binary, "-c", file) }
		node.process = testserver.Launch(t, node.command())
	}
	for i, node := range nodes {
		node.process.Await(t, node.Addr)
		awaitLeader(t, monitors[i], n)
	}
	return nodes
}

// freePorts returns different ports.
func freePorts(t testing.TB, n int) []int {
	t.Helper()
	var ports []int
	seen := map[int]bool{}
	for len(ports) < n {
		if p := testserver.FreePort(t); !seen[p] {
			seen[p] = true
			ports = append(ports, p)
		}
	}
	return ports
}

// awaitLeader returns when a server knows the leader of all n.
func awaitLeader(t testing.TB, monitor string, n int) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !hasLeader(monitor, n) {
		if time.Now().After(deadline) {
			t.Fatal("the servers have no leader after a minute")
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func hasLeader(monitor string, n int) bool {
	resp, err := http.Get("http://" + monitor + "/jsz")
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	var is struct {
		Meta struct {
			Leader string `json:"leader"`
			Size   int    `json:"cluster_size"`
		} `json:"meta_cluster"`
	}
	if json.NewDecoder(resp.Body).Decode(&is) != nil {
		return false
	}
	return n == 1 || is.Meta.Leader != "" && is.Meta.Size == n
}
