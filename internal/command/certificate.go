package command

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/downloadview/downloadview/internal/config"
	"github.com/downloadview/downloadview/internal/localfile"
)

// A certificate is that of a server. It may be replaced while the server runs.
type certificate struct {
	cert, key pemFile
	current   atomic.Pointer[tls.Certificate]
}

// config returns the settings for TLS. net/http adds HTTP/2.
func (c *certificate) config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return c.current.Load(), nil
		},
	}
}

// load reads the files, and logs what will soon be wrong with them. After an error, the
// certificate is the old one.
func (c *certificate) load(logger *slog.Logger) error {
	cert, err := c.cert.read()
	if err != nil {
		return err
	}
	key, err := c.key.read()
	if err != nil {
		return err
	}
	pair, err := c.pair(cert.text, key.text)
	if err != nil {
		return err
	}
	c.current.Store(pair)
	if key.mode&0o007 != 0 && runtime.GOOS != "windows" {
		logger.Warn("other users can read or change the private key: chmod 640", "file", c.key.name, "mode", fmt.Sprintf("%04o", key.mode))
	}
	c.warnOfTime(time.Now(), logger)
	return nil
}

// reload is load for a server that runs.
func (c *certificate) reload(logger *slog.Logger) {
	if err := c.load(logger); err != nil {
		logger.Error("the certificate is wrong; the old one stays in use", "error", err)
		return
	}
	message := "certificate read again"
	if c.isCredential() {
		message += copied
	}
	logger.Info(message, "file", c.cert.name, "expires", c.expires())
}

func (c *certificate) isCredential() bool {
	return isCredential(c.cert.name) || isCredential(c.key.name)
}

// pair returns the certificate with its key. An error names the file that is wrong, and
// has nothing of the key.
func (c *certificate) pair(cert, key []byte) (*tls.Certificate, error) {
	certs, err := blocksOf(cert, func(kind string) bool { return kind == "CERTIFICATE" })
	if err != nil {
		return nil, c.cert.wrong("has no certificate; want PEM, which begins with -----BEGIN CERTIFICATE-----")
	}
	if len(certs) < bytes.Count(cert, []byte("-----BEGIN CERTIFICATE-----")) { // the others would be left out
		return nil, c.cert.wrong("has a certificate that can't be read: its PEM is damaged, or the file isn't written to its end")
	}
	for _, b := range certs {
		if _, err := x509.ParseCertificate(b.Bytes); err != nil {
			return nil, c.cert.wrong("has a certificate that can't be read: %w", err)
		}
	}
	keys, err := blocksOf(key, func(kind string) bool { return strings.HasSuffix(kind, "PRIVATE KEY") })
	if err != nil {
		return nil, c.key.wrong("has no private key; want PEM, which begins with -----BEGIN PRIVATE KEY-----")
	}
	if b := keys[0]; b.Type == "ENCRYPTED PRIVATE KEY" || b.Headers["DEK-Info"] != "" {
		return nil, c.key.wrong("has a private key with a passphrase; want it without, such as from openssl pkey")
	}
	pair, err := tls.X509KeyPair(cert, key)
	switch {
	case err == nil:
		return &pair, nil
	case strings.Contains(err.Error(), "does not match"):
		return nil, c.key.wrong("is not the key of the certificate in %q; want the two that belong together", c.cert.name)
	}
	return nil, c.key.wrong("can't be used: %w", err)
}

var errNoBlock = errors.New("no such block")

// blocksOf returns the blocks of a text in PEM whose type is wanted, which are one at
// least.
func blocksOf(text []byte, wanted func(kind string) bool) (all []*pem.Block, err error) {
	for {
		var b *pem.Block
		if b, text = pem.Decode(text); b == nil {
			break
		}
		if wanted(b.Type) {
			all = append(all, b)
		}
	}
	if len(all) == 0 {
		return nil, errNoBlock
	}
	return all, nil
}

// soon is how long before its end the log warns of a certificate.
const soon = 14 * 24 * time.Hour

func (c *certificate) warnOfTime(now time.Time, logger *slog.Logger) {
	leaf := c.current.Load().Leaf
	switch {
	case !now.Before(leaf.NotAfter):
		logger.Warn("the certificate has expired, so clients refuse it", "file", c.cert.name, "expired", c.expires())
	case now.Before(leaf.NotBefore):
		logger.Warn("the certificate is not valid yet, so clients refuse it", "file", c.cert.name, "valid_from", leaf.NotBefore.UTC().Format(time.RFC3339))
	case leaf.NotAfter.Sub(now) < soon:
		then := "send SIGHUP"
		if c.isCredential() {
			then = "restart the service, since systemd copies credentials when it starts"
		}
		logger.Warn("the certificate expires soon; replace its files, and "+then, "file", c.cert.name, "expires", c.expires(), "left", span(leaf.NotAfter.Sub(now)))
	}
}

func (c *certificate) expires() string {
	return c.current.Load().Leaf.NotAfter.UTC().Format(time.RFC3339)
}

// A pemFile is a file that a flag names, or a key of the configuration file.
type pemFile struct {
	from string // the flag or the key
	name string // a path, or the name of a credential of systemd

	config *config.Config // nil: a flag names it
	line   int
}

type pemText struct {
	text []byte
	mode fs.FileMode
}

const longestPEM = 1 << 20

// byteOrderMark begins files that some editors on Windows write. Before the first block of
// PEM, it would hide it.
var byteOrderMark = []byte("\ufeff")

// read reads the file.
func (f *pemFile) read() (pemText, error) {
	folder := ""
	if f.config != nil {
		folder = f.config.Folder()
	}
	t, err := findFile(f.name, folder, func(path string) (pemText, error) {
		file, err := os.OpenFile(path, localfile.Flag, 0) // a pipe is not waited for
		if err != nil {
			return pemText{}, err
		}
		defer file.Close()
		info, err := file.Stat()
		if err != nil {
			return pemText{}, err
		}
		if !info.Mode().IsRegular() {
			return pemText{}, fmt.Errorf("%s is not a regular file (mode %v)", path, info.Mode())
		}
		text, err := io.ReadAll(io.LimitReader(file, longestPEM))
		return pemText{bytes.TrimPrefix(text, byteOrderMark), info.Mode().Perm()}, err
	})
	if err != nil {
		return t, f.place(err)
	}
	return t, nil
}

// wrong returns an error about the file, whose sentence begins with its name.
func (f *pemFile) wrong(format string, args ...any) error {
	return f.place(fmt.Errorf("%q %w", f.name, fmt.Errorf(format, args...)))
}

// place adds the flag to err, or the place in the configuration file.
func (f *pemFile) place(err error) error {
	if f.config == nil {
		return fmt.Errorf("%s: %w", f.from, err)
	}
	return inFile(f.config, f.line, f.from, err)
}
