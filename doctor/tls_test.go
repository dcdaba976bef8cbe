package doctor_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview/doctor"
)

// selfSigned writes a certificate and its key for the address, and returns their
// paths.
func selfSigned(t *testing.T, address string, until time.Time) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "doctor"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: until.Add(-24 * time.Hour), NotAfter: until, IPAddresses: []net.IP{net.ParseIP(address)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	private8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for name, content := range map[string][]byte{cert: text, key: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private8})} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	return cert, key, pool
}

// TestCertificates: nginx has a certificate that can't be trusted, or none.
func TestCertificates(t *testing.T) {
	for _, test := range []struct {
		name          string
		plain         bool // nginx speaks no TLS
		http          bool // nor is it asked for
		address       string
		age           time.Duration
		trusted       bool
		cause, change string // none: all is well
	}{
		{name: "self-signed", address: "127.0.0.1", cause: "self-signed", change: "--ca-file FILE"},
		{name: "self-signed and trusted", address: "127.0.0.1", trusted: true},
		{name: "of another address", address: "192.0.2.1", trusted: true, cause: "is not for the host of the URL", change: "server_name"},
		{name: "expired", address: "127.0.0.1", age: 48 * time.Hour, trusted: true, cause: "has expired", change: "renew"},
		{name: "no TLS", plain: true, address: "127.0.0.1", cause: "doesn't use TLS", change: "http://"},
		{name: "not asked for", http: true, address: "127.0.0.1", cause: "the port needs TLS", change: "https://"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newSetting(t, "nginx")
			cert, key, pool := selfSigned(t, test.address, time.Now().Add(24*time.Hour-test.age))
			if !test.plain {
				s.edit = func(conf string) string {
					addr := listenOf(t, conf)
					return replace(t, "listen "+addr+";", "listen "+addr+" ssl; ssl_certificate "+cert+"; ssl_certificate_key "+key+";")(conf)
				}
			}
			setup := s.start(t)
			if !test.http {
				setup.Site = strings.Replace(setup.Site, "http:", "https:", 1)
			}
			if test.trusted {
				transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
				t.Cleanup(transport.CloseIdleConnections)
				setup.Client = &http.Client{Transport: transport}
			}
			report := run(t, setup, s.dir)
			switch {
			case test.cause == "":
				if !report.OK() {
					t.Error("a set-up that is right has failures")
				}
			case test.http:
				breakage{check: "proxy-file", result: doctor.Failed, cause: test.cause, change: test.change}.expect(t, report, s.dir)
			default:
				breakage{check: "proxy-answers", result: doctor.Failed, cause: test.cause, change: test.change}.expect(t, report, s.dir)
			}
		})
	}
}
