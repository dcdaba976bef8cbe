package proxies_test

import (
	"testing"

	"github.com/downloadview/downloadview/internal/proxytest"
)

// A server is a line of the table that tests can run. These tests name no server:
// where servers differ, they ask for the traits that the server's room states.
type server struct{ proxytest.Kind }

// eachServer runs f for each server that is installed.
func eachServer(t *testing.T, f func(t *testing.T, srv server)) {
	for _, name := range proxytest.Names() {
		t.Run(name, func(t *testing.T) {
			proxytest.Binary(t, name)
			f(t, server{proxytest.KindOf(t, name)})
		})
	}
}
