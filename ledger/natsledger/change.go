package natsledger

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/downloadview/downloadview/internal/lastuse"
	"github.com/downloadview/downloadview/internal/natskv"
	"github.com/downloadview/downloadview/internal/once"
	"github.com/downloadview/downloadview/ledger"
)

// An opened is the value under the key of a subject and a file: their last download.
type opened struct {
	ID   string    `json:"id"`
	Used time.Time `json:"used"`
}

// A page is the value under the key of an ID.
type page struct {
	What    string         `json:"what"` // the key of the subject and the file; "": not known
	Entries []ledger.Entry `json:"entries"`
}

// Open does what [ledger.Store] says. It writes only if nobody else has written since it
// read, and tries again until ctx is done.
func (s *Store) Open(ctx context.Context, what string, began time.Time, window time.Duration) (string, error) {
	var id string
	latest := lastuse.Latest(began)
	err := natskv.Change(ctx, s.kv, keyOf(what), func(o *opened) time.Duration {
		switch {
		case o.ID == "" || began.After(o.Used.Add(window)) || o.Used.After(latest):
			*o = opened{rand.Text(), began}
		case began.After(o.Used):
			o.Used = began
		default:
			id = o.ID
			return 0
		}
		id = o.ID
		return s.keep
	})
	return id, err
}

// Add does what [ledger.Store] says, as Open does. If a server took the part, and its
// answer was lost, the part still counts once; so it does if a [ledger.Queue] adds it again
// within two minutes.
func (s *Store) Add(ctx context.Context, p ledger.Part) error {
	what := ""
	if p.What != "" {
		what = keyOf(p.What)
	} else { // a proxy's line has the ID alone
		var old page
		if err := s.kv.Get(ctx, keyOfID(p.ID), &old); err != nil {
			return err
		}
		what = old.What
	}
	if what != "" { // first, because it may be done twice
		if err := natskv.Change(ctx, s.kv, what, func(o *opened) time.Duration {
			if o.ID != p.ID || !p.Time.After(o.Used) {
				return 0
			}
			o.Used = p.Time
			return s.keep
		}); err != nil {
			return err
		}
	}
	var full bool
	if err := natskv.ChangeOnce(ctx, s.kv, keyOfID(p.ID), once.Name(ctx), func(of *page) time.Duration {
		if of.What == "" {
			of.What = what
		}
		of.Entries = ledger.Fold(of.Entries, p)
		full = len(of.Entries) >= ledger.MostVersions
		return s.keep
	}); err != nil || !full || what == "" {
		return err
	}
	// If this fails, the next part does it: the part itself is added.
	_ = natskv.Change(ctx, s.kv, what, func(o *opened) time.Duration {
		if o.ID != p.ID {
			return 0
		}
		*o = opened{}
		return s.keep
	})
	return nil
}

// keyOf returns the key of a subject and a file.
func keyOf(what string) string { return "what." + hashed(what) }

// keyOfID returns the key of an ID, which may come from a log.
func keyOfID(id string) string { return "id." + hashed(id) }

func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// Entries returns the entries with an ID: one for each version of the file. The one that
// was changed last is at the end.
func (s *Store) Entries(ctx context.Context, id string) ([]ledger.Entry, error) {
	var of page
	err := s.kv.Get(ctx, keyOfID(id), &of)
	return of.Entries, err
}

// All calls each for all entries that there are, until it returns an error, which All
// returns. It is for copying them to a database. An entry that is changed meanwhile may
// come twice, the newer one later.
func (s *Store) All(ctx context.Context, each func(ledger.Entry) error) error {
	return natskv.Each(ctx, s.kv, "id.*", func(of page) error {
		for _, e := range of.Entries {
			if err := each(e); err != nil {
				return err
			}
		}
		return nil
	})
}
