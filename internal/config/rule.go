package config

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/proxies/site"
)

// A Rule is a rule of the file. It says which files the application hands over, to
// which proxy, and how that proxy is configured for them. This package doesn't check
// whether the proxy accepts the form of the source and of the destination.
type Rule struct {
	site.Rule        // Rule.Proxy stays nil
	Proxy     string // the name of a Proxy; "" if clients are redirected to the store
	Line      int
}

var ids = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

func (c *Config) readRules(v value) []Rule {
	items := v.items(`want a list of rules, such as "- {id: media, source: /srv/media, destination: /_media/}"`)
	rules := make([]Rule, len(items))
	for i, v := range items {
		if id, ok := v.scalarOf("id"); ok {
			v.key = below("rules", id)
		}
		c.readRule(v, &rules[i])
		items[i] = v
		v.d.check(func() { c.checkRule(v, i) })
	}
	v.d.check(func() { c.checkDistinct(items) })
	return rules
}

func (c *Config) readRule(v value, r *Rule) {
	r.Line = v.line
	v.mapping("id, source and destination", []field{
		{name: "id", need: "a name such as media", read: scalar(&r.Name, ruleID)},
		{name: "source", need: "a directory such as /srv/media, or a prefix such as s3://reports/2026/", read: scalar(&r.Source, v.d.source)},
		{name: "destination", read: scalar(&r.Destination, destination)},
		{name: "proxy", read: func(v value) { v.reference(&r.Proxy, "proxy", c.proxyNames) }},
		{name: "directory", read: scalar(&r.Directory, absolute)},
		{name: "headers", read: scalar(&r.Headers, headersByName)},
		{name: "limit_rate", read: scalar(&r.LimitRate, positive)},
		{name: "signed", read: r.readSigned},
	})
}

// checkRule checks the keys of a rule against each other. A rule without a proxy gets
// the only one of the file.
func (c *Config) checkRule(v value, i int) {
	if v.target().Kind != yaml.MappingNode {
		return // readRule has added an error
	}
	r := &c.Rules[i]
	redirects := r.Signed != nil && r.Signed.Redirect != 0
	switch {
	case redirects:
		for _, key := range []string{"destination", "proxy", "limit_rate"} {
			if v.has(key) {
				v.errorf("%s has no effect in a rule that redirects clients to the store; remove it", key)
			}
		}
	case !v.has("destination"):
		v.errorf("has no destination; want the place where the proxy finds the files, for nginx an internal location such as /_media/")
	}
	if !redirects && !v.has("proxy") {
		switch names := c.proxyNames(); len(names) {
		case 0:
			v.errorf(`the file has no proxies to hand over to; want such as "proxies: {front: nginx}"`)
		case 1:
			r.Proxy = names[0]
		default:
			v.errorf("has no proxy; want one of %s", quoted(names))
		}
	}
	if r.Signed != nil && r.Source != "" && !isRemote(r.Source) {
		v.errorf("signed is for files in a bucket, and %q is a local path; remove signed", r.Source)
	}
	if r.Signed != nil && r.Directory != "" {
		v.errorf("directory has no effect in a rule with signed; remove one of them")
	}
}

// checkDistinct adds an error for each rule with the ID of an earlier rule, or with
// the source and the proxy of one.
func (c *Config) checkDistinct(rules []value) {
	type key struct{ what, value, proxy string }
	lines := make(map[key]int)
	for i, v := range rules {
		r := &c.Rules[i]
		for _, k := range []key{{"id", r.Name, ""}, {"source", place(r.Source), r.Proxy}} {
			first, twice := lines[k]
			switch {
			case k.value == "":
			case twice:
				v.errorf("the rule on line %[3]d has the %[1]s %[2]q already", k.what, k.value, first)
			default:
				lines[k] = r.Line
			}
		}
	}
}

// place returns a source without "file://" and without a slash at its end, so that
// two ways to write one place compare equal.
func place(source string) string {
	local := strings.TrimPrefix(source, "file://")
	if local == "/" {
		return local
	}
	return strings.TrimSuffix(local, "/")
}

func isRemote(source string) bool {
	return hasScheme.MatchString(source) && !strings.HasPrefix(source, "file://")
}

func ruleID(s string) (string, error) {
	if !ids.MatchString(s) {
		return "", errors.New("is not a name for a rule; want letters, digits, dots, dashes and underscores, such as media")
	}
	return s, nil
}

// source reads the directory, or the prefix of a URL, that a rule covers.
func (d *document) source(s string) (string, error) {
	if !hasScheme.MatchString(s) {
		return d.path(s)
	}
	if err := CheckExpanded(s); err != nil {
		return "", err
	}
	return line(s)
}

// destination reads the place where a proxy finds the files: a path or a URL.
func destination(s string) (string, error) {
	if err := CheckExpanded(s); err != nil {
		return "", err
	}
	return line(s)
}

var headersByName = name([]string{"own", "safety", "private"}, map[string]accel.PassedHeaders{
	"own": accel.PassDefault, "safety": accel.PassSafety, "private": accel.PassAll,
})

// ParseHeaders reads "own", "safety" or "private". The error continues a sentence that
// begins with s.
func ParseHeaders(s string) (accel.PassedHeaders, error) { return headersByName(s) }

func (r *Rule) readSigned(v value) {
	s := new(accel.Signed)
	r.Signed = s
	v.mapping(`options such as "{expiry: 5m}"`, []field{
		{name: "expiry", read: scalar(&s.Expiry, expiry)},
		{name: "redirect", read: scalar(&s.Redirect, redirect)},
		{name: "base", read: scalar(&s.Base, baseURL)},
		{name: "cache", read: scalar(&r.Cache, positive)},
		{name: "slice", read: scalar(&r.Slice, positive)},
		{name: "hide", read: list(&s.Hidden, "keys of metadata, such as [owner]", metadataKey)},
	})
	if s.Redirect != 0 && (r.Cache != 0 || r.Slice != 0 || s.Hidden != nil) {
		v.errorf("cache, slice and hide have no effect with redirect, which sends clients to the store; remove them")
	}
	if r.Slice != 0 && r.Cache == 0 {
		v.errorf("has slice and no cache to keep the slices in; want cache too, such as 10GB")
	}
}

var metadataKeys = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]*$`)

func metadataKey(s string) (string, error) {
	if !metadataKeys.MatchString(s) {
		return "", errors.New("is not a key of metadata in lower case; want such as owner")
	}
	return s, nil
}

// longestExpiry is half of the seven days that stores sign for, because a URL is
// handed over until half of its time is left.
const longestExpiry = 84 * time.Hour

func expiry(s string) (time.Duration, error) {
	d, err := seconds(s)
	if err == nil && (d == 0 || d > longestExpiry) {
		return 0, errors.New("is not between 1s and 84h")
	}
	return d, err
}

func redirect(s string) (int, error) {
	for _, status := range []int{http.StatusFound, http.StatusTemporaryRedirect} {
		if s == strconv.Itoa(status) {
			return status, nil
		}
	}
	return 0, errors.New("is not a status for a redirect to a URL that expires; want 302 or 307")
}

func baseURL(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return "", errors.New("is not a scheme and a host alone; want such as https://cdn.example.com")
	}
	return s, nil
}
