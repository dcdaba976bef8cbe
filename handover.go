package downloadview

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"
)

// An Offloader decides whether a proxy sends the bytes of src in place of this
// process. It decides at the very end, after every [Middleware] has run. It
// does no I/O, and several goroutines use it.
//
// The types Handover, Terms, Link, PrivateField, Validators, RequestKinds and
// TagStyle are for authors of Offloaders and proxies. Programs that use package
// accel don't need them.
type Offloader interface {
	// Offload returns how src is handed over, and whether a rule covers it. A
	// Handover without a Field means that a rule covers src but the file must be
	// streamed; it then gets the entity tag that the proxy would give it. src is
	// the zero Source if no proxy could find the file.
	Offload(r *http.Request, src Source) (Handover, bool)
}

// A Handover tells a proxy to send a file. It is for authors of Offloaders and
// proxies.
type Handover struct {
	Rule  string // name of the rule, for logs and metrics
	Field string // canonical name of the header field; "": stream
	Value string // its value, encoded for the proxy; with a control character in it the file is streamed

	// Obstacle says why there is no Field, if the Offloader knows.
	Obstacle Obstacle

	// Terms say what the proxy does with the rest of the answer; nil means the zero
	// value.
	Terms *Terms

	// Link says how the bytes are fetched by a signed URL; nil means without one.
	Link *Link
}

// NeverOffload is an [Offloader] that never hands over. A view sets it so that
// its files are always streamed.
var NeverOffload Offloader = streamer{}

type streamer struct{}

func (streamer) Offload(*http.Request, Source) (Handover, bool) { return Handover{}, false }

// Terms say what is the same for every file of a rule, and what the proxy does
// with an answer that hands a file over. The zero value means a rule for files
// of every store, and a proxy that evaluates its own validators and drops
// header fields that it doesn't know. Terms are for authors of Offloaders and
// proxies.
type Terms struct {
	// Tag is the kind of entity tag that the proxy gives to a local file.
	Tag TagStyle

	// Validators says with which entity tag and date the preconditions of a request
	// are evaluated after it was handed over.
	Validators Validators

	// Unfit are the kinds of requests that the proxy would answer wrongly. The
	// application answers them itself.
	Unfit RequestKinds

	// SilentRanges says that the proxy sends ranges but no Accept-Ranges, so the
	// application sets that field.
	SilentRanges bool

	// CutsStreamed says that the proxy also cuts ranges out of answers that the
	// application streams, unless they have "Accept-Ranges: none". The answers to
	// OddRanges then have it.
	CutsStreamed bool

	// KeepsSafety says that the proxy passes on X-Content-Type-Options and
	// Content-Security-Policy of the application. If it doesn't, inline downloads
	// are streamed.
	KeepsSafety bool

	// Private are fields that are sent to the proxy under another name. The
	// configuration of the proxy gives them their own name on answers that carry
	// the file. Under their own name they would also be on the proxy's error pages.
	Private []PrivateField

	// CodingField is the canonical name of the field with the Content-Encoding of
	// the file: "Content-Encoding" if the proxy passes that field on, or another
	// name from which the proxy's configuration sets it. If CodingField is "", files
	// with a Content-Encoding are streamed.
	CodingField string

	// RateField is the canonical name of the field that limits the speed, in bytes
	// a second. If it is "", downloads with a limit are streamed.
	RateField string

	// LimitRate is the highest speed of a download, in bytes a second, unless the
	// Response has a lower limit. 0 means no limit.
	LimitRate int64

	// Store is the store and the bucket that the proxy reads, as the beginning of
	// identities (see [Identifier]). A rule covers only files whose identity is
	// Store or lies below it. "" covers every file, also without an identity.
	Store string
}

// A PrivateField is a header field and the name under which it is sent to the
// proxy, both canonical. It is for authors of Offloaders and proxies.
type PrivateField struct{ Name, As string }

