package downloadview

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"
)

// An Offloader decides at the very end, when every [Middleware] has had its
// say, whether a proxy sends the bytes of src instead of this process. It does
// no I/O, and several goroutines use it.
type Offloader interface {
	// Offload returns how to hand src over, and whether a rule covers it. A
	// Handover without a Field means that a rule covers src but the file must
	// be streamed all the same; it gets the tag that the proxy would give. src
	// is the zero Source where the file is nowhere that a proxy could find it.
	Offload(r *http.Request, src Source) (Handover, bool)
}

// A Handover tells a proxy to send a file.
type Handover struct {
	Rule  string // name of the rule, for logs and metrics
	Field string // canonical name of the header field; "": stream
	Value string // its value, encoded for the proxy; with a control character in it the file is streamed

	// Obstacle is why there is no Field, where the Offloader knows.
	Obstacle Obstacle

	// Terms say what the proxy does with the rest of the answer; nil stands for
	// the zero value.
	Terms *Terms

	// Link has the bytes fetched by a signed URL; nil doesn't.
	Link *Link
}

// NeverOffload is an [Offloader] that never hands over. A view sets it to opt out.
var NeverOffload Offloader = streamer{}

type streamer struct{}

func (streamer) Offload(*http.Request, Source) (Handover, bool) { return Handover{}, false }

// Terms say what holds for every file of a rule, and what the proxy does with an
// answer that hands one over. The zero value is a rule for files of any store and a
// proxy that judges by its own validators and drops what it doesn't know.
type Terms struct {
	// Tag is the kind of entity tag that the proxy gives a local file.
	Tag TagStyle

	// Validators says whose entity tag and date decide on the preconditions of
	// a request that has been handed over.
	Validators Validators

	// Unfit are the requests that the proxy would answer wrongly; they are
	// answered here.
	Unfit RequestKinds

	// SilentRanges says that the proxy sends ranges but doesn't announce them, so
	// the application does.
	SilentRanges bool

	// CutsStreamed says that the proxy takes ranges out of answers, too, that the
	// application streams, unless those say "Accept-Ranges: none". The answers to
	// OddRanges then say so.
	CutsStreamed bool

	// KeepsSafety says that the proxy sends the application's
	// X-Content-Type-Options and Content-Security-Policy on. Where it doesn't,
	// inline downloads are streamed.
	KeepsSafety bool

	// Private are fields that go under another name, by which the proxy's
	// configuration puts them in place on answers that have the file: under
	// their own they would stay on its error pages.
	Private []PrivateField

	// RateField is the canonical name of the field that bounds the speed, in
	// bytes a second. Where it is "", downloads with a bound are streamed.
	RateField string

	// LimitRate bounds the speed of the download, in bytes a second, where the
	// Response has no lower bound of its own; 0 doesn't.
	LimitRate int64

	// Store is what the file's identity must be, or lie below: the store and the
	// bucket that the proxy has. Else no rule covers it. "" is any, and files
	// without an identity too. See [Identifier].
	Store string
}

// A PrivateField is a header field and the name that it travels under, both
// canonical.
type PrivateField struct{ Name, As string }

// Validators says whose entity tag and date decide.
type Validators int

const (
	// ProxyValidators: the proxy judges by those it computes from the file, and
	// drops the application's.
	ProxyValidators Validators = iota
	// OurValidators: the proxy judges by those the application sends.
	OurValidators
	// OurTag: the proxy judges by the tag that the application sends, and by the
	// date of the file itself.
	OurTag
)

// RequestKinds is a set of kinds of requests.
type RequestKinds uint8

const (
	// SeveralRanges are those for more than one range of the file.
	SeveralRanges RequestKinds = 1 << iota
	// OddRanges are those with a Range field that servers read in different ways:
	// one that means nothing here (another unit than bytes, bad syntax, several
	// fields), numbers of more than 18 digits, "-0", empty elements, blanks but for
	// one after a comma, ranges that overlap or touch, and more than 100 of them.
	OddRanges
	// HeadRequests are those with the method HEAD.
	HeadRequests
)

// noTerms is what nil stands for.
var noTerms Terms

// A Link is how the bytes are fetched by a signed URL. See [SignedURL].
type Link struct {
	// Field is the canonical name of the field that carries the URL.
	Field string

	// KeyField is the canonical name of the field that carries a name for the
	// file that stays the same whatever the signature, for the proxy's cache: the
	// file's [IdentityOf], and behind "#" the entity tag where the file is looked
	// at. Files without an identity get none; "" sends none.
	KeyField string

	// Status is 0 where the proxy fetches the file. 302 or 307 send the client
	// itself to the URL, with Field "Location".
	Status int

	// Expiry is how long the URL is good for when it is handed over, unless the
	// credentials that sign it end before.
	Expiry time.Duration

	// Hidden are the keys of metadata that the proxy's configuration keeps from
	// clients. A file that is looked at and has other metadata is streamed.
	Hidden []string

	// Sign returns a signed URL of f and until when it is good; the
	// zero time is what o.Expiry says. An error that is [errors.ErrUnsupported]
	// has the file streamed, as any other does, which is logged besides.
	Sign func(ctx context.Context, f File, o SignOptions) (url string, until time.Time, err error)
}

// hides tells whether clients get to see none of the metadata.
func (l *Link) hides(metadata map[string]string) bool {
	for key := range metadata {
		if !slices.Contains(l.Hidden, key) {
			return false
		}
	}
	return true
}

// Covers reports whether f is in the Store of h, where it has one.
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

// A TagStyle says how the entity tag of a file without one of its own is made
// of time and size. There is none for a time before 1981, which is not that of
// a change, and so tells no version from another.
type TagStyle int

const (
	// NanosecondTag is the time in nanoseconds and the size, in hex.
	NanosecondTag TagStyle = iota
	// NginxTag is what nginx computes for a local file, whatever the storage
	// says: seconds and size, in hex.
	NginxTag
	// CaddyTag is what Caddy up to 2.6 computes for a local file, whatever the
	// storage says: seconds and size, in base 36.
	CaddyTag
)
