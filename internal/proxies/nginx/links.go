package nginx

import (
	"cmp"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/downloadview/downloadview/internal/proxies/site"
)

//go:embed links.js
var linksScript string

// ScriptMark begins the first line of each script that PrintScript writes.
const ScriptMark = "// downloadview: "

// PrintScript writes the script by which njs verifies the links of s. It has the keys
// of s.Links, so no other user may read it.
func PrintScript(w io.Writer, s site.Site) error {
	if s.Links == nil || s.Links.Verify != "njs" {
		return errors.New("no links are verified by njs")
	}
	if err := s.Check(); err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString(ScriptMark + "verifies signed links in nginx. It has the keys of links: mode 0600, owned by root.\n\nimport crypto from 'crypto';\n\n" + linksScript)
	b.WriteString("\n// keyOf returns a key, and the second from which it is not accepted any more, or null.\nfunction keyOf(id) {\n    switch (id) {\n")
	for _, k := range s.Links.Keys {
		until := "Infinity"
		if !k.AcceptUntil.IsZero() {
			until = fmt.Sprint(k.AcceptUntil.Unix())
		}
		fmt.Fprintf(&b, "    case %s: return {secret: '%s', until: %s};\n", inScript(k.ID), hex.EncodeToString(k.Secret), until)
	}
	b.WriteString("    }\n    return null;\n}\n\n")
	writeTypes(&b, s.Links.Types)
	b.WriteString("\nexport default {verify, saved, shown};\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// signed is a location whose files nginx sends to requests with a link.
type signed struct {
	site.SignedPath
	conf
	Describe string // the function of the script
}

// HiddenName is a regular expression for the paths of files that are hidden, because a
// name below the mount begins with a dot. The folder of the doctor isn't, as with serve.
func (s signed) HiddenName() string {
	return `(?s)^` + regexp.QuoteMeta(cmp.Or(s.Mount, s.Path)) + `(?!\.downloadview-doctor-)(?:.*/)?\.`
}

// links checks the paths of s.Links, and has their longest first, as nginx searches for
// prefixes that a token is in front of.
func (s *conf) links() error {
	l := s.Site.Links
	if l == nil {
		return nil
	}
	if strings.ContainsAny(l.Script, `'\`) {
		return fmt.Errorf("script %q has a quote or a backslash in it, which njs takes for the end of the name; want a path without them", l.Script)
	}
	for _, p := range l.Paths {
		dir := strings.TrimSuffix(p.Directory, "/")
		switch {
		case !path.IsAbs(p.Directory) || dir != "" && path.Clean(dir) != dir:
			return fmt.Errorf("path %q: directory %q is not absolute, or has an empty or a dot segment", p.Path, p.Directory)
		case strings.Contains(dir, "$"):
			return fmt.Errorf("path %q: directory %q has %q in it, which nginx reads as a variable; want a directory without it", p.Path, dir, "$")
		case strings.Contains(p.CacheControl, "$"):
			return fmt.Errorf("path %q: Cache-Control %q has %q in it, which nginx reads as a variable; want one without it", p.Path, p.CacheControl, "$")
		case l.Verify == "secure_link" && p.Inline:
			return fmt.Errorf("path %q is inline, and with secure_link nginx knows no types by which to show files; want njs, or no inline", p.Path)
		case l.Verify == "secure_link" && p.CacheControl != "":
			return fmt.Errorf("path %q has the Cache-Control %q, and with secure_link nginx can't shorten it to the life of a link; want njs, or none", p.Path, p.CacheControl)
		}
		p.Directory = dir + "/"
		describe := "saved"
		if p.Inline {
			describe = "shown"
		}
		s.Links = append(s.Links, signed{p, conf{Site: s.Site, OpenFor: s.OpenFor}, describe})
		s.Turns = append(s.Turns, turn{p.Path, true})
		if p.Path == s.BasePath+"/" {
			s.Root = true
		}
	}
	for _, p := range l.Others {
		s.Turns = append(s.Turns, turn{p, false})
	}
	slices.SortStableFunc(s.Turns, func(a, b turn) int { return len(b.Path) - len(a.Path) })
	for i, t := range s.Turns {
		if slices.ContainsFunc(s.Turns[:i], func(other turn) bool { return other.Path == t.Path }) {
			return fmt.Errorf("path %q is there twice; want it once", t.Path)
		}
		for _, at := range s.Locations {
			if at.Location == t.Path {
				return fmt.Errorf("path %q is the destination of rule %q; want an internal location where there are no files of the site", t.Path, at.Title)
			}
		}
	}
	return nil
}

// A turn says who answers for a path behind the token of a prefix.
type turn struct {
	Path  string
	Signs bool // nginx; otherwise the application
}

// Pattern is a regular expression for the path behind a token. Its dots match line feeds,
// too.
func (t turn) Pattern() string { return `(?s)^/~1\.[^/]*(` + regexp.QuoteMeta(t.Path) + `.*)$` }

// Asks tells whether nginx asks the application for anything.
func (s conf) Asks() bool { return !s.Root || len(s.Site.Links.Others) > 0 }

// ByScript and BySecureLink tell how links are verified, if they are.
func (s conf) ByScript() bool { return s.Site.Links != nil && s.Site.Links.Verify == "njs" }

func (s conf) BySecureLink() bool { return s.Site.Links != nil && s.Site.Links.Verify == "secure_link" }

// Secret returns a key as it stands in the text that secure_link hashes.
func (conf) Secret(k site.LinkKey) string { return base64.RawURLEncoding.EncodeToString(k.Secret) }
