package config

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// leaseSchemes has the schemes of the stores, and the store of each.
var leaseSchemes = map[string]string{"redis": "Redis", "rediss": "Redis", "unix": "Redis", "nats": "NATS", "tls": "NATS"}

const wantLeaseStore = "want memory, redis://HOST:PORT, rediss://HOST:PORT (with TLS), unix:///PATH (of a socket of Redis), nats://HOST:PORT or tls://HOST:PORT"

// CheckLeaseStore checks the place where the downloads of links are counted: "memory",
// the URL of a Redis, or those of NATS servers with commas between. The error continues a
// sentence that begins with [ShownStore] of s.
func CheckLeaseStore(s string) error {
	if s == "memory" {
		return nil
	}
	return checkStore(s, leaseSchemes, wantLeaseStore)
}

// checkStore checks the URLs of a store against those schemes. want says which there are.
func checkStore(s string, schemes map[string]string, want string) error {
	if err := CheckExpanded(s); err != nil {
		return err
	}
	urls := StoreURLs(s)
	if urls == nil {
		return errors.New("is unknown; " + want)
	}
	for _, u := range urls {
		switch store := schemes[u.Scheme]; {
		case store == "":
			return fmt.Errorf("has the unknown scheme %q; %s", u.Scheme, want)
		case len(urls) > 1 && store != "NATS" || strings.Contains(u.Host, ","):
			return errors.New("has several URLs, and not all are of NATS servers; want one, or several such as nats://a:4222,nats://b:4222")
		case u.Opaque != "" || u.Scheme == "unix" && u.Path == "" || u.Scheme != "unix" && u.Hostname() == "" && !(store == "PostgreSQL" && u.Query().Has("host")):
			return errors.New("names no server; " + want)
		case u.Fragment != "":
			return errors.New(`has a "#"; want %23 in its place`)
		}
		if err := CheckParameters(u); err != nil {
			return err
		}
	}
	return nil
}

// StoreURLs returns the URLs of a store, or nil if s has none or one can't be read. Only
// NATS has several.
func StoreURLs(s string) []*url.URL {
	texts := []string{s}
	if strings.HasPrefix(s, "nats://") || strings.HasPrefix(s, "tls://") {
		texts = strings.Split(s, ",")
	}
	var urls []*url.URL
	for _, text := range texts {
		u, err := url.Parse(strings.TrimSpace(text))
		if err != nil || u.Scheme == "" {
			return nil
		}
		urls = append(urls, u)
	}
	return urls
}

// ShownStore returns s without users, passwords and parameters.
func ShownStore(s string) string {
	scheme, _, ok := strings.Cut(s, "://")
	if !ok {
		return s
	}
	urls := StoreURLs(s)
	if urls == nil {
		return scheme + "://xxxxx"
	}
	shown := make([]string, len(urls))
	for i, u := range urls {
		shown[i] = (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
	}
	return strings.Join(shown, ",")
}

// leaseStore reads the place where the downloads of links are counted. A user and a
// password don't belong into the file.
func (v value) leaseStore(c *Config) {
	n, ok := v.resolved(yaml.ScalarNode, "want a single value")
	if !ok {
		return
	}
	err := CheckLeaseStore(n.Value)
	if slices.ContainsFunc(StoreURLs(n.Value), func(u *url.URL) bool { return u.User != nil }) {
		err = errors.New("has a user or a password; want the URL without them, and the variable REDISCLI_AUTH of the environment, or NATS_USER and NATS_PASSWORD")
	}
	if err != nil {
		v.errorf("%q %w", ShownStore(n.Value), err)
		return
	}
	c.Links, c.LinksLine = n.Value, v.line
}
