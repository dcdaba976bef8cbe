package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
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

// openLocal opens what needs no cloud. Memory, and files under names that the
// driver escapes, are nowhere a proxy could look.
func openLocal(ctx context.Context, u *url.URL) (downloadview.Storage, func() error, error) {
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, nil, usagef("has no proper query: %w", err)
	}
	if err := checkParts(q); err != nil {
		return nil, nil, &command.UsageError{Err: err}
	}
	key, prefix := q.Get("key"), strings.TrimSuffix(q.Get("prefix"), "/")
	if u.Scheme == "file" && q.Has("prefix") && !fs.ValidPath(prefix) {
		return nil, nil, usagef("has the prefix %q, which is no folder; want one such as prefix=2026/", q.Get("prefix"))
	}
	// A bucket of one key wouldn't tell where it has its files.
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

// usagef is the error of a URL that can't mean anything.
func usagef(format string, args ...any) error {
	return &command.UsageError{Err: fmt.Errorf(format, args...)}
}

// single has one object under all keys.
type single struct {
	downloadview.Storage
	key string
}

func (s single) File(string) (downloadview.File, error) { return s.Storage.File(s.key) }

// A location is the URL of a bucket, taken apart.
type location struct {
	bucket       string
	prefix       string   // of all keys
	key          string   // of the only object; "": all
	signEndpoint *url.URL // where signed URLs lead; nil: where we ask
	parameters   url.Values
}

// everywhere are the parameters that are ours, for all clouds.
var everywhere = []string{"prefix", "key", "sign_endpoint"}

// locate takes u apart, whose other parameters must be among known.
func locate(u *url.URL, known []string) (*location, error) {
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("has no proper query: %w", err)
	}
	switch {
	case u.User != nil:
		return nil, errors.New("has a user in it; credentials come from the environment, as the cloud's own tools have them")
	case u.Host == "":
		return nil, fmt.Errorf("names no bucket; want %s://BUCKET", u.Scheme)
	// It would be ignored, and the whole bucket be open.
	case u.Path != "" && u.Path != "/":
		return nil, fmt.Errorf("has the path %q; for the keys below it want %s://%s?prefix=%s",
			u.Path, u.Scheme, u.Host, strings.Trim(u.EscapedPath(), "/")+"/")
	case u.Fragment != "":
		return nil, errors.New(`has a "#" in it; want it as %23`)
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

// checkParts finds a prefix and a key that would open another part of a bucket
// than the one that is meant, such as all of it.
func checkParts(q url.Values) error {
	prefix, key := q.Get("prefix"), q.Get("key")
	switch {
	case len(q["prefix"]) > 1:
		return errors.New(`has the parameter "prefix" twice; want one`)
	case len(q["key"]) > 1:
		return errors.New(`has the parameter "key" twice; want one`)
	case q.Has("prefix") && prefix == "":
		return errors.New("has an empty prefix; want one such as prefix=2026/, or none for the whole bucket")
	case q.Has("key") && key == "":
		return errors.New("has an empty key; want one such as key=2026/report.pdf, or none for all of them")
	}
	if err := keyprefix.Check(prefix); err != nil {
		return fmt.Errorf("has the prefix %q, which %w", prefix, err)
	}
	return nil
}

// checkNames finds parameters that nobody would obey.
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

// endpoint reads where a store is; nil for "".
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
		return nil, fmt.Errorf("has the %s %q, which is no scheme and host; want such as https://s3.example.com", what, value)
	}
	return u, nil
}
