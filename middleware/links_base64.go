package middleware

import "encoding/binary"

// isBase64URL reports whether s has only characters of base64url.
func isBase64URL(s string) bool {
	var all uint32
	for i := range len(s) {
		all |= base64URLBits[s[i]]
	}
	return all < 1<<6
}

// base64URLBits has the six bits that a character of base64url stands for. Others have
// all 32, so that they show wherever they are shifted to.
var base64URLBits = func() (bits [256]uint32) {
	for i := range bits {
		bits[i] = 1<<32 - 1
	}
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") {
		bits[c] = uint32(i)
	}
	return bits
}()

// decodeBase64URL sets b, which has room for all bits of s, to what they stand for. It
// is not ok if a character is not one of base64url. It is faster than base64.Encoding,
// which also looks for line feeds.
func decodeBase64URL(b []byte, s string) (ok bool) {
	var all uint32
	for len(s) >= 4 && len(b) >= 4 {
		bits := base64URLBits[s[0]]<<18 | base64URLBits[s[1]]<<12 | base64URLBits[s[2]]<<6 | base64URLBits[s[3]]
		all |= bits
		// The fourth byte is set again in the next turn.
		binary.BigEndian.PutUint32(b, bits<<8)
		b, s = b[3:], s[4:]
	}
	for s != "" {
		n := min(len(s), 4)
		bits := uint32(0)
		for i := range n {
			bits |= base64URLBits[s[i]] << (18 - 6*i)
		}
		all |= bits
		b, s = b[copy(b, []byte{byte(bits >> 16), byte(bits >> 8), byte(bits)}):], s[n:]
	}
	return all < 1<<24
}

// isExact reports whether no other text of base64url stands for the same bytes as s.
func isExact(s string) bool {
	last := base64URLBits[s[len(s)-1]]
	switch len(s) % 4 {
	case 1:
		return false
	case 2:
		return last&0xf == 0
	case 3:
		return last&3 == 0
	}
	return true
}
