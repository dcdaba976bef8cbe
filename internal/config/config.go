// Package config reads the configuration file of the command downloadview. The file
// is YAML; the package checks every key and value of it and returns plain Go values.
//
// The errors of the functions that read one value, such as [ParseSize], continue
// the sentence that the caller begins with that value in quotes: "is not a size;
// want …".
package config

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/downloadview/downloadview/internal/localfile"
)

// A Config is the content of a file. Names are as in the file. Paths are absolute:
// relative paths in the file begin at the file's folder. Lines are counted from 1.
type Config struct {
	File string

	Listen   string         // see [ParseAddress]; "": not in the file
	BasePath string         // of all mounts, whose Path begins with it: see [ParseBasePath]
	Grace    *time.Duration // time for running downloads after a signal; nil: not in the file
	Blind    bool           // hand over without looking at the file first

	MimeTypes      string   // a file of media types for [ReadTypes]; "": none
	Log            string   // text, json or off; "": not in the file
	LogLevel       string   // debug, info, warn or error; "": not in the file
	TrustedProxies []string // addresses, networks or "unix": proxies whose X-Forwarded-For is used
	ProxyProtocol  bool     // the trusted proxies begin each connection with the PROXY protocol

	TLS     TLS
	Metrics string // where to listen for Prometheus: see [ParseAddress]; "": nowhere

	Links  string // where downloads of links are counted: see [CheckLeaseStore]; "": not in the file
	Ledger string // where entries of downloads are kept: see [CheckLedgerStore]; "": nowhere

	// Lines of keys; 0: the key is not in the file.
	MimeTypesLine, ProxyProtocolLine, MetricsLine, LinksLine, LedgerLine int

	Storages []Storage
	Mounts   []Mount // the longest Path wins; a file with Storages has one at least
	Proxies  []Proxy
	Rules    []Rule
	Limits   Limits
}

// Read reads and checks the file. If its text is wrong, the error is [Errors], and
// each of them has a line. Any other error means that the file can't be read.
func Read(file string) (*Config, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	return read(f, file)
}

// ReadAgain is [Read] for a file that was read before. It returns an error for a
// pipe: a pipe can't be read twice, and opening one without a writer would block.
func ReadAgain(file string) (*Config, error) {
	f, err := os.OpenFile(file, localfile.Flag, 0)
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	if err == nil && !fi.Mode().IsRegular() {
		err = fmt.Errorf("can't be read again: it is not a regular file (mode %v)", fi.Mode())
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return read(f, file)
}

// longestFile is enough for more than ten thousand rules.
const longestFile = 16 << 20

// read reads f to its end, and closes it.
func read(f *os.File, file string) (*Config, error) {
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, longestFile+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > longestFile:
		return nil, fmt.Errorf("is longer than %d MiB; want a configuration file", longestFile>>20)
	}
	return Parse(file, text)
}

// Parse is [Read] for a text that is in memory. Errors name it by file, and relative
// paths begin at the folder of file.
func Parse(file string, text []byte) (*Config, error) {
	d := &document{file: file}
	c := &Config{File: file}
	if top, ok := d.parse(text); ok {
		c.readTop(top)
		for _, check := range d.later {
			check()
		}
	}
	if len(d.errors) > 0 {
		return nil, d.sorted()
	}
	return c, nil
}

// readTop reads the whole file. A name may be used above the line that defines it,
// so names are checked at the end, by d.later.
func (c *Config) readTop(v value) {
	var rest mountDefaults
	var base string
	v.mapping("storages, mounts, proxies and rules", []field{
		{name: "listen", read: scalar(&c.Listen, v.d.listen)},
		{name: "base_path", read: scalar(&base, ParseBasePath)},
		{name: "grace", read: optional(&c.Grace, duration)},
		{name: "index", read: scalar(&rest.index, boolean)},
		{name: "inline", read: scalar(&rest.inline, boolean)},
		{name: "hidden", read: scalar(&rest.hidden, boolean)},
		{name: "precompressed", read: scalar(&rest.precompressed, boolean)},
		{name: "archive", read: scalar(&rest.archive, boolean)},
		{name: "require_signature", read: scalar(&rest.signed, boolean)},
		{name: "key_file", read: scalar(&rest.keyFile, v.d.keyFile)},
		{name: "links", read: func(v value) { v.leaseStore(c) }},
		{name: "ledger", read: func(v value) { v.ledgerStore(c) }},
		{name: "blind", read: scalar(&c.Blind, boolean)},
		{name: "mime_types", read: func(v value) {
			scalar(&c.MimeTypes, v.d.path)(v)
			c.MimeTypesLine = v.line
		}},
		{name: "log", read: scalar(&c.Log, ParseLogFormat)},
		{name: "log_level", read: scalar(&c.LogLevel, ParseLogLevel)},
		{name: "trusted_proxies", read: list(&c.TrustedProxies, "addresses, such as [127.0.0.1, unix]", peer)},
		{name: "proxy_protocol", read: func(v value) {
			scalar(&c.ProxyProtocol, boolean)(v)
			c.ProxyProtocolLine = v.line
		}},
		{name: "tls_cert", read: scalar(&c.TLS.Cert, v.d.keyFile)},
		{name: "tls_key", read: scalar(&c.TLS.Key, v.d.keyFile)},
		{name: "metrics", read: func(v value) {
			scalar(&c.Metrics, v.d.listen)(v)
			c.MetricsLine = v.line
		}},
		{name: "storages", read: func(v value) { c.Storages = readStorages(v) }},
		{name: "mounts", read: func(v value) { c.Mounts = c.readMounts(v, &rest) }},
		{name: "proxies", read: func(v value) { c.Proxies = readProxies(v) }},
		{name: "rules", read: func(v value) { c.Rules = c.readRules(v) }},
		{name: "limits", read: func(v value) { c.Limits.read(v) }},
	})
	if c.Log == "off" && c.LogLevel != "" {
		v.d.errorf(v.child("log_level").Line, "log_level", "%q has no effect while log is off; remove one of them", c.LogLevel)
	}
	c.checkTLS(v)
	v.d.check(func() { c.mountTheOnly(v.d, rest) })
	v.d.check(func() { c.checkSigned(v, &rest) })
	v.d.check(func() { c.SetBasePath(base) })
}
