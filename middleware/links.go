package middleware

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"
	"time"
)

// Links signs links, and lets requests in that have one. A signed link carries its own
// permission: it needs no session, and anybody who has it may download one file, or all
// files below a path, until it expires. [NewLinks] makes one; several goroutines may use
// it.
//
// [Links.Handler] is ordinary http middleware, for views and plain handlers alike, and
// [Links.View] wraps one view.
//
// # The form of a link
//
// For other languages, the form is this; testdata/links.json has examples,
// testdata/sign.py signs in Python, testdata/verify.py and testdata/verify.js verify in
// Python and JavaScript. A token is 1.KEYID.EXPIRY.CLAIMS.MAC. It is in one of three
// places:
//
//	/reports/q1.pdf?dv=TOKEN       a file
//	/~TOKEN/videos/a/part-1.ts     each file below the prefix /videos/a/
//	Cookie: __Host-dv-NAME=TOKEN   the same, without a change of the URL
//
// NAME is the base64url of the first six bytes of the SHA-256 of the decoded prefix.
//
// EXPIRY is in seconds since 1970. CLAIMS is "-", or base64url without padding of what is
// set, each as a letter, the length of the value in bytes, ":" and the value, in this
// order: h, with the value 1 where the link is for one host; b, the first valid second;
// n, the name; d, attachment or inline; w, the network; t, the number of downloads; i,
// the id; q, the names of the signed query parameters, sorted and each escaped, with "&"
// between them; p, of a prefix only, the number of "/" in the decoded prefix, so that a
// verifier finds in a path what was signed. A prefix has p, and none of n, t and q.
// CLAIMS that encode the same in another way are refused: many decoders take any bits at
// the end. MAC is the first 22 characters of the base64url of an HMAC-SHA-256. Its key is
// HKDF-SHA-256 of the secret with no salt, the info "link" and 32 bytes. Its text is the
// line "downloadview link 1", then 15 fields, each as the length in bytes, ":", the value
// and a line feed: key id, "read", host, "file" or "prefix", decoded path or prefix,
// first second, expiry, name, disposition, network, number of downloads, id, signed query
// (sorted by name, as a form is encoded), session, version. What is not set is empty.
//
// A path, without the token in it, is refused if it doesn't begin with one "/"; if it
// has an empty segment, or one that is "." or "..", or that begins with "~1."; if it has
// a backslash, NUL or "%2F", or a ";" or "#" that is not escaped. If the URL has two
// tokens, the request is refused. If it has one, cookies are not looked at: a browser
// sends them with each request. Otherwise there must be at most 64 cookies whose name
// begins with __Host-dv-, no two of one name, and one of them must be valid.
type Links struct {
	keys   *Keys
	o      LinksOptions
	now    func() time.Time
	second func() time.Time // the beginning of the current one
}

// LinksOptions are the options of [NewLinks]. The zero value is fine.
type LinksOptions struct {
	// ClientIP returns the address of the client, which a [Grant] can be limited to;
	// an invalid one is in no network; behind a proxy it is [Clients.IP]. nil takes
	// that of Request.RemoteAddr, which behind a proxy is the proxy's.
	ClientIP func(*http.Request) netip.Addr

	// Session returns the Session of the [Grant] that a request may use, such as the
	// id of a user, or "". nil returns "". Links with another Session are refused.
	Session func(*http.Request) string

	// Version returns the Version of the [Grant] that a request may use, such as the
	// file's entity tag or a number that grows when older links are to die, or "". nil
	// returns "". Links with another Version are refused. That of a prefix has to be the
	// same for all files below it. An error is answered as [downloadview.StatusCode]
	// says; a [downloadview.StatusError] may send the client to a login. Version is asked
	// before anything is known of who made the link.
	Version func(*http.Request) (string, error)

	// Revoked reports whether the links with an ID are revoked: a [Denylist] can, or a
	// database. It is asked with the request's context for each genuine link that has an
	// ID and is valid otherwise. If it returns an error, the request is not let in, and
	// the answer is 503. nil revokes nothing.
	Revoked func(ctx context.Context, id string) (bool, error)

	// Leases count the downloads of links that have Times. nil refuses such links.
	// Set ClientIP where a proxy is in front: by the proxy's own address all clients
	// would be one.
	Leases *Leases

	// Refused answers a request that is not let in by [Links.Handler]. err is a
	// *[LinkError], which says why, or the error of Version, of Revoked or of the store
	// of Leases. The request has no query, and no token in its path and cookies.
	// A view below learns only later that a link is used up: [downloadview.Options].Error
	// of the view's handler answers then, with the same kind of error.
	// Cache-Control: no-store and Referrer-Policy: no-referrer are set, and the fields of
	// a [downloadview.StatusError]. nil answers with the status text: 403 whatever the
	// reason, since the reason is not a stranger's business.
	Refused func(w http.ResponseWriter, r *http.Request, err error)

	// Logger is told of each request that Handler does not let in, and why, without
	// the link: an error if Version or Revoked fails, else an information. nil logs
	// nothing. What View refuses is logged by the handler of the view.
	Logger *slog.Logger
}

