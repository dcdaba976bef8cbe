package config

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

var leaseSchemes = []string{"redis", "rediss", "unix"}

const wantLeaseStore = "want memory, redis://HOST:PORT, rediss://HOST:PORT (with TLS) or unix:///PATH (of a socket of Redis)"

// CheckLeaseStore checks the place where the downloads of links are counted: "memory" or
// the URL of a store. The error continues a sentence that begins with [ShownLeaseStore]
// of s.
func CheckLeaseStore(s string) error {
	if s == "memory" {
		return nil
	}
	if err := CheckExpanded(s); err != nil {
		return err
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Scheme == "":
		return errors.New("is unknown; " + wantLeaseStore)
	case !slices.Contains(leaseSchemes, u.Scheme):
		return fmt.Errorf("has the unknown scheme %q; %s", u.Scheme, wantLeaseStore)
	case u.Opaque != "" || u.Scheme != "unix" && u.Hostname() == "" || u.Scheme == "unix" && u.Path == "":
		return errors.New("names no server; " + wantLeaseStore)
	case u.Fragment != "":
		return errors.New(`has a "#"; want %23 in its place`)
	}
	return CheckParameters(u)
}

// ShownLeaseStore returns s without a user, a password and parameters.
func ShownLeaseStore(s string) string {
	scheme, _, ok := strings.Cut(s, "://")
	if !ok {
		return s
	}
	u, err := url.Parse(s)
	if err != nil {
		return scheme + "://xxxxx"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// leaseStore reads the place where the downloads of links are counted. A user and a
// password don't belong into the file.
func (v value) leaseStore(to *string) {
	n, ok := v.resolved(yaml.ScalarNode, "want a single value")
	if !ok {
		return
	}
	err := CheckLeaseStore(n.Value)
	if u, wrong := url.Parse(n.Value); wrong == nil && u.User != nil {
		err = errors.New("has a user or a password; want the URL without them, and the password in the variable REDISCLI_AUTH of the environment")
	}
	if err != nil {
		v.errorf("%q %w", ShownLeaseStore(n.Value), err)
		return
	}
	*to = n.Value
}
