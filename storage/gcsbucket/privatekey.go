package gcsbucket

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
)

// signsWith returns a SignBytes for a private key of Options.Signing, or nil if it isn't
// one that Google's SDK can read. The SDK reads it again for each URL.
func signsWith(text []byte) func([]byte) ([]byte, error) {
	if block, _ := pem.Decode(text); block != nil {
		text = block.Bytes
	}
	parsed, err := x509.ParsePKCS8PrivateKey(text)
	if err != nil {
		parsed, err = x509.ParsePKCS1PrivateKey(text)
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if err != nil || !ok {
		return nil
	}
	return func(b []byte) ([]byte, error) {
		sum := sha256.Sum256(b)
		return rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	}
}
