//go:build linux

package swifttest

import (
	"fmt"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
)

// makeRings writes the addresses of the servers for each kind of server. It
// handles all kinds in parallel, because starting Python is slow.
func (c *Cluster) makeRings(t testing.TB) {
	t.Helper()
	var all sync.WaitGroup
	for _, kind := range kinds {
		add := []string{"add"}
		for n := range c.nodes {
			add = append(add, fmt.Sprintf("r1z%d-%s/%s", n+1, c.nodes[n][kind].addr, device), "1")
		}
		steps := [][]string{{"create", "6", strconv.Itoa(Nodes), "0"}, add, {"rebalance"}}
		builder := filepath.Join(c.dir, kind+".builder")
		program := c.program(t, "swift-ring-builder")
		all.Go(func() {
			for _, step := range steps {
				cmd := c.command(program, append([]string{builder}, step...)...)
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("%s: %v\n%s", cmd, err, out)
					return
				}
			}
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
}
