// Package redislease keeps the leases of counted links in Redis, for all processes that
// use the same one. It needs Redis 5 or later, or a server that is compatible with it,
// also as a cluster.
//
// The counts are as safe as Redis is. If it forgets them, links can be used again: turn
// on its append-only file, and set its maxmemory-policy to noeviction. A replica that
// takes over may lack the last moment.
package redislease

import (
	"context"
	_ "embed" // of the scripts
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/downloadview/downloadview/internal/redisclient"
	"github.com/downloadview/downloadview/middleware"
)

// A Store is a [middleware.LeaseStore] in Redis. Several goroutines may use it.
type Store struct {
	client redis.Scripter
	prefix string
	close  func() error
}

// Options are the options of [New] and [Open]. The zero value is fine.
type Options struct {
	// Prefix is what the names of all keys begin with; "" is "downloadview:lease:".
	Prefix string
}

// New returns a Store in the Redis of client, which stays the caller's to close. nil
// options are the zero value. New does no I/O. It panics if client is nil.
//
// A client of go-redis ignores the deadline of a context, and waits for as long as its
// own timeouts say, unless its ContextTimeoutEnabled is set.
func New(client redis.Scripter, o *Options) *Store {
	if client == nil {
		panic("redislease: New: client is nil")
	}
	s := &Store{client: client, prefix: "downloadview:lease:", close: func() error { return nil }}
	if o != nil && o.Prefix != "" {
		s.prefix = o.Prefix
	}
	return s
}

// Open returns a Store in the Redis of a URL: redis://[USER:PASSWORD@]HOST[:PORT][/NUMBER],
// rediss:// for TLS, or unix://[USER:PASSWORD@]/PATH?db=NUMBER. Its query may have the
// options that [redis.ParseURL] lists. Open does no I/O, so a wrong address or password
// is an error of the first lease. An error has no user, password and query in it.
//
// The caller closes the Store.
func Open(rawURL string, o *Options) (*Store, error) {
	client, err := redisclient.Open("redislease", rawURL)
	if err != nil {
		return nil, err
	}
	s := New(client, o)
	s.close = client.Close
	return s, nil
}

// Close closes what Open has opened. After New it does nothing.
func (s *Store) Close() error { return s.close() }

var (
	//go:embed lease.lua
	leaseText string
	//go:embed complete.lua
	completeText string

	leaseScript    = redis.NewScript(leaseText)
	completeScript = redis.NewScript(completeText)
)

// keys returns the names of the keys of an ID, which are in one slot of a cluster.
func (s *Store) keys(id string) []string {
	name := s.prefix + "{" + id + "}:"
	return []string{name + "counts", name + "leases", name + "provisional"}
}

// Lease does what [middleware.LeaseStore] says, by one script. The clock is that of Redis.
func (s *Store) Lease(ctx context.Context, q middleware.LeaseRequest) (middleware.LeaseState, error) {
	if err := ctx.Err(); err != nil {
		return middleware.LeaseUsedUp, err
	}
	said, err := leaseScript.Run(ctx, s.client, s.keys(q.ID),
		q.Holder, strconv.Itoa(q.Times), milliseconds(q.TTL), milliseconds(q.Keep), strconv.Itoa(q.Provisional)).Text()
	if err != nil {
		return middleware.LeaseUsedUp, fmt.Errorf("redislease: %w", err)
	}
	for _, state := range []middleware.LeaseState{middleware.LeaseNew, middleware.LeaseSame, middleware.LeaseUsedUp} {
		if state.String() == said {
			return state, nil
		}
	}
	return middleware.LeaseUsedUp, fmt.Errorf("redislease: the script said %q", said)
}

// Complete does what [middleware.LeaseStore] says.
func (s *Store) Complete(ctx context.Context, id, holder string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := completeScript.Run(ctx, s.client, s.keys(id), holder).Err(); err != nil {
		return fmt.Errorf("redislease: %w", err)
	}
	return nil
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

var _ middleware.LeaseStore = (*Store)(nil)
