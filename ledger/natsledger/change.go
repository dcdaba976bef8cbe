package natsledger

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

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
	err := change(ctx, s, keyOf(what), func(o *opened) bool {
		switch {
		case o.ID == "" || began.After(o.Used.Add(window)):
			*o = opened{rand.Text(), began}
		case began.After(o.Used):
			o.Used = began
		default:
			id = o.ID
			return false
		}
		id = o.ID
		return true
	})
	return id, err
}

// Add does what [ledger.Store] says, as Open does. If a server took the part, and its
// answer was lost, the part still counts once.
func (s *Store) Add(ctx context.Context, p ledger.Part) error {
	what := ""
	if p.What == "" { // a proxy's line has the ID alone
		var old page
		if err := retry(ctx, func(ctx context.Context) error {
			_, err := s.get(ctx, keyOfID(p.ID), &old)
			return err
		}); err != nil {
			return err
		}
		what = old.What
	} else {
		what = keyOf(p.What)
	}
	if what != "" { // first, because it may be done twice
		if err := change(ctx, s, what, func(o *opened) bool {
			if o.ID != p.ID || !p.Time.After(o.Used) {
				return false
			}
			o.Used = p.Time
			return true
		}); err != nil {
			return err
		}
	}
	return change(ctx, s, keyOfID(p.ID), func(of *page) bool {
		if of.What == "" {
			of.What = what
		}
		of.Entries = ledger.Fold(of.Entries, p)
		return true
	})
}

// keyOf returns the key of a subject and a file.
func keyOf(what string) string { return "what." + hashed(what) }

// keyOfID returns the key of an ID, which may come from a log.
func keyOfID(id string) string { return "id." + hashed(id) }

func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// attempt is how long one try may take: a request to a server that was killed has no
// answer.
const attempt = time.Second

// change changes the value of a key. f may be called several times, and returns whether
// it has changed the value. What is written has an ID of its own, so that it is written
// once, even if the server's answer was lost.
func change[T any](ctx context.Context, s *Store, key string, f func(*T) bool) error {
	once := rand.Text()
	return retry(ctx, func(ctx context.Context) error {
		var value T
		revision, err := s.get(ctx, key, &value)
		if err != nil || !f(&value) {
			return err
		}
		data, err := json.Marshal(&value)
		if err != nil {
			return err
		}
		_, err = s.js.PublishMsg(ctx, &nats.Msg{Subject: s.subject(key), Data: data}, jetstream.WithMsgID(once),
			jetstream.WithExpectLastSequencePerSubject(revision), jetstream.WithMsgTTL(s.keep))
		return err
	})
}

// get reads the value of a key. If there is none, it leaves value as it is.
func (s *Store) get(ctx context.Context, key string, value any) (revision uint64, err error) {
	stream, err := s.found(ctx)
	if err != nil {
		return 0, err
	}
	msg, err := stream.GetLastMsgForSubject(ctx, s.subject(key))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if len(msg.Data) > 0 { // else somebody has deleted the key
		if err := json.Unmarshal(msg.Data, value); err != nil {
			return 0, fmt.Errorf("the value of a key is not that of a ledger: %w", err)
		}
	}
	return msg.Sequence, nil
}

// retry calls try until it returns no error, or ctx is done.
func retry(ctx context.Context, try func(context.Context) error) error {
	var last error
	for pause := time.Millisecond; ctx.Err() == nil; pause = min(2*pause, 64*time.Millisecond) {
		if last != nil {
			select {
			case <-ctx.Done():
				continue
			case <-time.After(pause/2 + mathrand.N(pause)):
			}
		}
		once, cancel := context.WithTimeout(ctx, attempt)
		err := try(once)
		cancel()
		if err == nil {
			return nil
		}
		if _, ok := errors.AsType[*unfitError](err); ok {
			return fmt.Errorf("natsledger: %w", err)
		}
		if last == nil || !errors.Is(err, context.DeadlineExceeded) { // else the earlier one says more
			last = err
		}
	}
	if last != nil {
		return fmt.Errorf("natsledger: %w: %w", ctx.Err(), last)
	}
	return fmt.Errorf("natsledger: %w", ctx.Err())
}

// Entries returns the entries with an ID: one for each version of the file. The one that
// was changed last is at the end.
func (s *Store) Entries(ctx context.Context, id string) ([]ledger.Entry, error) {
	var of page
	err := retry(ctx, func(ctx context.Context) error {
		_, err := s.get(ctx, keyOfID(id), &of)
		return err
	})
	return of.Entries, err
}

// All calls each for all entries that there are, until it returns an error, which All
// returns. It is for copying them to a database.
func (s *Store) All(ctx context.Context, each func(ledger.Entry) error) error {
	if err := retry(ctx, func(ctx context.Context) error { _, err := s.found(ctx); return err }); err != nil {
		return err
	}
	bucket, err := s.js.KeyValue(ctx, s.bucket)
	if err != nil {
		return fmt.Errorf("natsledger: %w", err)
	}
	values, err := bucket.Watch(ctx, "id.*", jetstream.IgnoreDeletes())
	if err != nil {
		return fmt.Errorf("natsledger: %w", err)
	}
	defer values.Stop()
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("natsledger: %w", ctx.Err())
		case value := <-values.Updates():
			if value == nil { // all were there
				return nil
			}
			var of page
			if err := json.Unmarshal(value.Value(), &of); err != nil {
				return fmt.Errorf("natsledger: the value of a key is not that of a ledger: %w", err)
			}
			for _, e := range of.Entries {
				if err := each(e); err != nil {
					return err
				}
			}
		}
	}
}
