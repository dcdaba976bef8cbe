// Package buckettest has the tests that all storages over buckets share: the
// requests that downloads make to a real store ([Downloads]), the results if an
// object is replaced during a download ([Replaced]), and the results of answers
// that no real store can be made to give ([Fake]).
package buckettest

import (
	"testing"

	"github.com/downloadview/downloadview"
)

// A Kind is the kind of a request to a bucket.
type Kind string

// The kinds. A Bucket may use others for other requests.
const (
	Look Kind = "look" // for an object's metadata, without its bytes
	Read Kind = "read" // of an object, or of a range of it
)

// A Request is a request that a bucket has received.
type Request struct {
	Kind  Kind
	Range string // field value, such as "bytes=0-9"; "": the whole object
}

// Whole, Part and Looked are the requests of downloads.
var (
	Whole  = Request{Kind: Read}
	Looked = Request{Kind: Look}
)

// Part returns a read of the range in a Range field.
func Part(byteRange string) Request { return Request{Read, byteRange} }

// A Bucket is an empty bucket that a test may fill.
type Bucket struct {
	Storage downloadview.Storage

	// Put stores or replaces an object.
	Put func(key string, content []byte) error

	// Requests returns the requests since the last Reset, in order.
	Requests func() []Request
	Reset    func()

	// Before sets a function to call with each request before it is carried
	// out. nil removes it.
	Before func(func(Request))

	// Asks are the requests of those cases of [Downloads] that differ from the
	// usual ones for this bucket, by the names of the cases.
	Asks map[string][]Request
}

func (b *Bucket) put(t *testing.T, key string, content []byte) {
	t.Helper()
	if err := b.Put(key, content); err != nil {
		t.Fatalf("put %q: %v", key, err)
	}
}
