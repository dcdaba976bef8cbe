package gcsbucket_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"testing"
	"time"

	"cloud.google.com/go/storage"
	"google.golang.org/api/option"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/gcsbucket"
)

// A private key is read as Google's SDK reads it, and one that can't be read has the
// SDK's error.
func TestPrivateKeys(t *testing.T) {
	client, err := storage.NewClient(t.Context(), option.WithoutAuthentication())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	key, _ := signingKey()
	pkcs1 := x509.MarshalPKCS1PrivateKey(key)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	otherKind, err := x509.MarshalPKCS8PrivateKey(curve)
	if err != nil {
		t.Fatal(err)
	}
	inPEM := func(kind string, b []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}) }
	for name, text := range map[string][]byte{
		"PKCS 1":                pkcs1,
		"PKCS 8":                pkcs8,
		"PKCS 1 in PEM":         inPEM("RSA PRIVATE KEY", pkcs1),
		"PKCS 8 in PEM":         inPEM("PRIVATE KEY", pkcs8),
		"of an elliptic curve":  inPEM("PRIVATE KEY", otherKind),
		"a PEM without a key":   inPEM("PRIVATE KEY", []byte("x")),
		"no key":                []byte("x"),
		"nothing, but not none": {},
	} {
		by := &storage.SignedURLOptions{GoogleAccessID: "signer@example.test", PrivateKey: text}
		theirs := *by
		theirs.Scheme, theirs.Method, theirs.Expires = storage.SigningSchemeV4, http.MethodGet, time.Now().Add(time.Hour)
		_, want := storage.SignedURL("bkt", "a", &theirs)
		signed, _, err := downloadview.SignedURL(t.Context(), file(t, gcsbucket.New(client, "bkt", &gcsbucket.Options{Signing: by}), "a"), downloadview.SignOptions{})
		if (err == nil) != (want == nil) {
			t.Errorf("%s: %v, with the SDK %v", name, err, want)
		} else if err == nil {
			if err := verify(http.MethodGet, signed); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
