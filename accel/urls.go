package accel

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/downloadview/downloadview"
)

// urls are the signed URLs of a rule, each kept for as long as it is good for
// long enough. A popular file is then signed for once in a while, and those who
// cache by URL see the same one. They are kept by the files' identities; for a
// file without one each is signed.
type urls struct {
	base string

	mu    sync.Mutex
	young map[urlKey]signedURL
	old   map[urlKey]signedURL // what young was when it was last full
}

// manyURLs is how many URLs are young. One takes about a kilobyte.
const manyURLs = 4096

type urlKey struct {
	identity                               string
	method                                 string
	disposition, contentType, cacheControl string
}

type signedURL struct {
	url   string
	fresh time.Time // until when it is handed over
	until time.Time // until when it is good
}

// shortestLife is how long a URL is good for at least when it is handed over,
// where the credentials that signed it don't make it good for as long as asked.
const shortestLife = time.Minute

// sign returns a URL of f that is good for o.Expiry at least, or for as long as
// the credentials that sign are.
func (u *urls) sign(ctx context.Context, f downloadview.File, o downloadview.SignOptions) (string, time.Time, error) {
	id, keep := downloadview.IdentityOf(f)
	key := urlKey{id, o.Method, o.Disposition, o.ContentType, o.CacheControl}
	now := time.Now()
	if keep {
		if s := u.kept(key, now); s.url != "" {
			return s.url, s.until, nil
		}
	}
	life := o.Expiry
	o.Expiry *= 2
	url, until, err := downloadview.SignedURL(ctx, f, o)
	if err != nil {
		return "", time.Time{}, err
	}
	if url, err = under(u.base, url); err != nil {
		return "", time.Time{}, err
	}
	left := until.Sub(now)
	switch {
	case left < min(life, shortestLife):
		return "", time.Time{}, fmt.Errorf("accel: the credentials that sign are good for only %v more", left.Round(time.Second))
	case keep && left > life:
		u.keep(key, signedURL{url, until.Add(-life), until})
	}
	return url, until, nil
}

func (u *urls) kept(key urlKey, now time.Time) signedURL {
	u.mu.Lock()
	defer u.mu.Unlock()
	s, ok := u.young[key]
	if !ok {
		if s, ok = u.old[key]; ok {
			u.add(key, s)
		}
	}
	if now.Before(s.fresh) {
		return s
	}
	return signedURL{}
}

func (u *urls) keep(key urlKey, s signedURL) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.add(key, s)
}

func (u *urls) add(key urlKey, s signedURL) {
	if len(u.young) >= manyURLs {
		u.old, u.young = u.young, nil
	}
	if u.young == nil {
		u.young = make(map[urlKey]signedURL)
	}
	u.young[key] = s
}
