package command

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"time"
)

// trusting returns a client that trusts the certificates of the file, and those of the
// system.
func trusting(file string) (*http.Client, error) {
	text, err := os.ReadFile(file)
	var path *fs.PathError
	switch {
	case errors.As(err, &path):
		return nil, fmt.Errorf("--ca-file %q: %w", file, path.Err)
	case err != nil:
		return nil, fmt.Errorf("--ca-file %q: %w", file, err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(bytes.TrimPrefix(text, byteOrderMark)) {
		return nil, usageErrorf("--ca-file %q has no certificate; want one in PEM, which begins with -----BEGIN CERTIFICATE-----", file)
	}
	t := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
	t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	return &http.Client{Transport: t, Timeout: 30 * time.Second}, nil
}
