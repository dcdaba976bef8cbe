package config

import (
	"errors"
	"net/url"
	"slices"

	"go.yaml.in/yaml/v4"
)

// ledgerSchemes has the schemes of the stores of a ledger, and the store of each.
var ledgerSchemes = map[string]string{"postgres": "PostgreSQL", "postgresql": "PostgreSQL", "redis": "Redis", "rediss": "Redis", "unix": "Redis", "nats": "NATS", "tls": "NATS"}

const wantLedgerStore = "want postgres://HOST/DATABASE, redis://HOST:PORT, rediss://HOST:PORT (with TLS), unix:///PATH (of a socket of Redis), nats://HOST:PORT or tls://HOST:PORT"

// CheckLedgerStore checks the place where entries of downloads are kept: the URL of a
// PostgreSQL or a Redis, or those of NATS servers with commas between. The error continues a sentence
// that begins with [ShownStore] of s.
func CheckLedgerStore(s string) error { return checkStore(s, ledgerSchemes, wantLedgerStore) }

// ledgerStore reads the place where entries of downloads are kept. Of PostgreSQL, it may
// name the user; a password doesn't belong into the file.
func (v value) ledgerStore(c *Config) {
	n, ok := v.resolved(yaml.ScalarNode, "want a single value")
	if !ok {
		return
	}
	err := CheckLedgerStore(n.Value)
	if slices.ContainsFunc(StoreURLs(n.Value), hasSecret) {
		err = errors.New("has a password, or a user that is not of PostgreSQL; want the URL without it, and the variable PGPASSWORD or REDISCLI_AUTH of the environment, or NATS_USER and NATS_PASSWORD")
	}
	if err != nil {
		v.errorf("%q %w", ShownStore(n.Value), err)
		return
	}
	c.Ledger, c.LedgerLine = n.Value, v.line
}

func hasSecret(u *url.URL) bool {
	if ledgerSchemes[u.Scheme] != "PostgreSQL" {
		return u.User != nil
	}
	_, given := u.User.Password()
	return given || u.Query().Has("password")
}
