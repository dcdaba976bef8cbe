package downloadview

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
	Unfit Requests

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

// Requests is a set of kinds of requests.
type Requests uint8

const (
	// SeveralRanges are those for more than one range of the file.
	SeveralRanges Requests = 1 << iota
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
