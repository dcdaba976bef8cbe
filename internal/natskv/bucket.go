// Package natskv keeps values in a key-value bucket of NATS JetStream, such that each
// change is made once, and that one server of three may fail.
package natskv

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/nats-io/nats.go/jetstream"
)

// A Bucket is a key-value bucket without direct reads, which is made when it is first used.
// Several goroutines may use it.
type Bucket struct {
	JS jetstream.JetStream

	o       Options
	close   func()
	stream  atomic.Pointer[jetstream.Stream] // nil: not found yet
	looking chan struct{}                    // has an element while somebody looks for it
}

// Options say which bucket it is, and for whom.
type Options struct {
	Caller string // what errors begin with
	Of     string // what the values are, for errors and for the description of the bucket

	// Name is that of the bucket.
	Name string

	// Replicas is how many servers keep a new bucket: 1 to 5. 0 is 3 if the server is
	// in a cluster, else 1.
	Replicas int
}

// New returns a Bucket in the JetStream of js, which stays the caller's to close. It does no
// I/O. The error says which option is wrong; a js with a domain or an API prefix of its
// own is refused.
func New(js jetstream.JetStream, o Options) (*Bucket, error) {
	switch is := js.Options(); {
	case strings.ContainsFunc(o.Name, func(c rune) bool { return !strings.ContainsRune(letters, c) }):
		return nil, fmt.Errorf("%s: the bucket is called %q; want letters, digits, \"-\" and \"_\"", o.Caller, o.Name)
	case o.Replicas < 0 || o.Replicas > 5:
		return nil, fmt.Errorf("%s: %d replicas; want 0 to 5", o.Caller, o.Replicas)
	case is.Domain != "" || is.APIPrefix != "" && is.APIPrefix != jetstream.DefaultAPIPrefix:
		return nil, fmt.Errorf("%s: the JetStream has a domain or an API prefix; want one without", o.Caller)
	}
	return &Bucket{JS: js, o: o, close: func() {}, looking: make(chan struct{}, 1)}, nil
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

// Close closes what [Connect] has opened. After New it does nothing.
func (b *Bucket) Close() { b.close() }

// Found returns the bucket's stream, which is created if there is none.
func (b *Bucket) Found(ctx context.Context) (jetstream.Stream, error) {
	if found := b.stream.Load(); found != nil {
		return *found, nil
	}
	select {
	case b.looking <- struct{}{}:
		defer func() { <-b.looking }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if found := b.stream.Load(); found != nil {
		return *found, nil
	}
	stream, err := b.JS.Stream(ctx, "KV_"+b.o.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		stream, err = b.JS.CreateStream(ctx, b.config())
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // by another process at the same time
			stream, err = b.JS.Stream(ctx, "KV_"+b.o.Name)
		}
	}
	if err != nil {
		return nil, err
	}
	// A direct read is answered by any replica, which may not know yet what was written.
	if is := stream.CachedInfo().Config; is.AllowDirect || !is.AllowMsgTTL {
		return nil, &unfitError{b.o.Name}
	}
	b.stream.Store(&stream)
	return stream, nil
}

// An unfitError is not one that another try would end.
type unfitError struct{ bucket string }

func (e *unfitError) Error() string {
	return fmt.Sprintf("the bucket %s allows direct reads or no time to live of a message; delete it, or choose another name", e.bucket)
}

// config is that of a key-value bucket without direct reads.
func (b *Bucket) config() jetstream.StreamConfig {
	replicas := b.o.Replicas
	if replicas == 0 {
		replicas = 1
		if b.JS.Conn().ConnectedClusterName() != "" {
			replicas = 3
		}
	}
	return jetstream.StreamConfig{
		Name: "KV_" + b.o.Name, Subjects: []string{b.Subject(">")}, Description: b.o.Of + " of downloadview", Replicas: replicas,
		MaxMsgsPerSubject: 1, MaxMsgs: -1, MaxBytes: -1, MaxMsgSize: -1, MaxConsumers: -1, Storage: jetstream.FileStorage,
		Discard: jetstream.DiscardNew, AllowRollup: true, DenyDelete: true, AllowMsgTTL: true,
	}
}

// Subject returns the subject of a key.
func (b *Bucket) Subject(key string) string { return "$KV." + b.o.Name + "." + key }
