package config

// TLS says where the certificate of the server is. The zero value means HTTP without
// TLS.
type TLS struct {
	// Cert and Key are places of files, as [Mount.KeyFile]. Both are set, or none.
	Cert, Key         string
	CertLine, KeyLine int
}

// checkTLS adds an error to v, the whole file, if it has one of the two files only.
func (c *Config) checkTLS(v value) {
	t := &c.TLS
	if n := v.child("tls_cert"); n != nil {
		t.CertLine = n.Line
	}
	if n := v.child("tls_key"); n != nil {
		t.KeyLine = n.Line
	}
	switch {
	case t.CertLine > 0 && t.KeyLine == 0:
		v.d.errorf(t.CertLine, "tls_cert", "needs tls_key, the file of its private key; want both")
	case t.KeyLine > 0 && t.CertLine == 0:
		v.d.errorf(t.KeyLine, "tls_key", "needs tls_cert, the file of its certificate; want both")
	}
}
