package archive

import (
	"context"
	"time"

	"github.com/downloadview/downloadview"
)

// Checksums remember the CRC-32 (IEEE) of the beginnings of files. [NewMemory]
// returns one for a process; another may be a table of a database. Several
// goroutines use one at the same time. What it doesn't remember is computed again,
// so its failures are its own affair.
type Checksums interface {
	// Load returns the longest remembered beginning of v that has at most length
	// bytes, and whether there is one.
	Load(ctx context.Context, v Version, length int64) (Beginning, bool)

	// Save remembers a beginning of v. It may forget it at any time: one that keeps
	// only whole files ignores each b whose Length is not the size of v.
	Save(ctx context.Context, v Version, b Beginning)
}

// A Version is one version of a file.
type Version struct {
	ID   string // of [downloadview.IdentityOf], else the text of [downloadview.SourceOf]
	Tag  string // the strong entity tag with its quotes, else the time of the last change
	Size int64
}

// A Beginning is the first Length bytes of a file, and their CRC-32.
type Beginning struct {
	Length int64
	CRC32  uint32
}

// VersionOf returns the version of f that a describes, and whether both the file
// and the version can be told apart from others. It does no I/O.
func VersionOf(f downloadview.File, a downloadview.Attributes) (Version, bool) {
	v := versionOf(a)
	if a.Size < 0 || !v.isStrong(time.Now()) {
		return Version{}, false
	}
	return v.of(f, a.Size)
}

func (v version) of(f downloadview.File, size int64) (Version, bool) {
	id, ok := downloadview.IdentityOf(f)
	if !ok {
		var src downloadview.Source
		if src, ok = downloadview.SourceOf(f); ok {
			id = src.String()
		}
	}
	return Version{ID: id, Tag: v.String(), Size: size}, ok
}

// load returns the longest beginning of m that is remembered and has at most length
// bytes.
func (h *handle) load(m *member, length int64) Beginning {
	if store := h.options.Resume; store != nil && length > 0 && m.strong {
		if v, ok := m.version.of(m.file, m.size); ok {
			if b, ok := store.Load(h.ctx, v, length); ok && b.Length > 0 && b.Length <= length {
				return b
			}
		}
	}
	return Beginning{}
}

func (h *handle) save(m *member, b Beginning) {
	if store := h.options.Resume; store != nil && b.Length > 0 && m.strong {
		if v, ok := m.version.of(m.file, m.size); ok {
			store.Save(h.ctx, v, b)
		}
	}
}
