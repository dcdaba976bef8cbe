package config

import (
	"reflect"
	"slices"
)

// Changes returns the top-level keys whose values differ from those of old. It does
// not compare what may change while a server runs: proxies, rules, require_signature and
// key_file, and the numbers and rates of [DownloadLimits]. Nor does it compare the lines
// at which values stand.
func (c *Config) Changes(old *Config) []string {
	below := Config{BasePath: c.BasePath, Mounts: slices.Clone(c.Mounts)}
	below.SetBasePath(old.BasePath)
	var keys []string
	for _, part := range []struct {
		key      string
		now, was any
	}{
		{"listen", c.Listen, old.Listen},
		{"base_path", c.BasePath, old.BasePath},
		{"grace", c.Grace, old.Grace},
		{"blind", c.Blind, old.Blind},
		{"mime_types", c.MimeTypes, old.MimeTypes},
		{"log", c.Log, old.Log},
		{"log_level", c.LogLevel, old.LogLevel},
		{"trusted_proxies", c.TrustedProxies, old.TrustedProxies},
		{"links", c.Links, old.Links},
		{"ledger", c.Ledger, old.Ledger},
		{"proxy_protocol", c.ProxyProtocol, old.ProxyProtocol},
		{"tls_cert", c.TLS.Cert, old.TLS.Cert},
		{"tls_key", c.TLS.Key, old.TLS.Key},
		{"metrics", c.Metrics, old.Metrics},
		{"storages", withoutLines(c.Storages), withoutLines(old.Storages)},
		{"mounts", withoutLines(below.Mounts), withoutLines(old.Mounts)},
		{"limits", c.Limits.withoutLive(), old.Limits.withoutLive()},
	} {
		if !reflect.DeepEqual(part.now, part.was) {
			keys = append(keys, part.key)
		}
	}
	return keys
}

// withoutLines returns a copy of all without the line numbers, and without what takes
// effect when the file is read again.
func withoutLines[T Storage | Mount](all []T) []T {
	all = slices.Clone(all)
	for i := range all {
		switch one := any(&all[i]).(type) {
		case *Storage:
			one.Line = 0
		case *Mount:
			one.Line, one.RequireSignature, one.KeyFile = 0, false, ""
		}
	}
	return all
}

// withoutLive returns the limits that need a restart.
func (l Limits) withoutLive() Limits {
	l.Downloads.Max, l.Downloads.MaxPerClient, l.Downloads.Rate, l.Downloads.RatePerClient = 0, 0, 0, 0
	return l
}
