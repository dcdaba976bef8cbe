package middleware

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/downloadview/downloadview"
)

// A claim is what one request with a counted link needs to take a lease.
type claim struct {
	leases   *Leases
	id       string // that of the link, for errors
	count    string // what is counted
	times    int
	end      time.Time // of the link
	client   netip.Addr
	session  string
	key      []byte
	prefetch bool
	now      func() time.Time
	viewed   atomic.Bool // a view answers, so that its gate takes the lease
}

// claimOf returns the claim of a genuine link with a number of downloads. mac tells
// links without an id apart.
func (l *Links) claimOf(g *link, k *key, mac string, r *http.Request) *claim {
	n, _ := number(g.times, 9)
	name, kind := g.id, "id"
	if name == "" {
		name, kind = mac, "mac"
	}
	return &claim{
		leases: l.o.Leases, id: g.id, times: int(n), end: g.end(), client: l.clientIP(r), session: g.session,
		count:    digest(sha256.Sum256(fieldsOf("count", g.host, g.path, g.query, kind, name))),
		key:      k.lease,
		prefetch: isPrefetch(r.Header),
		now:      l.now,
	}
}

// take takes a lease for a file whose version is known or "". provisional is the number
// of leases that may end uncounted.
func (c *claim) take(ctx context.Context, version string, provisional int) (LeaseRequest, error) {
	if c.prefetch {
		return LeaseRequest{}, refusalOf(&LinkError{Reason: LinkPrefetch, ID: c.id})
	}
	if !c.client.IsValid() && c.session == "" {
		return LeaseRequest{}, errors.New("a link for a number of downloads: the address of the client is not known; set LinksOptions.ClientIP")
	}
	q := LeaseRequest{
		ID: c.count, Holder: c.holder(version), Times: c.times, TTL: c.leases.o.TTL,
		Keep: min(max(c.end.Sub(c.now()), 0), century) + time.Minute, Provisional: provisional, // a minute for clocks that differ
	}
	state, err := c.leases.ask(ctx, q)
	left := err != nil && errors.Is(ctx.Err(), context.Canceled) // which says nothing about the store
	if observe := c.leases.o.Observer; observe != nil && !left {
		observe(state, err)
	}
	switch {
	case err != nil:
		if err = downloadview.AsCause(err); left {
			err = context.Cause(ctx)
		}
		return q, &downloadview.StatusError{
			Status: http.StatusServiceUnavailable,
			Err:    fmt.Errorf("the downloads of a link can't be counted: %w", err),
			Header: http.Header{"Cache-Control": {"no-store"}, "Referrer-Policy": {"no-referrer"}, "Retry-After": {"5"}},
		}
	case state != LeaseNew && state != LeaseSame:
		return q, refusalOf(&LinkError{Reason: LinkUsedUp, ID: c.id})
	}
	return q, nil
}

// century keeps the time until the end of a link far below the longest Duration.
const century = 100 * 365 * 24 * time.Hour

func (l *Leases) ask(ctx context.Context, q LeaseRequest) (LeaseState, error) {
	ctx, cancel := context.WithTimeout(ctx, l.o.Timeout)
	defer cancel()
	return l.store.Lease(ctx, q)
}

// holder returns the name of the client in the store, from which nobody without the key
// learns its address.
func (c *claim) holder(version string) string {
	bits := 32
	if c.client.Is6() {
		bits = 64
	}
	network, _ := c.client.Prefix(bits) // the zero Prefix if there is no address
	h := hmac.New(sha256.New, c.key)
	h.Write(fieldsOf("holder", c.count, network.String(), c.session, version))
	return digest([sha256.Size]byte(h.Sum(nil)))
}

// fieldsOf returns fields as bytes that no other fields have.
func fieldsOf(fields ...string) []byte {
	var b []byte
	for _, f := range fields {
		b = strconv.AppendInt(b, int64(len(f)), 10)
		b = append(b, ':')
		b = append(b, f...)
	}
	return b
}

// digest returns a name for a sum.
func digest(sum [sha256.Size]byte) string {
	return base64.RawURLEncoding.EncodeToString(sum[:])[:macLen]
}

// versionOf returns the version of a file, or "". A file that changes within the second
// of its date has a date, but no entity tag that clients could see. A tag that [Digests]
// give to a file without a useful time doesn't count: the first requests come before it. Nor
// does the size, which may be known only when the file is open.
func versionOf(a downloadview.Attributes) string {
	switch tag := a.StrongETag(); {
	case tag != "" && (!isOfDigest(tag) || downloadview.UsefulModTime(a.ModTime)):
		return tag
	case a.ModTime.IsZero():
		return ""
	}
	return strconv.FormatInt(a.ModTime.Unix(), 10)
}

// isPrefetch reports whether a browser fetches in advance what its user may never ask for.
func isPrefetch(h http.Header) bool {
	for _, field := range []string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"} {
		for _, value := range h[field] {
			purpose, _, _ := strings.Cut(value, ";")
			switch strings.ToLower(strings.TrimSpace(purpose)) {
			case "prefetch", "preview":
				return true
			}
		}
	}
	return false
}
