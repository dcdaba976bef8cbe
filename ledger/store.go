package ledger

import (
	"context"
	"time"
)

// A Store keeps the entries of a [Ledger]. Package ledgertest tests one. Several goroutines
// use it.
type Store interface {
	// Open returns the ID of a download of what, which is a [Download.What]: of the one
	// that was used last, if began is not later than window after that and it has fewer
	// than [MostVersions] entries, else a new one. A use is a part that [Store.Add] got, or
	// a call of Open. A use that is more than a day later than began and than now doesn't
	// count: a clock was wrong. It is one atomic operation: if several callers open the
	// same download at once, they get the same ID.
	Open(ctx context.Context, what string, began time.Time, window time.Duration) (id string, err error)

	// Add adds a part to the entry that has its ID and version. If there is none, it
	// belongs to the entry of this ID whose version isn't known, and a part without a
	// version to the entry that was used last. Otherwise Add makes an entry: also for an
	// ID that the store doesn't know, because a proxy's log may outlive it. It is one
	// atomic operation. [Fold] does all of this for the entries of one ID.
	Add(ctx context.Context, p Part) error
}
