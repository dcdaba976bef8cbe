package config

import (
	"errors"
	"fmt"
	"strings"
)

// A Mount serves the keys of a storage below a path of the URL.
type Mount struct {
	Path         string // with a slash at both ends, not percent-encoded; it begins with the base path
	Storage      string // the name of a Storage
	Inline       bool   // let browsers show the file, if they can, and not save it
	Index        bool   // show a page for a folder
	Archive      bool   // answer a folder with ?archive=zip or ?archive=tar
	Hidden       bool   // serve and list names of a directory that begin with a dot
	CacheControl string // "": the library's default
	Stored       bool   // the storage's own Cache-Control and Expires replace that default
	LimitRate    int64  // of each download, in bytes a second; 0: no limit
	MaxDownloads int    // at once; 0: no limit

	Precompressed bool // send a.css.br or the like in place of a.css to clients that accept it

	RequireSignature bool   // every request needs a signed link
	KeyFile          string // an absolute path, or a name without a slash; "": none

	Line int
}

// mountDefaults are the values for keys that a mount doesn't have.
type mountDefaults struct {
	index, inline, hidden, precompressed, archive bool

	signed  bool
	keyFile string
}

// readMounts reads the mounts. It uses rest only after the whole file is read, since
// these keys may stand below the mounts.
func (c *Config) readMounts(v value, rest *mountDefaults) []Mount {
	const want = "the name of a storage"
	pairs, ok := v.pairs(`want paths of URLs and their storages, such as "/media/: media"`)
	if !ok {
		return nil
	}
	var mounts []Mount
	for path, v := range pairs {
		m := Mount{Path: path, Line: v.line}
		if err := checkMountPath(path); err != nil {
			v.errorf("%w", err)
		}
		var ownIndex, ownInline, ownHidden, ownPrecompressed, ownArchive, ownSigned *bool
		if v.isScalar() { // the short form
			v.reference(&m.Storage, "storage", c.storageNames)
		} else {
			v.mapping(want, []field{
				{name: "storage", need: want, read: func(v value) { v.reference(&m.Storage, "storage", c.storageNames) }},
				{name: "inline", read: optional(&ownInline, boolean)},
				{name: "index", read: optional(&ownIndex, boolean)},
				{name: "hidden", read: optional(&ownHidden, boolean)},
				{name: "precompressed", read: optional(&ownPrecompressed, boolean)},
				{name: "archive", read: optional(&ownArchive, boolean)},
				{name: "cache_control", read: scalar(&m.CacheControl, line)},
				{name: "stored_cache_control", read: scalar(&m.Stored, boolean)},
				{name: "require_signature", read: optional(&ownSigned, boolean)},
				{name: "key_file", read: scalar(&m.KeyFile, v.d.keyFile)},
				{name: "limit_rate", read: scalar(&m.LimitRate, rate)},
				{name: "max_downloads", read: scalar(&m.MaxDownloads, count)},
			})
			if m.Stored && m.CacheControl != "" {
				v.errorf("has both cache_control and stored_cache_control; want one of them")
			}
		}
		i := len(mounts)
		mounts = append(mounts, m)
		v.d.check(func() {
			c.Mounts[i].Index, c.Mounts[i].Inline, c.Mounts[i].Hidden = rest.index, rest.inline, rest.hidden
			c.Mounts[i].Precompressed = rest.precompressed
			if ownPrecompressed != nil {
				c.Mounts[i].Precompressed = *ownPrecompressed
			}
			if ownIndex != nil {
				c.Mounts[i].Index = *ownIndex
			}
			if ownInline != nil {
				c.Mounts[i].Inline = *ownInline
			}
			if ownHidden != nil {
				c.Mounts[i].Hidden = *ownHidden
			}
			c.Mounts[i].Archive = rest.archive
			if ownArchive != nil {
				c.Mounts[i].Archive = *ownArchive
			}
			c.Mounts[i].sign(v, ownSigned, rest)
		})
	}
	if len(mounts) == 0 {
		v.errorf("is empty; want such as %q; without the key, a single storage is mounted at /", "{/media/: media}")
	}
	return mounts
}

// mountTheOnly mounts a single storage at "/" if the file has no mounts.
func (c *Config) mountTheOnly(d *document, rest mountDefaults) {
	switch {
	case len(c.Mounts) > 0 || len(c.Storages) == 0:
	case len(c.Storages) == 1:
		s := c.Storages[0]
		c.Mounts = []Mount{{
			Path: "/", Storage: s.Name, Inline: rest.inline, Index: rest.index, Hidden: rest.hidden, Archive: rest.archive,
			Precompressed: rest.precompressed, RequireSignature: rest.signed, Line: s.Line,
		}}
		if rest.signed {
			c.Mounts[0].KeyFile = rest.keyFile
		}
	default:
		d.errorf(c.Storages[1].Line, below("storages", c.Storages[1].Name),
			"is the second storage, and there are no mounts; want such as %q", fmt.Sprintf("mounts: {/%s/: %[1]s}", c.Storages[1].Name))
	}
}

func (c *Config) storageNames() []string {
	names := make([]string, len(c.Storages))
	for i, s := range c.Storages {
		names[i] = s.Name
	}
	return names
}

// reference reads a name that the file defines, above or below.
func (v value) reference(to *string, what string, names func() []string) {
	scalar(to, line)(v)
	v.d.check(func() {
		known := names()
		for _, name := range known {
			if name == *to {
				return
			}
		}
		if *to != "" {
			v.errorf("no %s has the name %q; %s", what, *to, suggestion(*to, known))
		}
	})
}

func checkMountPath(path string) error {
	const want = "want the path of a URL such as /media/"
	switch {
	case path == "/":
		return nil
	case !strings.HasPrefix(path, "/") || !strings.HasSuffix(path, "/"):
		return errors.New("does not begin and end with a slash; " + want)
	}
	for segment := range strings.SplitSeq(path[1:len(path)-1], "/") {
		if segment == "" || segment == "." || segment == ".." || strings.HasPrefix(segment, "~1.") { // which begins the token of a link
			return fmt.Errorf("has a segment %q in it; %s", segment, want)
		}
	}
	return nil
}

// CheckSigned returns an error if m requires a signed link, and no link can name its path.
// The error continues a sentence that begins with the mount.
func (m *Mount) CheckSigned() error {
	if m.RequireSignature && strings.Contains(m.Path, `\`) {
		return errors.New(`needs signed links, and has a backslash in its path, which no link can have; want a path without it`)
	}
	return nil
}
