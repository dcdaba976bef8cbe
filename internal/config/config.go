// Package config reads the configuration file of the command downloadview:
// YAML, of which every key and value is checked, into plain values.
package config

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/downloadview/downloadview/internal/localfile"
)

// A Config is what a file says. Its names are as the file has them, its paths
// are absolute: relative ones begin at the file's folder. Lines are counted
// from 1.
type Config struct {
	File string

	Listen string         // as ParseAddress reads it; "" where the file doesn't say
	Grace  *time.Duration // how long downloads may go on after a signal; nil likewise
	Blind  bool           // hand over without looking at the file first

	MimeTypes      string   // a file of media types, which [ReadTypes] reads; "": none
	Log            string   // text, json or off; "" where the file doesn't say
	LogLevel       string   // debug, info, warn or error; likewise
	TrustedProxies []string // addresses, networks or "unix": who tells where requests come from

	Storages []Storage
	Mounts   []Mount // the longest Path wins; all of them where there are Storages
	Proxies  []Proxy
	Rules    []Rule
	Limits   Limits
}

// Read reads and checks the file. What is wrong with its text is [Errors], of
// which each has a line; else the file can't be read.
func Read(file string) (*Config, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	return read(f, file)
}

// ReadAgain is [Read] for a file that was read before. A pipe, which can't be, is
// an error: without a writer it would be waited for without an end.
func ReadAgain(file string) (*Config, error) {
	f, err := os.OpenFile(file, localfile.Flag, 0)
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	if err == nil && !fi.Mode().IsRegular() {
		err = fmt.Errorf("can't be read again, since it is no regular file (mode %v)", fi.Mode())
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return read(f, file)
}

// longestFile is more than ten thousand rules take.
const longestFile = 16 << 20

// read reads f to its end, and closes it.
func read(f *os.File, file string) (*Config, error) {
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, longestFile+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > longestFile:
		return nil, fmt.Errorf("is longer than %d MiB, which no configuration is", longestFile>>20)
	}
	return Parse(file, text)
}

// Parse is [Read] for a text at hand. file is what messages call it, and where
// relative paths begin.
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

// readTop reads the whole file. Names that are referred to may be defined further
// down, so those checks come later.
func (c *Config) readTop(v value) {
	var rest mountDefaults
	v.mapping("storages, mounts, proxies and rules", []field{
		{name: "listen", read: scalar(&c.Listen, listen)},
		{name: "grace", read: optional(&c.Grace, duration)},
		{name: "index", read: scalar(&rest.index, boolean)},
		{name: "inline", read: scalar(&rest.inline, boolean)},
		{name: "hidden", read: scalar(&rest.hidden, boolean)},
		{name: "blind", read: scalar(&c.Blind, boolean)},
		{name: "mime_types", read: scalar(&c.MimeTypes, v.d.path)},
		{name: "log", read: scalar(&c.Log, ParseLogFormat)},
		{name: "log_level", read: scalar(&c.LogLevel, ParseLogLevel)},
		{name: "trusted_proxies", read: list(&c.TrustedProxies, "addresses, such as [127.0.0.1, unix]", peer)},
		{name: "storages", read: func(v value) { c.Storages = readStorages(v) }},
		{name: "mounts", read: func(v value) { c.Mounts = c.readMounts(v, &rest) }},
		{name: "proxies", read: func(v value) { c.Proxies = readProxies(v) }},
		{name: "rules", read: func(v value) { c.Rules = c.readRules(v) }},
		{name: "limits", read: func(v value) { c.Limits.read(v) }},
	})
	if c.Log == "off" && c.LogLevel != "" {
		v.d.errorf(v.child("log_level").Line, "log_level", "%q says nothing where log is off; want one of them", c.LogLevel)
	}
	v.d.check(func() { c.mountTheOnly(v.d, rest) })
}
