package archive

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash"
	"runtime"
)

// A tagger makes the entity tag of an archive: a hash of everything that its bytes
// depend on.
type tagger struct {
	hash hash.Hash
	weak bool // there is no tag
	b    []byte
}

// layoutVersion changes when the same members become other bytes.
const layoutVersion = "1"

func newTagger(contentType string, o *settings) *tagger {
	t := &tagger{hash: sha256.New()}
	t.text(layoutVersion)
	t.text(contentType)
	t.text(o.Comment)
	if o.compressed {
		t.text(runtime.Version()) // another compressor makes other bytes
		t.number(int64(o.Level))
	}
	t.flush()
	return t
}

func (t *tagger) add(m *member, framed bool) {
	if !m.isFolder() && !m.strong {
		t.weak = true
		return
	}
	t.text(m.name)
	t.text(m.comment)
	t.number(m.size)
	t.number(m.modTime)
	t.number(int64(m.mode))
	t.text(m.version.etag)
	t.number(m.version.modTime)
	switch {
	case m.deflated:
		t.text("deflated")
	case framed:
		t.text("framed")
	default:
		t.text("stored")
		t.number(int64(m.crc))
	}
	t.flush()
}

func (t *tagger) text(s string) {
	t.b = binary.AppendUvarint(t.b, uint64(len(s)))
	t.b = append(t.b, s...)
}

func (t *tagger) number(n int64) { t.b = binary.BigEndian.AppendUint64(t.b, uint64(n)) }

func (t *tagger) flush() {
	t.hash.Write(t.b)
	t.b = t.b[:0]
}

func (t *tagger) sum() string {
	if t.weak {
		return ""
	}
	return `"` + base64.RawURLEncoding.EncodeToString(t.hash.Sum(nil)[:18]) + `"`
}
