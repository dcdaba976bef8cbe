package site

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/downloadview/downloadview"
)

// A Links says that the proxy verifies signed links by itself, and sends their files
// without a request to the application.
type Links struct {
	// Verify is "njs" or "secure_link".
	Verify string

	// Script is the path at which the proxy finds the script that verifies, with njs.
	Script string

	// Keys are those that links are verified with: subkeys of the key file for the
	// purpose of Verify.
	Keys []LinkKey

	// Paths need a link. Others are paths below them that go to the application, which
	// verifies links there.
	Paths  []SignedPath
	Others []string

	// Types are media types that win over the built-in ones.
	Types downloadview.Types
}

// A LinkKey is a secret that links are verified with.
type LinkKey struct {
	ID          string
	AcceptUntil time.Time // zero: for ever
	Secret      []byte
}

// A SignedPath is a path of URLs, with a slash at both ends, whose files are in a
// directory.
type SignedPath struct {
	Path         string
	Mount        string // the path of the whole mount, which names are hidden below; "" is Path
	Directory    string // absolute
	Inline       bool   // show each file, as downloadview.InlineActive
	Hidden       bool   // send also names that begin with a dot
	CacheControl string // "" is the usual
	LimitRate    int64  // bytes a second for each download; 0: no limit
}

func (l *Links) check() error {
	switch {
	case l.Verify != "njs" && l.Verify != "secure_link":
		return fmt.Errorf("verify links by %q; want njs or secure_link", l.Verify)
	case len(l.Keys) == 0:
		return errors.New("links can't be verified without a key")
	case len(l.Paths) == 0:
		return errors.New("no path needs a link; want one at least")
	case l.Verify == "njs" && !path.IsAbs(l.Script):
		return fmt.Errorf("script %q is not absolute; want the path of the file for it, such as %q", l.Script, "/etc/nginx/downloadview.js")
	}
	values := []struct{ name, value string }{{"script", l.Script}}
	for _, p := range l.Paths {
		values = append(values, struct{ name, value string }{"path", p.Path},
			struct{ name, value string }{"directory", p.Directory}, struct{ name, value string }{"cache control", p.CacheControl})
	}
	for _, p := range l.Others {
		values = append(values, struct{ name, value string }{"path", p})
	}
	for _, v := range values {
		if err := plain(v.name, v.value); err != nil {
			return err
		}
		if v.name == "path" && (!strings.HasPrefix(v.value, "/") || !strings.HasSuffix(v.value, "/")) {
			return fmt.Errorf("path %q has no slash at both ends", v.value)
		}
	}
	return nil
}
