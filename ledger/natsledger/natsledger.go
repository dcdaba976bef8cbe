// Package natsledger keeps the entries of a ledger in a key-value bucket of NATS JetStream,
// for all processes that use the same one. It needs nats-server 2.11 or later.
//
// With three replicas, one server may fail, and nothing is forgotten. While the others
// agree on a new leader, which can take some seconds, the requests of an application
// wait for up to Options.Timeout of the ledger. Give it time: 10 seconds, for example.
package natsledger

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/downloadview/downloadview/ledger"
)

// A Store is a [ledger.Store] in NATS. Several goroutines may use it.
type Store struct {
	js       jetstream.JetStream
	bucket   string
	replicas int
	keep     time.Duration
	close    func()

	stream  atomic.Pointer[jetstream.Stream] // nil: not found yet
	looking chan struct{}                    // has an element while somebody looks for it
}

// Options are the options of [New] and [Open]. The zero value is fine.
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
	if o == nil {
		o = new(Options)
	}
	s := &Store{js: js, bucket: o.Bucket, replicas: o.Replicas, keep: o.Keep, close: func() {}, looking: make(chan struct{}, 1)}
	if s.bucket == "" {
		s.bucket = "downloadview-ledger"
	}
	if s.keep == 0 {
		s.keep = 30 * 24 * time.Hour
	}
	switch is := js.Options(); {
	case strings.ContainsFunc(s.bucket, func(c rune) bool { return !strings.ContainsRune(letters, c) }):
		return nil, fmt.Errorf("natsledger: the bucket is called %q; want letters, digits, \"-\" and \"_\"", s.bucket)
	case s.replicas < 0 || s.replicas > 5:
		return nil, fmt.Errorf("natsledger: %d replicas; want 0 to 5", s.replicas)
	case s.keep < time.Hour:
		return nil, fmt.Errorf("natsledger: entries are kept for %v; want an hour or more", s.keep)
	case is.Domain != "" || is.APIPrefix != "" && is.APIPrefix != jetstream.DefaultAPIPrefix:
		return nil, errors.New("natsledger: the JetStream has a domain or an API prefix; want one without")
	}
	return s, nil
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

// Connect connects to the servers of a URL, or of several with commas between:
// nats://[USER:PASSWORD@]HOST[:PORT] or nats://TOKEN@HOST, or tls:// in place of nats://.
// If none answers, Connect goes on trying in the background, and the Store's methods are
// errors until one does. An error of Connect and of the Store has no user, password and
// token in it.
//
// The caller closes the Store.
func Connect(rawURLs string, o *Options) (*Store, error) {
	for rawURL := range strings.SplitSeq(rawURLs, ",") {
		u, err := url.Parse(strings.TrimSpace(rawURL))
		if err != nil { // its text has parts of the URL
			return nil, errors.New("natsledger: this is not a URL; want one such as nats://HOST:PORT")
		}
		if u.Scheme != "nats" && u.Scheme != "tls" || u.Hostname() == "" {
			return nil, fmt.Errorf("natsledger: %s://%s is not a URL of NATS; want nats://HOST:PORT or tls://HOST:PORT", u.Scheme, u.Host)
		}
	}
	nc, err := nats.Connect(rawURLs, nats.Name("downloadview"), nats.RetryOnFailedConnect(true), nats.IgnoreAuthErrorAbort(),
		nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond), nats.ReconnectJitter(50*time.Millisecond, 50*time.Millisecond))
	if err != nil {
		return nil, errors.New("natsledger: the URL can't be used for NATS")
	}
	js, err := jetstream.New(nc)
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("natsledger: %w", err)
	}
	s, err := New(js, o)
	if err != nil {
		nc.Close()
		return nil, err
	}
	s.close = nc.Close
	return s, nil
}

// Close closes what Connect has opened. After New it does nothing.
func (s *Store) Close() error { s.close(); return nil }

// found returns the bucket's stream, which is created if there is none.
func (s *Store) found(ctx context.Context) (jetstream.Stream, error) {
	if found := s.stream.Load(); found != nil {
		return *found, nil
	}
	select {
	case s.looking <- struct{}{}:
		defer func() { <-s.looking }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if found := s.stream.Load(); found != nil {
		return *found, nil
	}
	stream, err := s.js.Stream(ctx, "KV_"+s.bucket)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		stream, err = s.js.CreateStream(ctx, s.config())
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // by another process at the same time
			stream, err = s.js.Stream(ctx, "KV_"+s.bucket)
		}
	}
	if err != nil {
		return nil, err
	}
	// A direct read is answered by any replica, which may not know yet what was written.
	if is := stream.CachedInfo().Config; is.AllowDirect || !is.AllowMsgTTL {
		return nil, &unfitError{s.bucket}
	}
	s.stream.Store(&stream)
	return stream, nil
}

// An unfitError is not one that another try would end.
type unfitError struct{ bucket string }

func (e *unfitError) Error() string {
	return fmt.Sprintf("the bucket %s allows direct reads or no time to live of a message; delete it, or choose another name", e.bucket)
}

// config is that of a key-value bucket without direct reads.
func (s *Store) config() jetstream.StreamConfig {
	replicas := s.replicas
	if replicas == 0 {
		replicas = 1
		if s.js.Conn().ConnectedClusterName() != "" {
			replicas = 3
		}
	}
	return jetstream.StreamConfig{
		Name: "KV_" + s.bucket, Subjects: []string{s.subject(">")}, Description: "ledger of downloadview", Replicas: replicas,
		MaxMsgsPerSubject: 1, MaxMsgs: -1, MaxBytes: -1, MaxMsgSize: -1, MaxConsumers: -1, Storage: jetstream.FileStorage,
		Discard: jetstream.DiscardNew, AllowRollup: true, DenyDelete: true, AllowMsgTTL: true,
	}
}

func (s *Store) subject(key string) string { return "$KV." + s.bucket + "." + key }

var _ ledger.Store = (*Store)(nil)
