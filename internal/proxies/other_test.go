package proxies_test

import (
	"testing"

	"github.com/downloadview/downloadview/internal/proxytest"
)

// An other is a server beside nginx.
type other struct {
	proxytest.Kind
	forbidden int    // status for what is no file in a rule's directory
	warning   string // what the check says of what it only puts up with
}

// others are those whose configurations work alike. What is said of one of them in
// these tests is what it does in another way than the rest; a server that is added
// has tests in its own room.
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

// eachOther runs f for each server that is there.
func eachOther(t *testing.T, f func(t *testing.T, o other)) {
	for _, name := range others {
		t.Run(name, func(t *testing.T) {
			proxytest.Binary(t, name)
			f(t, otherOf(t, name))
		})
	}
}
