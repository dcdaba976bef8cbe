package accel

import (
	"context"
	"sync"
	"time"

	"github.com/downloadview/downloadview"
)

// urls are the signed URLs of a rule, each kept for as long as it is good for
// long enough. A popular file is then signed for once in a while, and those who
// cache by URL see the same one.
type urls struct {
	base string

	mu    sync.Mutex
	young map[urlKey]signedURL
	old   map[urlKey]signedURL // what young was when it was last full
}

// manyURLs is how many URLs are young. One takes about a kilobyte.
const manyURLs = 4096

type urlKey struct {
	source                   downloadview.Source
	method                   string
	disposition, contentType string
}

type signedURL struct {
	url   string
	until time.Time
}

// sign returns a URL of f that is good for o.Expiry at least.
func (u *urls) sign(ctx context.Context, f downloadview.File, o downloadview.SignOptions) (string, error) {
	src, _ := downloadview.SourceOf(f)
	key := urlKey{src, o.Method, o.Disposition, o.ContentType}
	now := time.Now()
	if url := u.kept(key, now); url != "" {
		return url, nil
	}
	life := o.Expiry
	o.Expiry *= 2
	url, err := downloadview.SignedURL(ctx, f, o)
	if err != nil {
		return "", err
	}
	if url, err = under(u.base, url); err != nil {
		return "", err
	}
	u.keep(key, signedURL{url, now.Add(life)})
	return url, nil
}

func (u *urls) kept(key urlKey, now time.Time) string {
	u.mu.Lock()
	defer u.mu.Unlock()
	s, ok := u.young[key]
	if !ok {
		if s, ok = u.old[key]; ok {
			u.add(key, s)
		}
	}
	if now.Before(s.until) {
		return s.url
	}
	return ""
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
