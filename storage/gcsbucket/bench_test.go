package gcsbucket_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"io"
	"net/http"
	"testing"
	"time"

	"cloud.google.com/go/storage"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/gcstest"
	"github.com/downloadview/downloadview/storage/gcsbucket"
)

// BenchmarkOpen reads a MiB from a store on loopback: with this package, and
// with net/http alone.
func BenchmarkOpen(b *testing.B) {
	srv := gcstest.Start(b)
	const size = 1 << 20
	srv.Put(b, "a", make([]byte, size))
	f, err := gcsbucket.New(srv.Client, srv.Bucket, nil).File("a")
	if err != nil {
		b.Fatal(err)
	}
	bare := &http.Client{Transport: &http.Transport{}}
	defer bare.CloseIdleConnections()
	for name, open := range map[string]func() (io.ReadCloser, error){
		"gcsbucket": func() (io.ReadCloser, error) { return f.Open(b.Context()) },
		"net/http": func() (io.ReadCloser, error) {
			resp, err := bare.Get(srv.Counted + "/" + srv.Bucket + "/a")
			if err != nil {
				return nil, err
			}
			return resp.Body, nil
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				r, err := open()
				if err != nil {
					b.Fatal(err)
				}
				if n, err := io.Copy(io.Discard, r); n != size || err != nil {
					b.Fatal(n, err)
				}
				r.Close()
			}
		})
	}
}

// BenchmarkSign signs URLs with a private key of 2048 bits: with this package, with
// the SDK alone, and the part of that in which the signature is computed.
func BenchmarkSign(b *testing.B) {
	key, _ := signingKey()
	s := gcsbucket.New(gcstest.NewClient(b, "http://gcs.test", http.DefaultTransport), "bkt", &gcsbucket.Options{Signing: signing()})
	f, err := s.File("2026/report.pdf")
	if err != nil {
		b.Fatal(err)
	}
	digest := make([]byte, sha256.Size)
	for name, sign := range map[string]func() error{
		"ours": func() error {
			_, _, err := downloadview.SignedURL(b.Context(), f, downloadview.SignOptions{})
			return err
		},
		"SDK": func() error {
			o := *signing()
			o.Scheme, o.Method, o.Expires = storage.SigningSchemeV4, "GET", time.Now().Add(15*time.Minute)
			_, err := storage.SignedURL("bkt", "2026/report.pdf", &o)
			return err
		},
		"RSA": func() error {
			_, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest)
			return err
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := sign(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
