package middleware

import "encoding/binary"

// isBase64URL reports whether s has only characters of base64url.
func isBase64URL(s string) bool {
	var all byte
	for len(s) >= 4 {
		all |= base64URLBits[s[0]] | base64URLBits[s[1]] | base64URLBits[s[2]] | base64URLBits[s[3]]
		s = s[4:]
	}
	for i := range len(s) {
		all |= base64URLBits[s[i]]
	}
	return all < 64
}

// base64URLBits has what a character of base64url stands for; others are 255.
var base64URLBits = func() (bits [256]byte) {
	for i := range bits {
		bits[i] = 255
	}
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") {
		bits[c] = byte(i)
	}
	return bits
}()

// decodeBase64URL sets b, which has room for all bits of s, to what they stand for. It
// is not ok if a character is not one of base64url. It is faster than base64.Encoding,
// which also looks for line feeds.
func decodeBase64URL(b []byte, s string) (ok bool) {
	var all byte
	for len(s) >= 4 && len(b) >= 4 {
		w, x, y, z := base64URLBits[s[0]], base64URLBits[s[1]], base64URLBits[s[2]], base64URLBits[s[3]]
		all |= w | x | y | z
		// The fourth byte is set again in the next turn.
		binary.BigEndian.PutUint32(b, uint32(w)<<26|uint32(x)<<20|uint32(y)<<14|uint32(z)<<8)
		b, s = b[3:], s[4:]
	}
	bits, n := uint(0), 0 // of the bits, n are not in b yet
	for i := range len(s) {
		c := base64URLBits[s[i]]
		all |= c
		bits = bits<<6 | uint(c)
		if n += 6; n >= 8 {
			n -= 8
			b[0], b = byte(bits>>n), b[1:]
		}
	}
	if n > 0 && len(b) > 0 {
		b[0] = byte(bits << (8 - n))
	}
	return all < 64
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
