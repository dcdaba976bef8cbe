package middleware

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"hash"
)

const (
	macLen  = 22 // characters of base64url: 132 bits
	macSize = 17 // bytes; of the last one, four bits count
)

// A linkMAC computes MACs with one key, for one goroutine at a time. It is kept, since
// an HMAC that is used again has less to do.
type linkMAC struct {
	hash    hash.Hash
	text    []byte // the canonical bytes
	opening int    // bytes of text that don't change
	sum     []byte
}

func newLinkMAC(subkey []byte, keyID string) *linkMAC {
	opening := appendOpening(nil, keyID)
	return &linkMAC{hash: hmac.New(sha256.New, subkey), text: opening, opening: len(opening)}
}

// of returns the MAC of a link, which is m's until it is asked again.
func (m *linkMAC) of(g *link) []byte {
	m.text = g.appendFields(m.text[:m.opening])
	m.hash.Reset()
	m.hash.Write(m.text)
	m.sum = m.hash.Sum(m.sum[:0])
	return m.sum
}

// mac returns the characters that a link is signed with.
func (k *key) mac(g *link) string {
	m := k.macs.Get().(*linkMAC)
	defer k.macs.Put(m)
	return base64.RawURLEncoding.EncodeToString(m.of(g))[:macLen]
}

// signed reports whether sum has the bits of the MAC that a link is signed with.
func (k *key) signed(g *link, sum *[macSize]byte) bool {
	m := k.macs.Get().(*linkMAC)
	want := m.of(g)[:macSize]
	want[macSize-1] &= 0xf0
	same := subtle.ConstantTimeCompare(want, sum[:]) == 1
	k.macs.Put(m)
	return same
}
