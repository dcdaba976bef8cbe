package config

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/downloadview/downloadview/internal/keyprefix"
)

// A Storage is a place that files are served from.
type Storage struct {
	Name string
	URL  string // an absolute directory, or the URL of a bucket
	Line int
}

var (
	hasScheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://`)
	schemes   = []string{"s3", "gs", "azblob", "file", "mem"}
)

func readStorages(v value) []Storage {
	const want = "a directory, or the URL of a bucket such as s3://reports"
	var storages []Storage
	pairs, ok := v.pairs(`want names of storages, such as "media: /srv/media"`)
	if !ok {
		return nil
	}
	for name, v := range pairs {
		s := Storage{Name: name, Line: v.line}
		var prefix string
		place := func(v value) { v.place(&s.URL) }
		if v.isScalar() { // the short form
			place(v)
		} else {
			v.mapping(want, []field{
				{name: "url", need: want, read: place},
				{name: "prefix", read: scalar(&prefix, keyPrefix)},
			})
		}
		if prefix != "" && s.URL != "" {
			s.URL = v.withPrefix(s.URL, prefix)
		}
		storages = append(storages, s)
	}
	return storages
}

// withPrefix adds the prefix to the URL of a bucket, as buckets take it.
func (v value) withPrefix(place, prefix string) string {
	u, err := ParseURL(place)
	switch {
	case !hasScheme.MatchString(place) || err != nil:
		v.errorf("prefix %q is for the keys of a bucket; for a folder below %q name it in url", prefix, place)
	case u.Query().Has("prefix"):
		v.errorf("prefix %q and one in url; want one of them", prefix)
	case u.RawQuery != "":
		return place + "&prefix=" + url.QueryEscape(prefix)
	default:
		return strings.TrimSuffix(place, "?") + "?prefix=" + url.QueryEscape(prefix)
	}
	return place
}

// place reads where a storage is. A password in it isn't told to anybody.
func (v value) place(to *string) {
	if u, err := ParseURL(v.target().Value); err == nil && u.User != nil {
		v.errorf("%q has a user in it; credentials come from the environment, as the cloud's own tools have them", u.Redacted())
		return
	}
	scalar(to, v.d.storageURL)(v)
}

// storageURL reads a directory or the URL of a bucket.
func (d *document) storageURL(s string) (string, error) {
	if !hasScheme.MatchString(s) {
		return d.path(s)
	}
	if err := CheckExpanded(s); err != nil {
		return "", err
	}
	u, err := ParseURL(s)
	if err != nil {
		var parse *url.Error
		if errors.As(err, &parse) {
			err = parse.Err
		}
		return "", fmt.Errorf("is no URL: %w", err)
	}
	switch {
	case !slices.Contains(schemes, u.Scheme):
		return "", fmt.Errorf("has the unknown scheme %q; %s", u.Scheme, suggestion(u.Scheme, schemes))
	case u.Fragment != "":
		return "", errors.New(`has a "#" in it; want it as %23`)
	}
	if q := u.Query(); q.Get("prefix") != "" {
		if _, err := keyPrefix(q.Get("prefix")); err != nil {
			return "", fmt.Errorf("has the prefix %q, which %w", q.Get("prefix"), err)
		}
	}
	return s, CheckParameters(u)
}

// CheckParameters refuses the URL of a bucket that has a parameter without a
// value, as of an unset variable: an empty prefix would be the whole bucket. The
// error goes on after the URL.
func CheckParameters(u *url.URL) error {
	q := u.Query()
	for _, name := range slices.Sorted(maps.Keys(q)) {
		if slices.Contains(q[name], "") {
			return fmt.Errorf("has the parameter %q without a value; want one, or the parameter left out", name)
		}
	}
	return nil
}

// path reads a path, which begins at the folder of the file if it is relative.
func (d *document) path(s string) (string, error) {
	if s == "" {
		return "", errors.New("is empty")
	}
	if strings.ContainsRune(s, 0) {
		return "", errors.New("has a NUL in it")
	}
	if err := CheckExpanded(s); err != nil {
		return "", err
	}
	if filepath.IsAbs(s) {
		return s, nil
	}
	return filepath.Abs(filepath.Join(filepath.Dir(d.file), s))
}

func keyPrefix(s string) (string, error) {
	if s == "" {
		return "", errors.New("is empty; want a prefix of keys such as 2026/, or none for the whole bucket")
	}
	return s, keyprefix.Check(s)
}
