package command

import (
	"github.com/downloadview/downloadview/internal/config"
)

// tlsFlags are the flags for TLS.
type tlsFlags struct {
	TLSCert string `name:"tls-cert" placeholder:"FILE" group:"TLS:" help:"Speak HTTPS (HTTP/2 and HTTP/1.1) with the certificate in this file, in PEM, followed by those of its authority; or with the credential of systemd of that name. SIGHUP reads it again. Needs --tls-key. Default: HTTP without TLS."`
	TLSKey  string `name:"tls-key" placeholder:"FILE" group:"TLS:" help:"The private key of --tls-cert, in PEM and without a passphrase, or the name of a credential of systemd. SIGHUP reads it again."`
}

// apply sets the values of the flags in c, where they win over the file.
func (f *tlsFlags) apply(c *config.Config) error {
	for _, file := range []struct{ flag, name string }{{"--tls-cert", f.TLSCert}, {"--tls-key", f.TLSKey}} {
		if err := config.CheckKeyFile(file.name); err != nil {
			return usageErrorf("%s %q %w", file.flag, file.name, err)
		}
	}
	switch {
	case f.TLSCert != "" && f.TLSKey == "":
		return usageErrorf("--tls-cert %q needs --tls-key with the file of its private key; want both", f.TLSCert)
	case f.TLSKey != "" && f.TLSCert == "":
		return usageErrorf("--tls-key %q needs --tls-cert with the file of its certificate; want both", f.TLSKey)
	}
	if f.TLSCert != "" {
		c.TLS = config.TLS{Cert: f.TLSCert, Key: f.TLSKey}
	}
	return nil
}

// certificateOf returns the certificate of c, which isn't read yet, or nil if the server
// doesn't speak TLS.
func certificateOf(c *config.Config) *certificate {
	t := &c.TLS
	switch {
	case t.Cert == "":
		return nil
	case t.CertLine == 0:
		return &certificate{cert: pemFile{from: "--tls-cert", name: t.Cert}, key: pemFile{from: "--tls-key", name: t.Key}}
	}
	return &certificate{
		cert: pemFile{from: "tls_cert", name: t.Cert, config: c, line: t.CertLine},
		key:  pemFile{from: "tls_key", name: t.Key, config: c, line: t.KeyLine},
	}
}
