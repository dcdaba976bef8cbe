package middleware

import (
	"context"
	"fmt"
	"time"
)

// Leases count the downloads of links whose [Grant] has Times. A download is a lease: it
// begins with the first request that gets bytes of the file, and all requests of the
// same client within the lease belong to it: ranges, retries, several connections at
// once. Set [LinksOptions.Leases] to use them. Several goroutines may use Leases.
//
// A client is known by its address, of IPv6 the first 64 bits, by the Session that the
// link is bound to, and by the version of the file, whichever of its [Variants] is sent.
// So people behind one address share a download: the first one uses a link for one
// download up, and the others in the same office can download by it as well while the
// lease lasts. A Session makes that finer. A client whose address changes is another
// client.
//
// The version of content in a spool is the Version of its ID, unless the view gives it an
// entity tag: a client can try again if making the content failed.
//
// A lease lasts LeasesOptions.TTL from its last use: a request in its second half renews
// it, and so does a download that this process is still sending. TTL is therefore the
// longest pause after which a client can go on, not the longest download. The end of a
// file that a proxy or a store sends is not known here: after a hand-over, and after a
// redirect, only the next request renews the lease.
//
// HEAD, and answers without bytes of the file, such as 304, 412, 416 and errors, take no
// lease. Only a file that could be opened and then fails before its first byte, such as one
// of [downloadview.FromFunc], has one already. What a browser fetches in advance, with
// Sec-Purpose: prefetch, is refused. If the store can't be asked, the answer is 503 with
// Retry-After.
//
// A mail scanner that fetches links of a mail takes a lease as anybody does. A page with
// a form that posts, as in the example of Leases, is not followed by scanners.
type Leases struct {
	store LeaseStore
	o     LeasesOptions
}

// LeasesOptions are the options of [NewLeases]. The zero value is fine.
type LeasesOptions struct {
	// TTL is how long a lease lasts after it was used; 0 is an hour. It is a second
	// or more.
	TTL time.Duration

	// Count says when a lease is counted.
	Count LeaseCount

	// Provisional is how many leases of one link may end uncounted if Count is
	// OnComplete; 0 is 3. After that many, each lease is counted at once. So one link
	// never gives more than Times plus Provisional leases.
	Provisional int

	// Timeout is how long the store may take for an answer; 0 is 2 seconds.
	Timeout time.Duration

	// Observer is called with the store's answer to each request that asks for a
	// lease, for metrics. If err is not nil, the state means nothing. It isn't called
	// if the client left before there was an answer. Several goroutines call it. nil
	// calls nothing.
	Observer func(state LeaseState, err error)
}

// A LeaseCount says when a lease is counted.
type LeaseCount int

const (
	// OnOpen counts a lease when it is taken, whatever becomes of the download.
	OnOpen LeaseCount = iota

	// OnComplete counts a lease when an answer with the last byte of the file was
	// sent whole. A lease that ends without one gives its count back; until it ends,
	// its client can go on, and nobody else gets the count. What a proxy, a store or
	// a handler without a view sends is counted at once, because its end is not known.
	OnComplete
)

// NewLeases returns Leases that are kept in a store: package middleware/memlease has one
// for a single process, middleware/redislease and middleware/natslease have stores that
// processes share. nil options are the zero value. It panics if store is nil or an
// option is out of its bounds.
func NewLeases(store LeaseStore, o *LeasesOptions) *Leases {
	if store == nil {
		panic("middleware: NewLeases: store is nil")
	}
	l := &Leases{store: store}
	if o != nil {
		l.o = *o
	}
	if l.o.TTL == 0 {
		l.o.TTL = time.Hour
	}
	if l.o.Provisional == 0 {
		l.o.Provisional = 3
	}
	if l.o.Timeout == 0 {
		l.o.Timeout = 2 * time.Second
	}
	if l.o.TTL < time.Second || l.o.Provisional < 0 || l.o.Timeout < 0 || l.o.Count < OnOpen || l.o.Count > OnComplete {
		panic(fmt.Sprintf("middleware: NewLeases: TTL %v, Provisional %d, Timeout %v or Count %d is wrong; want a TTL of a second or more, OnOpen or OnComplete, and no negative number", l.o.TTL, l.o.Provisional, l.o.Timeout, l.o.Count))
	}
	return l
}

// A LeaseStore remembers the leases of links, for all processes that share it. Package
// middleware/leasetest tests one. Several goroutines use it.
type LeaseStore interface {
	// Lease takes a lease, or finds the one that the holder has. It is one atomic
	// operation: however many callers there are at once, no more than q.Times leases
	// count for an ID.
	//
	// The holder has a lease: LeaseSame, and if less than half of q.TTL is left, the
	// lease lasts for q.TTL from now. Otherwise, if fewer than q.Times leases of the
	// ID count: LeaseNew, and the lease lasts for q.TTL. Otherwise LeaseUsedUp.
	//
	// A lease counts also when it is over. The exception is a provisional one that
	// is over and not completed: it counts no more, and is remembered as lapsed. A
	// new lease is provisional if the provisional leases of the ID and the lapsed
	// ones together are fewer than q.Provisional.
	//
	// The store may forget an ID when the Keep of each request for it is over, and
	// not earlier.
	//
	// An error means that nothing is known; the client then gets nothing, and the same
	// request may be made again. Lease returns soon after ctx is done. The text of an
	// error has no credentials.
	Lease(ctx context.Context, q LeaseRequest) (LeaseState, error)

	// Complete makes the provisional lease of a holder count for good. It does nothing
	// if there is none, such as after its end.
	Complete(ctx context.Context, id, holder string) error
}

// A LeaseRequest asks for a lease.
type LeaseRequest struct {
	// ID says what is counted, and Holder who asks. Each has 1 to 64 letters, digits,
	// "-" and "_" of ASCII.
	ID, Holder string

	Times       int           // how many leases may count; 1 or more
	TTL         time.Duration // how long a lease lasts; a second or more
	Keep        time.Duration // how long the ID has to be remembered, from now; a second or more
	Provisional int           // how many leases may end uncounted; 0: all count at once
}

// A LeaseState is the answer to a LeaseRequest.
type LeaseState int

// The states. The zero value refuses.
const (
	LeaseUsedUp LeaseState = iota // all are taken by others
	LeaseNew                      // the holder has got one
	LeaseSame                     // the holder had one already
)

// String returns "used up", "new" or "same".
func (s LeaseState) String() string {
	switch s {
	case LeaseUsedUp:
		return "used up"
	case LeaseNew:
		return "new"
	case LeaseSame:
		return "same"
	}
	return fmt.Sprintf("LeaseState(%d)", int(s))
}
