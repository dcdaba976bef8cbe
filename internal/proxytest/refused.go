package proxytest

import (
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/proxies"
	"github.com/downloadview/downloadview/internal/proxies/site"
)

// Refused checks that no configuration of server is printed for s, and that the error
// has want in it.
func Refused(t testing.TB, server string, s site.Site, want string) {
	t.Helper()
	var b strings.Builder
	if err := proxies.Print(&b, server, s, site.Whole); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%s: error %v, want one that says %s", server, err, want)
	}
	if b.Len() != 0 {
		t.Errorf("%s: refused, and yet printed %q", server, b.String())
	}
}
