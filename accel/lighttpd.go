package accel

import (
	"unicode/utf8"

	"github.com/downloadview/downloadview"
)

// Lighttpd returns the [Proxy] for lighttpd 1.4, which sends the file whose path is
// in X-Sendfile, percent-encoded.
//
// The Destination of a rule is the directory with the files on lighttpd's machine;
// x-sendfile-docroot must allow it. If the application and lighttpd run on
// different machines, it may differ from Source:
//
//	server.stat-cache-engine = "disable"
//	proxy.server = ( "" => (( "host" => "127.0.0.1", "port" => 8080,
//		"x-sendfile" => "enable", "x-sendfile-docroot" => ( "/srv/media" ) )) )
//
// Without the first line, lighttpd sends the old bytes of a file with its new entity
// tag for about a second after the file is replaced.
//
// lighttpd keeps the application's header fields and evaluates preconditions and
// ranges by the application's entity tag and date. So the application looks at a
// file before it hands the file over, which costs one open or one request for
// metadata. lighttpd ignores If-Match and If-Unmodified-Since, and merges several
// ranges into one. So the application itself answers requests that end in 304, 412
// or 416, and streams for several ranges and for ranges that servers interpret
// differently, such as "bytes=20-10". lighttpd ignores ranges of a file with a
// Content-Encoding, so these are streamed.
//
// Files whose name is not UTF-8, or has a control character in it, are streamed.
// lighttpd follows symbolic links wherever they lead, unless server.follow-symlink
// is "disable", as in the printed configuration. A storage that refuses symbolic
// links refuses them when the application looks at the file, before the hand-over.
func Lighttpd() Proxy {
	return Proxy{
		Name:        "lighttpd",
		Field:       "X-Sendfile",
		Destination: encodedDirectory,
		Encode: func(destination, rest string) (string, bool) {
			if !utf8.ValidString(rest) || hasControl(rest) {
				return "", false
			}
			return encodeLocation(destination, rest)
		},
		Terms: downloadview.Terms{
			Validators:   downloadview.OurValidators,
			Unfit:        downloadview.OddRanges | downloadview.SeveralRanges | downloadview.CodedRanges,
			CutsStreamed: true,
			KeepsSafety:  true,
			CodingField:  contentEncoding,
		},
	}
}
