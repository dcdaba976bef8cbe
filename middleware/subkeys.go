package middleware

import (
	"crypto/hkdf"
	"crypto/sha256"
	"time"
)

// A Subkey is derived from a key of [Keys] for one purpose. Whoever has it can do what
// it is for and nothing else: neither the key nor a subkey for another purpose can be
// computed from it.
type Subkey struct {
	ID          string    // that of the key
	AcceptUntil time.Time // that of the key; zero: for ever
	Secret      []byte    // 32 bytes
}

// The purposes of subkeys that other servers verify links with.
const (
	// LinkPurpose is for links that [Links.Sign] makes.
	LinkPurpose = "link"
	// SecureLinkPurpose is for links that [Links.SignSecureLink] makes.
	SecureLinkPurpose = "nginx"
)

// Subkeys returns the subkeys for a purpose, in the order of the key file. They are for
// a server that verifies links by itself, such as nginx.
//
// A subkey is a secret: a server that can verify links with it can sign links, too.
// Write it only to files that no other user can read, and never to a log.
//
// A Secret is the HKDF-SHA-256 of the key with no salt, the purpose as info and 32
// bytes.
func (k *Keys) Subkeys(purpose string) ([]Subkey, error) {
	var subkeys []Subkey
	for _, each := range k.all() {
		secret, err := each.subkey(purpose)
		if err != nil {
			return nil, err
		}
		subkeys = append(subkeys, Subkey{each.id, each.acceptUntil, secret})
	}
	return subkeys, nil
}

func (k *key) subkey(purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, k.secret, nil, purpose, sha256.Size)
}
