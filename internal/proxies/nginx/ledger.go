package nginx

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed ledger.tmpl
var ledgerText string

// ledgerLog returns where the lines for package ledger go, as one word for access_log.
// where is a [site.Site.Ledger]; "" is for none.
func ledgerLog(where string) (string, error) {
	if strings.Contains(where, "$") {
		return "", fmt.Errorf("ledger %q has %q in it, which nginx reads as a variable; want a path without it", where, "$")
	}
	socket, ok := strings.CutPrefix(where, "unix:")
	if !ok {
		return where, nil
	}
	if strings.ContainsAny(socket, ",:") {
		return "", fmt.Errorf("ledger %q has a comma or a colon in its path, which end a word for nginx; want a path without them", where)
	}
	return "syslog:server=" + where + ",nohostname,tag=downloadview", nil
}
