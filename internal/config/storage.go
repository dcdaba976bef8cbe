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

// A Storage is a place from which files are served.
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

// withPrefix adds the prefix to the URL of a bucket, as its parameter "prefix".
func (v value) withPrefix(place, prefix string) string {
	u, err := ParseURL(place)
	switch {
	case !hasScheme.MatchString(place) || err != nil:
		v.errorf("prefix %q is for the keys of a bucket; for a folder below %q, write its path in url", prefix, place)
	case u.Query().Has("prefix"):
		v.errorf("has prefix %q, and url has a prefix too; want one of them", prefix)
	case u.RawQuery != "":
		return place + "&prefix=" + url.QueryEscape(prefix)
	default:
		return strings.TrimSuffix(place, "?") + "?prefix=" + url.QueryEscape(prefix)
	}
	return place
}

// place reads the directory or the URL of a storage. Errors don't show a password.
func (v value) place(to *string) {
	if u, err := ParseURL(v.target().Value); err == nil && u.User != nil {
		v.errorf("%q has a user; want a URL without one, and credentials in the environment, as for the cloud's own tools", u.Redacted())
		return
	}
	scalar(to, v.d.storageURL)(v)
}

// storageURL reads a directory or the URL of a bucket. The path of a directory becomes
// clean, as serve opens it: rules are compared with that.
func (d *document) storageURL(s string) (string, error) {
	if !hasScheme.MatchString(s) {
		path, err := d.path(s)
		if err != nil {
			return "", err
		}
		return filepath.Clean(path), nil
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
		return "", fmt.Errorf("is not a URL: %w", err)
	}
	switch {
	case !slices.Contains(schemes, u.Scheme):
		return "", fmt.Errorf("has the unknown scheme %q; %s", u.Scheme, suggestion(u.Scheme, schemes))
	case u.Fragment != "":
		return "", errors.New(`has a "#"; want %23 in its place`)
	}
	if q := u.Query(); q.Get("prefix") != "" {
		if _, err := keyPrefix(q.Get("prefix")); err != nil {
			return "", fmt.Errorf("has the prefix %q, which %w", q.Get("prefix"), err)
		}
	}
	return s, CheckParameters(u)
}

// CheckParameters returns an error if the URL of a bucket has a parameter without a
// value. An unset variable of a shell leaves such a parameter, and an empty prefix
// would serve the whole bucket. The error continues a sentence that begins with u.
func CheckParameters(u *url.URL) error {
	q := u.Query()
	for _, name := range slices.Sorted(maps.Keys(q)) {
		if slices.Contains(q[name], "") {
			return fmt.Errorf("has the parameter %q without a value; want a value, or the parameter left out", name)
		}
	}
	return nil
}

// path reads a path. A relative path begins at the folder of the file.
func (d *document) path(s string) (string, error) {
	if s == "" {
		return "", errors.New("is empty; want a path")
	}
	if strings.ContainsRune(s, 0) {
		return "", errors.New("has a NUL byte; want a path without one")
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
		return "", errors.New("is empty; want a prefix of keys such as 2026/, or no key for the whole bucket")
	}
	return s, keyprefix.Check(s)
}
