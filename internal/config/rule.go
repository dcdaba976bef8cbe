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

// A Rule is one of the file: what the application hands over by, what the proxy's
// configuration says of it, and which proxy that is. Whether its source and its
// destination are of a form that the proxy takes is not checked here.
type Rule struct {
	site.Rule        // its own Proxy stays nil
	Proxy     string // the name of one; "" where clients are redirected
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

// checkRule looks at a rule as a whole, and gives it the only proxy.
func (c *Config) checkRule(v value, i int) {
	if v.target().Kind != yaml.MappingNode {
		return // which was told
	}
	r := &c.Rules[i]
	redirects := r.Signed != nil && r.Signed.Redirect != 0
	switch {
	case redirects:
		for _, key := range []string{"destination", "proxy", "limit_rate"} {
			if v.has(key) {
				v.errorf("%s means nothing where clients are redirected to the store", key)
			}
		}
	case !v.has("destination"):
		v.errorf("has no destination; want where the proxy finds the files, for nginx an internal location such as /_media/")
	}
	if !redirects && !v.has("proxy") {
		switch names := c.proxyNames(); len(names) {
		case 0:
			v.errorf(`there are no proxies to hand over to; want such as "proxies: {front: nginx}"`)
		case 1:
			r.Proxy = names[0]
		default:
			v.errorf("has no proxy; want one of %s", quoted(names))
		}
	}
	if r.Signed != nil && r.Source != "" && !isRemote(r.Source) {
		v.errorf("signed is for what lives in a bucket, and %q is a local path", r.Source)
	}
	if r.Signed != nil && r.Directory != "" {
		v.errorf("directory means nothing to what is fetched by signed URLs")
	}
}

// checkDistinct finds rules with the ID, or the source, of one before them.
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
				v.errorf("%s %q is that of the rule on line %d already", k.what, k.value, first)
			default:
				lines[k] = r.Line
			}
		}
	}
}

// place is a source in one of the ways in which it can be written.
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
		return "", errors.New("is no name for a rule; want letters, digits, dots, dashes and underscores, such as media")
	}
	return s, nil
}

// source reads the place that a rule covers.
func (d *document) source(s string) (string, error) {
	if !hasScheme.MatchString(s) {
		return d.path(s)
	}
	if err := CheckExpanded(s); err != nil {
		return "", err
	}
	return line(s)
}

// destination reads where a proxy finds files, in whichever way it is told.
func destination(s string) (string, error) {
	if err := CheckExpanded(s); err != nil {
		return "", err
	}
	return line(s)
}

var headersByName = name([]string{"own", "safety", "private"}, map[string]accel.PassedHeaders{
	"own": accel.PassDefault, "safety": accel.PassSafety, "private": accel.PassAll,
})

// ParseHeaders reads what the file has for the headers of a rule.
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
		v.errorf("cache, slice and hide mean nothing where clients are redirected to the store")
	}
	if r.Slice != 0 && r.Cache == 0 {
		v.errorf("slice without a cache to keep the slices in; want cache, such as 10GB")
	}
}

var metadataKeys = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]*$`)

func metadataKey(s string) (string, error) {
	if !metadataKeys.MatchString(s) {
		return "", errors.New("is no key of metadata in lower case; want such as owner")
	}
	return s, nil
}

// longestExpiry is half of what stores sign for: URLs are handed over until half
// of their time is up.
const longestExpiry = 84 * time.Hour

func expiry(s string) (time.Duration, error) {
	d, err := seconds(s)
	if err == nil && (d == 0 || d > longestExpiry) {
		return 0, errors.New("is not between 1s and 84h, as stores want it")
	}
	return d, err
}

func redirect(s string) (int, error) {
	for _, status := range []int{http.StatusFound, http.StatusTemporaryRedirect} {
		if s == strconv.Itoa(status) {
			return status, nil
		}
	}
	return 0, errors.New("is no status for a URL that expires; want 302 or 307")
}

func baseURL(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return "", errors.New("is no scheme and host; want such as https://cdn.example.com")
	}
	return s, nil
}
