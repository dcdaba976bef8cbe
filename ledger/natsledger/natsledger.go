// Package natsledger keeps the entries of a ledger in a key-value bucket of NATS JetStream,
// for all processes that use the same one. It needs nats-server 2.11 or later.
//
// With three replicas, one server may fail, and nothing is forgotten. While the others
// agree on a new leader, which can take some seconds, the requests of an application
// wait for up to Options.Timeout of the ledger. Give it time: 10 seconds, for example.
package natsledger

import (
	"cmp"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/downloadview/downloadview/internal/natskv"
	"github.com/downloadview/downloadview/ledger"
)

// A Store is a [ledger.Store] in NATS. Several goroutines may use it.
type Store struct {
	kv   *natskv.Bucket
	keep time.Duration
}

// Options are the options of [New] and [Connect]. The zero value is fine.
type Options struct {
	// Bucket is the name of the bucket; "" is "downloadview-ledger". The first use
	// creates it if it is not there.
	Bucket string

	// Replicas is how many servers keep a new bucket: 1 to 5. 0 is 3 if the server is
	// in a cluster, else 1.
	Replicas int

	// Keep is how long an entry is kept after its last change; 0 is 30 days. It is an
	// hour or more. Entries that are needed for longer must be copied: see [Store.All].
	Keep time.Duration
}

// New returns a Store in the JetStream of js, which stays the caller's to close. nil
// options are the zero value. New does no I/O. The error says which option is wrong; a
// js with a domain or an API prefix of its own is refused.
func New(js jetstream.JetStream, o *Options) (*Store, error) {
	return open(o, func(b natskv.Options) (*natskv.Bucket, error) { return natskv.New(js, b) })
}

// open returns a Store in the bucket of o, which may be nil.
func open(o *Options, bucket func(natskv.Options) (*natskv.Bucket, error)) (*Store, error) {
	if o == nil {
		o = new(Options)
	}
	s := &Store{keep: cmp.Or(o.Keep, 30*24*time.Hour)}
	if s.keep < time.Hour {
		return nil, fmt.Errorf("natsledger: entries are kept for %v; want an hour or more", s.keep)
	}
	var err error
	s.kv, err = bucket(natskv.Options{Caller: "natsledger", Of: "ledger", Name: cmp.Or(o.Bucket, "downloadview-ledger"), Replicas: o.Replicas})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Connect connects to the servers of a URL, or of several with commas between:
// nats://[USER:PASSWORD@]HOST[:PORT] or nats://TOKEN@HOST, or tls:// in place of nats://.
// If none answers, Connect goes on trying in the background, and the Store's methods are
// errors until one does. An error of Connect and of the Store has no user, password and
// token in it.
//
// The caller closes the Store.
func Connect(rawURLs string, o *Options) (*Store, error) {
	return open(o, func(b natskv.Options) (*natskv.Bucket, error) { return natskv.Connect(rawURLs, b) })
}

// Close closes what Connect has opened. After New it does nothing.
func (s *Store) Close() error { s.kv.Close(); return nil }

var _ ledger.Store = (*Store)(nil)
