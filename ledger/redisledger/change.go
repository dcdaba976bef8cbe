package redisledger

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	_ "embed" // of the scripts
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/downloadview/downloadview/internal/lastuse"
	"github.com/downloadview/downloadview/internal/once"
	"github.com/downloadview/downloadview/ledger"
)

var (
	//go:embed open.lua
	openText string
	//go:embed use.lua
	useText string
	//go:embed change.lua
	changeText string

	openScript   = redis.NewScript(openText)
	useScript    = redis.NewScript(useText)
	changeScript = redis.NewScript(changeText)
)

// A page is the value under the key of an ID.
type page struct {
	What    string         `json:"what"` // "": not known
	Entries []ledger.Entry `json:"entries"`
}

// Open does what [ledger.Store] says, by one script.
func (s *Store) Open(ctx context.Context, what string, began time.Time, window time.Duration) (string, error) {
	made := rand.Text() // before the tries: one whose answer is lost may have been done
	var id string
	err := retry(ctx, func() (err error) {
		id, err = openScript.Run(ctx, s.client, []string{s.keyOf(what)},
			began.UnixMicro(), window.Microseconds(), made, s.keep.Milliseconds(), lastuse.Latest(began).UnixMicro()).Text()
		return err
	})
	return id, err
}

// Add does what [ledger.Store] says. It writes only if nobody else has written since it
// read, and tries again until ctx is done, or Redis refuses it. If Redis took the part, and
// its answer was lost, the part still counts once; so it does if a [ledger.Queue] adds it
// again within ten minutes.
func (s *Store) Add(ctx context.Context, p ledger.Part) error {
	name := once.Name(ctx)
	return retry(ctx, func() error {
		of, before, err := s.get(ctx, s.keyOfID(p.ID))
		if err != nil {
			return err
		}
		if of.What == "" {
			of.What = p.What
		}
		of.Entries = ledger.Fold(of.Entries, p)
		if of.What != "" { // first, because it may be done twice
			full := len(of.Entries) >= ledger.MostVersions
			if err := useScript.Run(ctx, s.client, []string{s.keyOf(of.What)}, p.ID, p.Time.UnixMicro(), s.keep.Milliseconds(), full).Err(); err != nil {
				return err
			}
		}
		after, err := json.Marshal(of)
		if err != nil {
			return err
		}
		key := s.keyOfID(p.ID)
		done, err := changeScript.Run(ctx, s.client, []string{key, key + ":" + name}, before, after, s.keep.Milliseconds(), onceFor.Milliseconds()).Bool()
		if err == nil && !done {
			err = errChanged
		}
		return err
	})
}

// onceFor is how long it is remembered that a part was added.
const onceFor = 10 * time.Minute

var errChanged = errors.New("others change the same entry")

// get reads the value of a key, and its text: "" if there is none.
func (s *Store) get(ctx context.Context, key string) (of page, text string, err error) {
	text, err = s.client.Get(ctx, key).Result()
	if errors.Is(err, redis.Nil) {
		return page{}, "", nil
	}
	if err == nil {
		of, err = read(text)
	}
	return of, text, err
}

func read(text string) (of page, err error) {
	if err := json.Unmarshal([]byte(text), &of); err != nil {
		return of, &refusal{fmt.Errorf("the value of a key is not that of a ledger: %w", err)}
	}
	return of, nil
}

// keyOf returns the key of a subject and a file.
func (s *Store) keyOf(what string) string { return s.prefix + "what:" + hashed(what) }

// keyOfID returns the key of an ID, which may come from a log. Keys that begin with it
// are in the same slot of a cluster.
func (s *Store) keyOfID(id string) string { return s.prefix + "id:{" + hashed(id) + "}" }

func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// A refusal is an error that another try would not end.
type refusal struct{ err error }

func (e *refusal) Error() string { return e.err.Error() }
func (e *refusal) Unwrap() error { return e.err }

// retry calls try until it returns no error, Redis refuses, or ctx is done.
func retry(ctx context.Context, try func() error) error {
	var last error
	for pause := time.Millisecond; ctx.Err() == nil; pause = min(2*pause, 64*time.Millisecond) {
		if last != nil {
			select {
			case <-ctx.Done():
				continue
			case <-time.After(pause/2 + mathrand.N(pause)):
			}
		}
		err := try()
		if err == nil {
			return nil
		}
		_, refused := errors.AsType[*refusal](err)
		if _, answered := errors.AsType[redis.Error](err); answered || refused {
			return fmt.Errorf("redisledger: %w", err)
		}
		last = err
	}
	if last != nil {
		return fmt.Errorf("redisledger: %w: %w", ctx.Err(), last)
	}
	return fmt.Errorf("redisledger: %w", ctx.Err())
}

// Entries returns the entries with an ID: one for each version of the file. The one that
// was changed last is at the end.
func (s *Store) Entries(ctx context.Context, id string) ([]ledger.Entry, error) {
	of, _, err := s.get(ctx, s.keyOfID(id))
	if err != nil {
		return nil, fmt.Errorf("redisledger: %w", err)
	}
	return of.Entries, nil
}

// All calls each for all entries that there are, in no order, until it returns an error,
// which All returns. It is for copying them to a database.
func (s *Store) All(ctx context.Context, each func(ledger.Entry) error) error {
	var mu sync.Mutex // the nodes of a cluster are read at the same time
	seen := map[string]bool{}
	one := func(key string) error {
		mu.Lock()
		defer mu.Unlock()
		if seen[key] {
			return nil
		}
		seen[key] = true
		of, _, err := s.get(ctx, key)
		if err != nil {
			return fmt.Errorf("redisledger: %w", err)
		}
		for _, e := range of.Entries {
			if err := each(e); err != nil {
				return err
			}
		}
		return nil
	}
	node := func(ctx context.Context, c redis.Cmdable) error {
		keys := c.Scan(ctx, 0, glob(s.prefix)+"id:{*}", 1000).Iterator()
		for keys.Next(ctx) {
			if err := one(keys.Val()); err != nil {
				return err
			}
		}
		if err := keys.Err(); err != nil {
			return fmt.Errorf("redisledger: %w", err)
		}
		return nil
	}
	if cluster, ok := s.client.(*redis.ClusterClient); ok {
		return cluster.ForEachMaster(ctx, func(ctx context.Context, c *redis.Client) error { return node(ctx, c) })
	}
	return node(ctx, s.client)
}

// glob returns a pattern of Redis that only text matches.
func glob(text string) string {
	var b []byte
	for _, c := range []byte(text) {
		switch c {
		case '*', '?', '[', ']', '\\', '^', '-':
			b = append(b, '\\')
		}
		b = append(b, c)
	}
	return string(b)
}