// NewLinks returns Links of keys, which may be swapped at any time. nil options are
// the zero value. It panics if keys is nil. If the system's clock is set, the Links
// notice it within a second.
func NewLinks(keys *Keys, o *LinksOptions) *Links {
	if keys == nil {
		panic("middleware: NewLinks: keys is nil")
	}
	l := &Links{keys: keys, now: time.Now, second: new(clock).second}
	if o != nil {
		l.o = *o
	}
	return l
}

// A Grant is what a link permits. Expires has to be set, the rest need not.
type Grant struct {
	// Expires is the first second in which the link isn't valid any more.
	Expires time.Time

	// Window rounds Expires up to a multiple of it, in seconds, so that links made
	// within a window are the same and caches know them. The windows of different
	// paths begin at different times, so that the links of one page don't expire
	// together. 0 doesn't round.
	Window time.Duration

	// NotBefore is the first second in which the link is valid. Zero means always.
	NotBefore time.Time

	// Name is the name that the file is saved under; "" leaves that to the view. A
	// prefix can't have one.
	Name string

	// Disposition is "attachment" or "inline", as [downloadview.Attachment] and
	// [downloadview.Inline] have it; "" leaves it to the view.
	Disposition string

	// Network is where the client has to be. The zero value is everywhere.
	Network netip.Prefix

	// ThisHost has the link valid at the host, and port, of the signed URL only. A port
	// that is the usual one of the scheme is left out, as clients leave it out.
	ThisHost bool

	// Times is how often the file may be downloaded; 0 is any number. [Leases] count
	// the downloads; without [LinksOptions.Leases] the link is refused ([LinkCounted]).
	// A prefix can't have Times.
	Times int

	// ID names the link, for logs, for Revoked of [LinksOptions] and for counting.
	// Several links may have one ID. Others can read it in the URL.
	//
	// Links with the same ID, path, signed query and, if ThisHost, host share one count,
	// also if they expire at different times: an invoice that is mailed twice is one
	// invoice. The count is remembered until the last one of those links expires that
	// were used. "" is a random ID if Times is set, so that each link is counted on
	// its own.
	ID string

	// Session and Version bind the link to what [LinksOptions] return. The URL doesn't
	// show them.
	Session string
	Version string
}

// inWindow returns the second in which a link for path expires.
func (g *Grant) inWindow(path string) int64 {
	expiry := g.Expires.Unix()
	window := int64(g.Window / time.Second)
	if window <= 1 {
		return expiry
	}
	phase := int64(2166136261) // FNV-1a, of 32 bits
	for i := range len(path) {
		phase = (phase ^ int64(path[i])) * 16777619 & 0xffffffff
	}
	phase %= window
	late := ((expiry-phase)%window + window) % window
	if late == 0 {
		return expiry
	}
	return expiry + window - late
}

// clientIP returns the client's address, an IPv4 one as such.
func (l *Links) clientIP(r *http.Request) netip.Addr {
	if l.o.ClientIP != nil {
		return l.o.ClientIP(r).Unmap().WithZone("")
	}
	return new(Clients).IP(r)
}

// A LinkReason says why a link is refused.
type LinkReason string

// The reasons.
const (
	LinkMissing      LinkReason = "no link"       // the URL is not signed
	LinkMalformed    LinkReason = "malformed"     // it can't have been signed, or has a path that could be read in two ways
	LinkMethod       LinkReason = "method"        // links are for GET and HEAD
	LinkUnknownKey   LinkReason = "unknown key"   // the key isn't there any more, or not accepted any more
	LinkAltered      LinkReason = "altered"       // it was signed otherwise, or for another session or version
	LinkEarly        LinkReason = "early"         // before NotBefore
	LinkExpired      LinkReason = "expired"       // Expires is over
	LinkOtherNetwork LinkReason = "other network" // the client is not in Network
	LinkRevoked      LinkReason = "revoked"       // Revoked of the LinksOptions says so
	LinkCounted      LinkReason = "counted"       // it has Times, but there are no Leases
	LinkUsedUp       LinkReason = "used up"       // as many downloads as its Times have begun
	LinkPrefetch     LinkReason = "prefetch"      // a browser fetches in advance by a link that has Times
)

// A LinkError says why a request was not let in. It is answered 403.
type LinkError struct {
	Reason LinkReason
	ID     string    // that of the Grant; "" unless the link is genuine
	Time   time.Time // when it expired or will be valid; else zero
}

// isGenuine reports whether the link was signed for what is asked.
func (e *LinkError) isGenuine() bool {
	switch e.Reason {
	case LinkEarly, LinkExpired, LinkOtherNetwork, LinkRevoked, LinkCounted, LinkUsedUp, LinkPrefetch:
		return true
	}
	return false
}

// Error has no part of the link but the ID.
func (e *LinkError) Error() string {
	text := "link refused: " + string(e.Reason)
	switch e.Reason {
	case LinkExpired:
		text += " at " + e.Time.UTC().Format(time.RFC3339)
	case LinkEarly:
		text += ", valid from " + e.Time.UTC().Format(time.RFC3339)
	case LinkCounted:
		text += ": its number of downloads can't be counted without Leases"
	}
	if e.ID != "" {
		text += " (id " + strconv.Quote(e.ID) + ")"
	}
	return text
}

// StatusCode returns 403.
func (e *LinkError) StatusCode() int { return http.StatusForbidden }
