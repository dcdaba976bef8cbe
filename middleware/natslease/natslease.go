// Package natslease keeps the leases of counted links in a key-value bucket of NATS
// JetStream, for all processes that use the same one. It needs nats-server 2.11 or later.
//
// With three replicas, one server may fail, and nothing is forgotten. While the others
// agree on a new leader, which can take some seconds, leases are errors.
//
// The leases of a link that run at the same time are in one message, which must not
// be larger than the servers allow: with the usual megabyte these are about 20000.
// Times are those of the clients' clocks.
package natslease

import (
	"cmp"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/downloadview/downloadview/internal/natskv"
	"github.com/downloadview/downloadview/middleware"
)

// A Store is a [middleware.LeaseStore] in NATS. Several goroutines may use it.
type Store struct{ kv *natskv.Bucket }

// Options are the options of [New] and [Open]. The zero value is fine.
type Options struct {
	// Bucket is the name of the bucket; "" is "downloadview-leases". The first lease
	// creates it if it is not there.
	Bucket string

	// Replicas is how many servers keep a new bucket: 1 to 5. 0 is 3 if the server is
	// in a cluster, else 1.
	Replicas int
}

// New returns a Store in the JetStream of js, which stays the caller's to close. nil
// options are the zero value. New does no I/O. The error says which option is wrong; a
// js with a domain or an API prefix of its own is refused.
func New(js jetstream.JetStream, o *Options) (*Store, error) {
	kv, err := natskv.New(js, o.bucket())
	if err != nil {
		return nil, err
	}
	return &Store{kv}, nil
}

// bucket returns the options of the bucket. o may be nil.
func (o *Options) bucket() natskv.Options {
	b := natskv.Options{Caller: "natslease", Of: "leases", Name: "downloadview-leases"}
	if o != nil {
		b.Name, b.Replicas = cmp.Or(o.Bucket, b.Name), o.Replicas
	}
	return b
}

// Open connects to the servers of a URL, or of several with commas between:
// nats://[USER:PASSWORD@]HOST[:PORT] or nats://TOKEN@HOST, or tls:// in place of nats://.
// If none answers, Open goes on trying in the background, and leases are errors until
// one does. An error of Open and of the Store has no user, password and token in it.
//
// The caller closes the Store.
func Open(rawURLs string, o *Options) (*Store, error) {
	kv, err := natskv.Connect(rawURLs, o.bucket())
	if err != nil {
		return nil, err
	}
	return &Store{kv}, nil
}

// Close closes what Open has opened. After New it does nothing.
func (s *Store) Close() error { s.kv.Close(); return nil }

var _ middleware.LeaseStore = (*Store)(nil)
