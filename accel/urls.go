package accel

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/downloadview/downloadview"
)

// urls keeps the signed URLs of a rule, by the identities of the files, for as long
// as they are valid long enough. So a popular file needs a new signature only now
// and then, and caches that use the URL as their key see the same one. For a file
// without an identity, a URL is signed each time.
type urls struct {
	base string

	mu    sync.Mutex
	young map[urlKey]signedURL
	old   map[urlKey]signedURL // the last young that was full
}

// manyURLs is the maximum size of young. One URL takes about a kilobyte.
const manyURLs = 4096

type urlKey struct {
	identity                               string
	method                                 string
	disposition, contentType, cacheControl string
}

type signedURL struct {
	url string

	// By the clock of the wall, as the store sees them.
	signed time.Time // when it was signed
	fresh  time.Time // the end of the time in which it is handed over
	until  time.Time // the end of its validity
}

// shortestLife is the minimum validity of a URL that is handed over, if the
// credentials that signed it expire before the requested time.
const shortestLife = time.Minute

// sign returns a URL of f that is valid for at least o.Expiry, or until the signing
// credentials expire.
func (u *urls) sign(ctx context.Context, f downloadview.File, o downloadview.SignOptions) (string, time.Time, error) {
	id, keep := downloadview.IdentityOf(f)
	key := urlKey{id, o.Method, o.Disposition, o.ContentType, o.CacheControl}
	now := time.Now().Round(0)
	if keep {
		if s := u.kept(key, now); s.url != "" {
			return s.url, s.until, nil
		}
	}
	life := o.Expiry
	o.Expiry = (2 * life).Truncate(time.Second)
	o.Window = max(0, o.Expiry-life)
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
		return "", time.Time{}, fmt.Errorf("accel: the credentials that sign URLs are valid for only %v more", left.Round(time.Second))
	case keep && left > life:
		until = until.Round(0)
		u.keep(key, signedURL{url, now, until.Add(-life), until})
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
	// The clock may have been set back: then the store may take s for a URL of the
	// future. A URL may also have been signed a moment ago, for another request.
	if now.Before(s.fresh) && s.signed.Sub(now) < time.Second {
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
