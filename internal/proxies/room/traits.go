package room

import "strings"

// Traits are the ways in which servers differ. Only tests read them, as they do with a
// [Start]: a test that runs every server asks for the traits, and names no server.
// The zero value is the behaviour of a server without peculiarities.
type Traits struct {
	Requests Requests
	Files    Files
	HandOver HandedOver
	Ledger   Ledger

	// Unprintable are the characters that the configuration can't express in the path
	// of a socket, so that printing it is an error.
	Unprintable string
}

// Requests are the traits of how a server treats requests, and passes them on.
type Requests struct {
	// Answers are the server's own answers to unusual requests, by the classes that
	// internal/command/testdata/hostile.txt describes. An answer is a status, or
	// STATUS=BODY. The application answers requests of all other classes.
	Answers map[string]string

	// MergesSlashes says that several slashes at the start of a path reach the
	// application as one.
	MergesSlashes bool

	// NamesNoHost says that the application sees no host if the client, which may
	// speak HTTP/1.0, names none.
	NamesNoHost bool

	// WaitsAfterFailure says that the server doesn't connect to the application
	// for some time after that failed.
	WaitsAfterFailure bool

	// LargestHeader is the size of the largest header, in bytes, that the server
	// accepts from the application; 0 means that it accepts 32 KB and more.
	LargestHeader int

	// PassesTrailers says that trailers of the application reach the client.
	PassesTrailers bool

	// NoSizelessRanges says that a range of content whose size isn't known yet, such
	// as "bytes 0-9/*", can't pass the server. The application then sees a request for
	// another range, and answers it with all of the content.
	NoSizelessRanges bool

	// CompletesBroken says that, if the application breaks off an answer without a
	// length, the client gets it as a complete one.
	CompletesBroken bool
}

// Files are the traits of how a server sends files that are handed over to it.
type Files struct {
	// Carries tells whether the server finds the file with a name by the value of
	// the header field. The application streams other files. nil means all names.
	Carries func(name string) bool

	// Own are the fields that the server sets from the file, in place of those of
	// the application. Extended are those to which it adds a value.
	Own, Extended []string

	// NoFile is the status if the file is a folder, or outside the directory;
	// 0 means 404. NoRule is the status if no rule covers the destination; 0 means
	// NoFile.
	NoFile, NoRule int

	// KeptOnErrors are the fields of the application that the server's answers with
	// a status have too, although they don't carry the file.
	KeptOnErrors map[int][]string

	// NamedFields says that only fields that the configuration names are passed on.
	NamedFields bool

	// IgnoresIfMatch says that the server doesn't evaluate If-Match.
	IgnoresIfMatch bool

	// Several says how a request for several ranges that are near each other is
	// answered.
	Several SeveralRanges

	// EmptyWithoutLength says that the answer to HEAD for an empty file has no
	// Content-Length.
	EmptyWithoutLength bool

	// RefusesSymlinks says that the server can refuse symbolic links.
	RefusesSymlinks bool

	// Codings says for which requests a file with a Content-Encoding of the
	// application is sent with it, and with the right length.
	Codings Codings
}

// SeveralRanges is the way in which a file is sent for several ranges.
type SeveralRanges int

const (
	InParts SeveralRanges = iota // as a multipart body
	AsOne                        // as the one range that has them all in it
	AsWhole                      // the whole file
)

// Codings says which requests for a file with a Content-Encoding are handed over.
type Codings int

const (
	NoCodings    Codings = iota // none; the application streams such files
	WholeCodings                // those without a Range
	AllCodings
)

// HandedOver are the traits of the application's answers that hand files over to the
// server. They are written down apart from package accel, which they are compared with.
type HandedOver struct {
	// Field is the header field. Escaped says that its value is percent-encoded.
	Field   string
	Escaped bool

	// SaysRanges says that the application sets Accept-Ranges.
	SaysRanges bool

	// StreamsHead says that the application answers HEAD itself, StreamsSeveral that
	// it answers requests for several ranges.
	StreamsHead, StreamsSeveral bool
}

// Finds tells whether the server finds the file called name: Carries is nil, or says so.
func (f Files) Finds(name string) bool { return f.Carries == nil || f.Carries(name) }

// HasControl tells whether name has a control character of ASCII.
func HasControl(name string) bool {
	return strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// Ledger are the traits of the log of hand-overs, for package ledger.
type Ledger struct {
	// LogsPlanned says that the log of an answer that broke off has the bytes that it
	// should have had, beside those on the wire.
	LogsPlanned bool

	// Syslog says that the server can log to a socket, too.
	Syslog bool

	// Reopens says that the server opens its log again on SIGUSR1.
	Reopens bool
}
