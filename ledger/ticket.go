package ledger

import (
	"context"
	"strconv"
	"strings"
	"time"
)

// A ticket is the ID that a [Queue] makes, which doesn't ask the store: of one subject and
// file it is always the same. The store's ID replaces it when a part comes to the store.
// It is a [Download.What], ".", and the window in seconds.
func ticket(what string, window time.Duration) string {
	return what + "." + strconv.FormatInt(int64((window+time.Second-1)/time.Second), 10)
}

// longestWindow is about 30 years.
const longestWindow = 1e9 * time.Second

// readTicket returns what a ticket was made of. ok is false if id is that of a store.
func readTicket(id string) (what string, window time.Duration, ok bool) {
	what, seconds, found := strings.Cut(id, ".")
	n, isCount := parseCount(seconds)
	ok = found && isCount && n <= int64(longestWindow/time.Second) && len(what) == len(Download{}.What()) &&
		!strings.ContainsFunc(what, func(r rune) bool { return !('A' <= r && r <= 'Z' || '2' <= r && r <= '7') })
	if !ok {
		return "", 0, false
	}
	return what, time.Duration(n) * time.Second, true
}

// AddPart adds a part to s. If its ID is one of a [Queue], as it is in a proxy's log, s is
// first asked for its own ID, by [Store.Open]. So the part belongs to the download that
// was used last when it comes: a line that comes later than the window after its request,
// because the answer was slow or nobody read the log, counts for a later download of the
// same subject and file if there is one. The error is that of s.
func AddPart(ctx context.Context, s Store, p Part) error {
	if what, window, ok := readTicket(p.ID); ok {
		id, err := s.Open(ctx, what, p.Began, window)
		if err != nil {
			return err
		}
		p.ID, p.What = id, what
	}
	return s.Add(ctx, p)
}
