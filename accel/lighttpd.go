package accel

import (
	"unicode/utf8"

	"github.com/downloadview/downloadview"
)

// Lighttpd returns the [Proxy] for lighttpd 1.4, which sends the file whose path
// X-Sendfile names, percent-encoded.
//
// The Destination of a rule is the directory on lighttpd's machine that has the
// files, one that x-sendfile-docroot allows. Where application and lighttpd run
// on different machines it may differ from Source:
//
//	server.stat-cache-engine = "disable"
//	proxy.server = ( "" => (( "host" => "127.0.0.1", "port" => 8080,
//		"x-sendfile" => "enable", "x-sendfile-docroot" => ( "/srv/media" ) )) )
//
// Without the first line a replaced file's old bytes go out for about a second
// under the new entity tag.
//
// lighttpd keeps the application's header fields and judges preconditions and
// ranges by the application's entity tag and date, so a file is looked at before
// it is handed over, which costs one open or one request for metadata. It ignores
// If-Match and If-Unmodified-Since, and makes one range of several: what ends in
// 304, 412 or 416 is answered here, and several ranges are streamed, as are those
// of which other servers make something else, such as "bytes=20-10".
//
// Names that are not UTF-8, and those with control characters, are streamed.
// Symbolic links are followed wherever they lead, unless server.follow-symlink is
// "disable", as the printed configuration has it; a storage that refuses them
// refuses them before the hand-over, which looks.
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
			Unfit:        downloadview.OddRanges | downloadview.SeveralRanges,
			CutsStreamed: true,
			KeepsSafety:  true,
		},
	}
}
