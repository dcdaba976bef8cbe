package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"gocloud.dev/blob"
	_ "gocloud.dev/blob/azureblob"
	_ "gocloud.dev/blob/fileblob"
	_ "gocloud.dev/blob/gcsblob"
	_ "gocloud.dev/blob/memblob"
	_ "gocloud.dev/blob/s3blob"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/command"
	"github.com/downloadview/downloadview/storage/gocloud"
	"github.com/downloadview/downloadview/storage/s3bucket"
)

// open opens the bucket at u. It is a [command.Opener].
func open(ctx context.Context, u *url.URL) (downloadview.Storage, func() error, error) {
	if err := check(u); err != nil {
		return nil, nil, &command.UsageError{Err: err}
	}
	b, err := blob.OpenBucket(ctx, forDriver(u))
	if err != nil {
		return nil, nil, err
	}
	return storageOf(b, u), b.Close, nil
}

// forDriver keeps the SDK for S3 from complaining on stderr about each object
// that it has no checksum for.
func forDriver(u *url.URL) string {
	const validation = "response_checksum_validation"
	q := u.Query()
	if u.Scheme != "s3" || q.Has(validation) {
		return u.String()
	}
	q.Set(validation, "when_required")
	quiet := *u
	quiet.RawQuery = q.Encode()
	return quiet.String()
}

func check(u *url.URL) error {
	switch u.Scheme {
	case "s3", "gs", "azblob":
		if u.Host == "" {
			return fmt.Errorf("names no bucket; want %s://BUCKET", u.Scheme)
		}
		// The drivers would ignore it and open the whole bucket.
		if u.Path != "" && u.Path != "/" {
			return fmt.Errorf("has the path %q; for the keys below it want %s://%s?prefix=%s",
				u.Path, u.Scheme, u.Host, strings.Trim(u.EscapedPath(), "/")+"/")
		}
		// The SDK would say so of each request.
		if e := u.Query().Get("endpoint"); e != "" && !strings.HasPrefix(e, "http://") && !strings.HasPrefix(e, "https://") {
			return fmt.Errorf("has the endpoint %q without a scheme; want http://%s or https://%s", e, e, e)
		}
	case "file", "mem":
	default:
		return errors.New("has an unknown scheme; want a directory, s3://, gs://, azblob://, file:// or mem://")
	}
	return nil
}

// storageOf asks S3 in its own words, where one request suffices for what the
// portable interface needs two for.
func storageOf(b *blob.Bucket, u *url.URL) downloadview.Storage {
	q := u.Query()
	var client *s3.Client
	if b.As(&client) && !q.Has("key") { // all keys are that one, which only gocloud knows
		return s3bucket.New(client, u.Host, &s3bucket.Options{Prefix: q.Get("prefix")})
	}
	return gocloud.New(b, &gocloud.Options{Source: source(u)})
}

// source is where the keys of the bucket live. Memory, files under names that
// the driver escapes, and a single key are nowhere a proxy could look.
func source(u *url.URL) downloadview.Source {
	q := u.Query()
	switch u.Scheme {
	case "file", "mem":
		return downloadview.Source{}
	}
	if q.Has("key") {
		return downloadview.Source{}
	}
	return downloadview.Source{Scheme: u.Scheme, Host: u.Host, Path: q.Get("prefix")}
}
