//go:build linux

package swifttest

import (
	"fmt"
	"testing"

	"github.com/downloadview/downloadview/internal/testserver"
)

// Nodes is the number of storage nodes. Each has a copy of every object.
const Nodes = 3

// device is the name of the only disk of a node.
const device = "disk"

// A server is one server of a node, or the gateway.
type server struct {
	program string
	conf    string
	addr    string
	process *testserver.Process
}

// Kill ends the servers of the nth node at once, like a loss of power. Nodes
// are counted from 0; objects are read from the first available node.
func (c *Cluster) Kill(n int) {
	for _, s := range c.nodes[n] {
		s.process.Kill()
	}
}

// Revive starts the servers of killed nodes with the data they have stored, and
// returns when they answer.
func (c *Cluster) Revive(t testing.TB, nodes ...int) {
	t.Helper()
	for _, n := range nodes {
		c.launchNode(n)
	}
	for _, n := range nodes {
		c.awaitNode(t, n)
	}
}

// KillGateway ends the server with the S3 API at once.
func (c *Cluster) KillGateway() { c.gateway.process.Kill() }

// ReviveGateway starts the gateway again at the same address and returns when
// it answers.
func (c *Cluster) ReviveGateway(t testing.TB) {
	t.Helper()
	c.launchServer(&c.gateway)
	c.gateway.process.Await(t, c.gateway.addr)
}

// makeNode writes the configuration of a node's servers.
func (c *Cluster) makeNode(t testing.TB, n int) {
	t.Helper()
	c.nodes[n] = make(map[string]*server)
	devices := c.makeDevice(t, fmt.Sprint("node", n))
	for _, kind := range kinds {
		port := testserver.FreePort(t)
		conf := serverConf(kind, c.dir, devices, userName(t), port)
		c.nodes[n][kind] = &server{
			program: "swift-" + kind + "-server",
			conf:    c.write(t, fmt.Sprintf("%s-%d.conf", kind, n), conf),
			addr:    loopback(port),
		}
	}
}

func (c *Cluster) launchNode(n int) {
	for _, kind := range kinds {
		c.launchServer(c.nodes[n][kind])
	}
}

// launchServer starts a server that runs as long as the store, not only as long
// as the test that starts it.
func (c *Cluster) launchServer(s *server) {
	s.process = c.launch(c.t, s.program, s.conf, "-v")
}

func (c *Cluster) awaitNode(t testing.TB, n int) {
	t.Helper()
	for _, s := range c.nodes[n] {
		s.process.Await(t, s.addr)
	}
}
