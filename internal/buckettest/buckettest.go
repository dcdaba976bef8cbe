// Package buckettest holds what the tests of all storages over buckets have in
// common: what downloads cost at a real store ([Downloads]), what becomes of them
// when an object is replaced meanwhile ([Replaced]), and what a store answers that
// no real one can be made to ([Fake]).
package buckettest

import (
	"testing"

	"github.com/downloadview/downloadview"
)

// A Kind is that of a request to a bucket.
type Kind string

// The kinds. What a Bucket makes of other requests is its own affair.
const (
	Look Kind = "look" // for what is known of an object, without its bytes
	Read Kind = "read" // of an object, or of a range of it
)

// A Request is what a bucket was asked.
type Request struct {
	Kind  Kind
	Range string // field value, such as "bytes=0-9"; "": the whole
}

// Whole, Part and Looked are the requests of downloads.
var (
	Whole  = Request{Kind: Read}
	Looked = Request{Kind: Look}
)

// Part reads the range of a field value.
func Part(byteRange string) Request { return Request{Read, byteRange} }

// A Bucket is an empty one that a test may fill.
type Bucket struct {
	Storage downloadview.Storage

	// Put stores an object, or another one in its place.
	Put func(key string, content []byte) error

	// Requests returns what was asked since the last Reset, in order.
	Requests func() []Request
	Reset    func()

	// Before has a function called with each request before it is carried out.
	// nil ends that.
	Before func(func(Request))

	// Asks are the requests of the downloads in [Downloads] for which this
	// bucket is asked something else than most are, by the names of these.
	Asks map[string][]Request
}

func (b *Bucket) put(t *testing.T, key string, content []byte) {
	t.Helper()
	if err := b.Put(key, content); err != nil {
		t.Fatalf("put %q: %v", key, err)
	}
}
