// Package redisclient makes clients of Redis from URLs that may have secrets.
package redisclient

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/redis/go-redis/v9"
)

// Open returns a client of the Redis of a URL, whose query may have the options that
// [redis.ParseURL] lists. The client keeps to the deadlines of contexts. Open does no I/O.
// An error begins with the name of the caller's package, and has no user, password and
// query in it.
func Open(caller, rawURL string) (*redis.Client, error) {
	u, err := url.Parse(rawURL)
	if err != nil { // its text has parts of the URL
		return nil, errors.New(caller + ": this is not a URL; want one such as redis://HOST:PORT")
	}
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	options, err := redis.ParseURL(rawURL)
	if err != nil {
		return nil, fmt.Errorf("%s: %s is not a URL of Redis; want redis://HOST:PORT/NUMBER, rediss:// or unix://, and options that go-redis has", caller, shown.String())
	}
	options.ContextTimeoutEnabled = true
	return redis.NewClient(options), nil
}
