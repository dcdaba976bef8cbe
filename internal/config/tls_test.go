package config_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/config"
)

func TestTLS(t *testing.T) {
	dir, err := filepath.Abs("conf")
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse("conf/f.yaml", []byte("grace: 1s\ntls_key: sub/key.pem\ntls_cert: cert\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := config.TLS{Cert: "cert", Key: filepath.Join(dir, "sub", "key.pem"), CertLine: 3, KeyLine: 2}
	if c.TLS != want {
		t.Errorf("%+v, want %+v", c.TLS, want)
	}
	for text, want := range map[string]string{
		"tls_cert: c.pem\n":              "f:1: tls_cert: needs tls_key",
		"grace: 1s\ntls_key: k.pem\n":    "f:2: tls_key: needs tls_cert",
		"tls_cert: c.pem\ntls_key: ''\n": "f:2: tls_key: ",
		"tls_cert: $HOME/c\ntls_key: k":  "f:1: tls_cert: \"$HOME/c\" has",
	} {
		_, err := config.Parse("f", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Count(err.Error(), "\n") > 0 {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
