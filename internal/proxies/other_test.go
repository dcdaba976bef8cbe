package proxies_test

import (
	"testing"

	"github.com/downloadview/downloadview/internal/proxytest"
)

// An other is a server other than nginx.
type other struct {
	proxytest.Kind
	forbidden int    // status for what is no file in a rule's directory
	warning   string // what the check says of what it only puts up with
}

// others are the servers whose configurations work alike. These tests name a server
// only where it behaves differently from the rest. The tests of a new server belong in
// its own room.
var others = []string{"apache", "lighttpd", "caddy", "caddy@2.6"}

func otherOf(t *testing.T, name string) other {
	t.Helper()
	o := other{Kind: proxytest.KindOf(t, name), forbidden: 404}
	if name == "lighttpd" {
		o.forbidden = 403
	}
	o.warning = map[string]string{"apache": "AH00", "lighttpd": "WARNING", "caddy": "not formatted"}[o.Server]
	return o
}

// eachOther runs f for each other server that is installed.
func eachOther(t *testing.T, f func(t *testing.T, o other)) {
	for _, name := range others {
		t.Run(name, func(t *testing.T) {
			proxytest.Binary(t, name)
			f(t, otherOf(t, name))
		})
	}
}
