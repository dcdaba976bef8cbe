// Package redisledger keeps the entries of a ledger in Redis, for all processes that use
// the same one. It needs Redis 5 or later, or a server that is compatible with it, also as
// a cluster.
//
// The entries are as safe as Redis is: turn on its append-only file, and set its
// maxmemory-policy to noeviction. A replica that takes over may lack the last moment.
package redisledger

import (
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/downloadview/downloadview/internal/redisclient"
	"github.com/downloadview/downloadview/ledger"
)

// A Store is a [ledger.Store] in Redis. Several goroutines may use it.
type Store struct {
	client redis.UniversalClient
	prefix string
	keep   time.Duration
	close  func() error
}

// Options are the options of [New] and [Connect]. The zero value is fine.
type Options struct {
	// Prefix is what the names of all keys begin with; "" is "downloadview:ledger:".
	Prefix string

	// Keep is how long an entry is kept after its last change; 0 is 30 days. It is an
	// hour or more. Entries that are needed for longer must be copied: see [Store.All].
	Keep time.Duration
}

// New returns a Store in the Redis of client, which stays the caller's to close. nil
// options are the zero value. New does no I/O. It panics if client is nil. The error says
// which option is wrong.
//
// A client of go-redis ignores the deadline of a context, and waits for as long as its
// own timeouts say, unless its ContextTimeoutEnabled is set.
func New(client redis.UniversalClient, o *Options) (*Store, error) {
	if client == nil {
		panic("redisledger: New: client is nil")
	}
	s := &Store{client: client, prefix: "downloadview:ledger:", keep: 30 * 24 * time.Hour, close: func() error { return nil }}
	if o != nil && o.Prefix != "" {
		s.prefix = o.Prefix
	}
	if o != nil && o.Keep != 0 {
		s.keep = o.Keep
	}
	if s.keep < time.Hour {
		return nil, fmt.Errorf("redisledger: entries are kept for %v; want an hour or more", s.keep)
	}
	return s, nil
}

// Connect returns a Store in the Redis of a URL: redis://[USER:PASSWORD@]HOST[:PORT][/NUMBER],
// rediss:// for TLS, or unix://[USER:PASSWORD@]/PATH?db=NUMBER. Its query may have the
// options that [redis.ParseURL] lists. Connect does no I/O, so a wrong address or password
// is an error of the Store's methods. An error has no user, password and query in it.
//
// The caller closes the Store.
func Connect(rawURL string, o *Options) (*Store, error) {
	client, err := redisclient.Open("redisledger", rawURL)
	if err != nil {
		return nil, err
	}
	s, err := New(client, o)
	if err != nil {
		client.Close()
		return nil, err
	}
	s.close = client.Close
	return s, nil
}

// Close closes what Connect has opened. After New it does nothing.
func (s *Store) Close() error { return s.close() }

var _ ledger.Store = (*Store)(nil)
