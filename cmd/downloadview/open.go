package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/fileblob"
	_ "gocloud.dev/blob/memblob"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/command"
	"github.com/downloadview/downloadview/internal/keyprefix"
	"github.com/downloadview/downloadview/storage/gocloud"
)

// open opens the bucket at u. It is a [command.Opener].
func open(ctx context.Context, u *url.URL, r *command.Reach) (downloadview.Storage, func() error, error) {
	var cloud func(context.Context, *location, *command.Reach) (downloadview.Storage, func() error, error)
	var known []string
	switch u.Scheme {
	case "s3":
		cloud, known = openS3, s3Parameters
	case "gs":
		cloud, known = openGS, gsParameters
	case "azblob":
		cloud, known = openAzure, azureParameters
	case "file", "mem":
		return openLocal(ctx, u)
	default:
		return nil, nil, &command.UsageError{Err: errors.New(
			"has an unknown scheme; want a directory, s3://, gs://, azblob://, file:// or mem://")}
	}
	at, err := locate(u, known)
	if err != nil {
		return nil, nil, &command.UsageError{Err: err}
	}
	storage, release, err := cloud(ctx, at, r)
	if err != nil {
		return nil, nil, err
	}
	if at.key != "" {
		storage = single{storage, at.key}
	}
	return storage, release, nil
}

// openLocal opens a bucket of a file:// or mem:// URL. Its files have no source for
// proxies: they are in memory, or on disk under names that the driver escapes.
func openLocal(ctx context.Context, u *url.URL) (downloadview.Storage, func() error, error) {
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, nil, usagef("has no proper query: %w", err)
	}
	if err := checkFolder(u); err != nil {
		return nil, nil, &command.UsageError{Err: err}
	}
	if err := checkParts(q); err != nil {
		return nil, nil, &command.UsageError{Err: err}
	}
	if err := checkFile(u, q); err != nil {
		return nil, nil, &command.UsageError{Err: err}
	}
	key := q.Get("key")
	// The driver's own bucket of one key hides where its files are.
	q.Del("key")
	all := *u
	all.RawQuery = q.Encode()
	b, err := blob.OpenBucket(ctx, all.String())
	if err != nil {
		return nil, nil, err
	}
	storage := downloadview.Storage(gocloud.New(b, nil))
	if key != "" {
		storage = single{storage, key}
	}
	return storage, b.Close, nil
}

// checkFolder refuses a file:// URL that doesn't name the folder which the driver would
// open: it ignores hosts, and without a path it opens the working directory.
func checkFolder(u *url.URL) error {
	switch {
	case u.Scheme != "file":
		return nil
	case u.Fragment != "":
		return errors.New(`has a "#"; want %23 in its place`)
	case u.Host == ".": // what follows is relative to the working directory
		return nil
	case u.Host != "" && u.Host != "localhost":
		return fmt.Errorf("names the host %q, not a folder; want an absolute path, such as file:///%s%s", u.Host, u.Host, u.EscapedPath())
	case u.Path == "":
		return errors.New("has no path; want an absolute one, such as file:///srv/media")
	}
	return nil
}

// usagef returns the error for a wrong URL.
func usagef(format string, args ...any) error {
	return &command.UsageError{Err: fmt.Errorf(format, args...)}
}

// single is a storage with one object, which is found under every key.
type single struct {
	downloadview.Storage
	key string
}

func (s single) File(string) (downloadview.File, error) { return s.Storage.File(s.key) }

// A location has the parts of a bucket's URL.
type location struct {
	bucket       string
	prefix       string     // of all keys
	key          string     // of the only object; "": all objects
	signEndpoint *url.URL   // scheme and host of signed URLs; nil: those of the store
	parameters   url.Values // the parameters of the cloud
}

// everywhere are our own parameters, which all clouds have.
var everywhere = []string{"prefix", "key", "sign_endpoint"}

// locate reads u. Its parameters must be those of everywhere or known.
func locate(u *url.URL, known []string) (*location, error) {
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("has no proper query: %w", err)
	}
	switch {
	case u.User != nil:
		return nil, errors.New("has a user; want a URL without one, and credentials in the environment, as for the cloud's own tools")
	case u.Host == "":
		return nil, fmt.Errorf("names no bucket; want %s://BUCKET", u.Scheme)
	// A path would be ignored, and the whole bucket would be served.
	case u.Path != "" && u.Path != "/":
		return nil, fmt.Errorf("has the path %q; for the keys below it want %s://%s?prefix=%s",
			u.Path, u.Scheme, u.Host, strings.Trim(u.EscapedPath(), "/")+"/")
	case u.Fragment != "":
		return nil, errors.New(`has a "#"; want %23 in its place`)
	}
	if err := checkNames(q, known); err != nil {
		return nil, err
	}
	l := &location{bucket: u.Host, prefix: q.Get("prefix"), key: q.Get("key"), parameters: q}
	if err := checkParts(q); err != nil {
		return nil, err
	}
	if l.signEndpoint, err = endpoint("sign_endpoint", q.Get("sign_endpoint")); err != nil {
		return nil, err
	}
	for _, name := range everywhere {
		q.Del(name)
	}
	return l, nil
}

// checkParts refuses values of prefix and key that would open another part of a bucket
// than intended, such as the whole bucket.
func checkParts(q url.Values) error {
	prefix, key := q.Get("prefix"), q.Get("key")
	switch {
	case len(q["prefix"]) > 1:
		return errors.New(`has the parameter "prefix" twice; want one`)
	case len(q["key"]) > 1:
		return errors.New(`has the parameter "key" twice; want one`)
	case q.Has("prefix") && prefix == "":
		return errors.New("has an empty prefix; want one such as prefix=2026/, or no prefix for the whole bucket")
	case q.Has("key") && key == "":
		return errors.New("has an empty key; want one such as key=2026/report.pdf, or no key for all objects")
	}
	if err := keyprefix.Check(prefix); err != nil {
		return fmt.Errorf("has the prefix %q, which %w", prefix, err)
	}
	return nil
}

// checkNames refuses parameters that would be ignored.
func checkNames(q url.Values, known []string) error {
	known = append(known[:len(known):len(known)], everywhere...)
	for _, name := range slices.Sorted(maps.Keys(q)) {
		switch {
		case !slices.Contains(known, name):
			return fmt.Errorf("has the unknown parameter %q; want one of %s", name, strings.Join(known, ", "))
		case len(q[name]) > 1:
			return fmt.Errorf("has the parameter %q twice; want one", name)
		}
	}
	return nil
}

// endpoint reads the scheme and host of a store; nil for "". name is that of the
// parameter, for errors.
func endpoint(name, value string) (*url.URL, error) {
	if value == "" {
		return nil, nil
	}
	what := strings.ReplaceAll(name, "_", " ")
	if !strings.HasPrefix(value, "http://") && !strings.HasPrefix(value, "https://") {
		return nil, fmt.Errorf("has the %s %q without a scheme; want http://%s or https://%s", what, value, value, value)
	}
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("has the %s %q, which is not a scheme and a host alone; want such as https://s3.example.com", what, value)
	}
	return u, nil
}