// Validators says with which entity tag and date preconditions are evaluated.
// Validators is for authors of Offloaders and proxies.
type Validators int

const (
	// ProxyValidators: the proxy uses those that it computes from the file, and
	// drops those of the application.
	ProxyValidators Validators = iota
	// OurValidators: the proxy uses those that the application sends.
	OurValidators
	// OurTag: the proxy uses the entity tag that the application sends, and the
	// date of the file itself.
	OurTag
)

// RequestKinds is a set of kinds of requests. It is for authors of Offloaders
// and proxies.
type RequestKinds uint8

const (
	// SeveralRanges are requests for more than one range of the file.
	SeveralRanges RequestKinds = 1 << iota
	// OddRanges are requests with a Range field that servers read in different
	// ways: one that has no meaning here (a unit other than bytes, a wrong syntax,
	// several fields), numbers of more than 18 digits, "-0", empty elements, blanks
	// except one after a comma, ranges that overlap or touch, and more than 100
	// ranges; and those with an If-Range that is not one entity tag or one date, or with a
	// date if Vary of the Response says that the file may have several codings.
	// If the application looked at a file that is empty, all ranges are odd.
	OddRanges
	// HeadRequests are requests with the method HEAD.
	HeadRequests
	// CodedRanges are requests with a Range field for a file with a
	// Content-Encoding.
	CodedRanges
)

// noTerms is the value that nil means.
var noTerms Terms

// A Link says how the bytes are fetched by a signed URL. It is for authors of
// Offloaders and proxies. See [SignedURL].
type Link struct {
	// Field is the canonical name of the field with the URL.
	Field string

	// KeyField is the canonical name of the field with the key for the cache of the
	// proxy, which is the same for every signature: the [IdentityOf] the file and,
	// if the application looked at the file, "#" and the entity tag. A file without
	// an identity gets no key. "" sends none.
	KeyField string

	// Status is 0 if the proxy fetches the file. 302 or 307 redirect the client to
	// the URL; Field is then "Location".
	Status int

	// Expiry is how long the URL is valid when it is handed over, unless the
	// credentials that sign it end earlier.
	Expiry time.Duration

	// Hidden are the keys of metadata that the configuration of the proxy removes
	// from answers. If the application looks at a file and it has other metadata,
	// the file is streamed.
	Hidden []string

	// Sign returns a signed URL of f and the time until which it is valid; the zero
	// time means what o.Expiry says. After an error the file is streamed, and the
	// error is logged unless it is [errors.ErrUnsupported].
	Sign func(ctx context.Context, f File, o SignOptions) (url string, until time.Time, err error)
}

// hides reports whether clients see none of the metadata.
func (l *Link) hides(metadata map[string]string) bool {
	for key := range metadata {
		if !slices.Contains(l.Hidden, key) {
			return false
		}
	}
	return true
}

// Covers reports whether f is in the Store of the Terms, if they have one.
func (h *Handover) Covers(f File) bool {
	if h.Terms == nil || h.Terms.Store == "" {
		return true
	}
	id, ok := IdentityOf(f)
	if !ok {
		return false
	}
	rest, ok := strings.CutPrefix(id, strings.TrimSuffix(h.Terms.Store, "/"))
	return ok && (rest == "" || rest[0] == '/')
}

// A TagStyle says how an entity tag is made of time and size for a file without
// a tag of its own. A file with a time before 1981 gets no tag, because such a
// time is not that of a change and is the same for several versions.
// TagStyle is for authors of Offloaders and proxies.
type TagStyle int

const (
	// NanosecondTag is the time in nanoseconds and the size, in hex.
	NanosecondTag TagStyle = iota
	// NginxTag is the tag that nginx computes for a local file, whatever the
	// storage says: seconds and size, in hex.
	NginxTag
	// CaddyTag is the tag that Caddy up to 2.6 computes for a local file, whatever
	// the storage says: seconds and size, in base 36.
	CaddyTag
)
