package command

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A pair is a self-signed certificate for 127.0.0.1 and localhost, and its key.
type pair struct {
	serial    int64
	cert, key []byte // in PEM
}

func newPair(t *testing.T, serial int64, until time.Time) pair {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: until.Add(-90 * 24 * time.Hour), NotAfter: until, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pair{serial, inPEM("CERTIFICATE", der), inPEM("PRIVATE KEY", key)}
}

func inPEM(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// write writes the two files to dir, and returns the flags for them.
func (p pair) write(t *testing.T, dir string) (flags []string) {
	t.Helper()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	writePEM(t, cert, p.cert)
	writePEM(t, key, p.key)
	return []string{"--tls-cert", cert, "--tls-key", key}
}

func writePEM(t *testing.T, file string, text []byte) {
	t.Helper()
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

const day = 24 * time.Hour

// An error about a certificate names the file that is wrong, and has nothing of the key.
// The certificate that was in use stays.
func TestWrongCertificates(t *testing.T) {
	dir := t.TempDir()
	good, other := newPair(t, 1, time.Now().Add(60*day)), newPair(t, 2, time.Now().Add(60*day))
	flags := good.write(t, dir)
	c := &certificate{cert: pemFile{from: "--tls-cert", name: flags[1]}, key: pemFile{from: "--tls-key", name: flags[3]}}
	logger := slog.New(slog.DiscardHandler)
	if err := c.load(logger); err != nil {
		t.Fatal(err)
	}
	writePEM(t, flags[1], append([]byte("\ufeff"), good.cert...)) // as of an editor on Windows
	writePEM(t, flags[3], append([]byte("\ufeff"), good.key...))
	if err := c.load(logger); err != nil {
		t.Error(err)
	}
	inUse := c.current.Load()
	block, _ := pem.Decode(good.key)
	garbled := inPEM("PRIVATE KEY", bytes.Repeat([]byte("k"), len(block.Bytes)))
	for _, tt := range []struct {
		name      string
		cert, key []byte // nil: no file
		want      string
	}{
		{"no certificate file", nil, good.key, "--tls-cert: open CERT: no such file or directory"},
		{"no key file", good.cert, nil, "--tls-key: open KEY: no such file or directory"},
		{"an empty certificate", []byte{}, good.key, `--tls-cert: "CERT" has no certificate; want PEM`},
		{"an empty key", good.cert, []byte{}, `--tls-key: "KEY" has no private key; want PEM`},
		{"the files are swapped", good.key, good.cert, `--tls-cert: "CERT" has no certificate`},
		{"half a certificate", good.cert[:len(good.cert)/2], good.key, `--tls-cert: "CERT" has no certificate`},
		{"a certificate that isn't one", inPEM("CERTIFICATE", []byte("nothing")), good.key, `--tls-cert: "CERT" has a certificate that can't be read`},
		{"a chain with a bad end", append(bytes.Clone(good.cert), inPEM("CERTIFICATE", []byte("x"))...), good.key, `--tls-cert: "CERT" has a certificate that can't be read`},
		{"a chain that is still being written", append(bytes.Clone(good.cert), other.cert[:len(other.cert)/2]...), good.key, `--tls-cert: "CERT" has a certificate that can't be read: its PEM is damaged`},
		{"a chain with a damaged beginning", append(bytes.Replace(other.cert, []byte("\n"), []byte("\n!"), 1), good.cert...), good.key, `--tls-cert: "CERT" has a certificate that can't be read: its PEM is damaged`},
		{"a key that isn't one", good.cert, garbled, `--tls-key: "KEY" can't be used`},
		{"a key with a passphrase", good.cert, inPEM("ENCRYPTED PRIVATE KEY", block.Bytes), `--tls-key: "KEY" has a private key with a passphrase`},
		{"the key of another", good.cert, other.key, `--tls-key: "KEY" is not the key of the certificate in "CERT"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for file, text := range map[string][]byte{flags[1]: tt.cert, flags[3]: tt.key} {
				if text == nil {
					os.Remove(file)
				} else {
					writePEM(t, file, text)
				}
			}
			err := c.load(logger)
			want := strings.NewReplacer("CERT", flags[1], "KEY", flags[3]).Replace(tt.want)
			if err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Fatalf("load: %v, want %s", err, want)
			}
			for _, line := range strings.Split(string(tt.key), "\n") {
				if len(line) > 20 && !strings.HasPrefix(line, "--") && strings.Contains(err.Error(), line) {
					t.Errorf("the error has a part of the key: %v", err)
				}
			}
			if c.current.Load() != inUse {
				t.Error("the certificate in use is another one")
			}
		})
	}
}

// The log warns of a certificate's end, from 14 days before.
func TestCertificateThatEnds(t *testing.T) {
	now := time.Now()
	for name, tt := range map[string]struct {
		until time.Time
		want  string // "": no warning
	}{
		"later":         {now.Add(15 * day), ""},
		"soon":          {now.Add(14*day - time.Hour), "expires soon"},
		"over":          {now.Add(-time.Minute), "has expired"},
		"not valid yet": {now.Add(91 * day), "not valid yet"},
	} {
		t.Run(name, func(t *testing.T) {
			flags := newPair(t, 1, tt.until).write(t, t.TempDir())
			c := &certificate{cert: pemFile{from: "--tls-cert", name: flags[1]}, key: pemFile{from: "--tls-key", name: flags[3]}}
			var log bytes.Buffer
			if err := c.load(slog.New(slog.NewTextHandler(&log, nil))); err != nil {
				t.Fatal(err)
			}
			if got := log.String(); tt.want == "" && got != "" || !strings.Contains(got, tt.want) || strings.Count(got, "\n") > 1 {
				t.Errorf("the log says %q, want %q", got, tt.want)
			}
		})
	}
}
