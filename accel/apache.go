package accel

import "github.com/downloadview/downloadview"

// Apache returns the [Proxy] for Apache with mod_xsendfile 0.12, the version that
// distributions package. It sends the file whose path is in X-Sendfile. For
// version 1.0, which decodes the path, see [Apache10].
//
// The Destination of a rule is the directory with the files on Apache's machine;
// XSendFilePath must allow it. If the application and Apache run on different
// machines, it may differ from Source:
//
//	XSendFile on
//	XSendFilePath /srv/media
//	AllowEncodedSlashes NoDecode
//	ProxyPass / http://127.0.0.1:8080/ nocanon
//
// Apache keeps the application's header fields and evaluates preconditions and
// ranges by the application's entity tag and date. So the application looks at a
// file before it hands the file over, which costs one open or one request for
// metadata. A file without an entity tag is streamed, because mod_xsendfile gives
// all such files the same tag. The application itself answers requests that end in
// 304, 412 or 416, and streams for ranges that servers interpret differently, such
// as one whose last position is above the largest int64.
//
// mod_xsendfile removes Content-Encoding, so files with one are streamed.
//
// Apache takes the path without decoding it. Files whose name has a control
// character in it or ends in a space are streamed. Apache follows symbolic links
// wherever they lead. A storage that refuses symbolic links refuses them when the
// application looks at the file, before the hand-over.
func Apache() Proxy {
	return Proxy{
		Name:        "apache",
		Field:       "X-Sendfile",
		Destination: directory,
		Encode:      rawLocation,
		Terms:       apacheTerms,
	}
}

// Apache10 is [Apache] for mod_xsendfile 1.0, which percent-decodes the path
// unless "XSendFileUnescape off" is configured.
func Apache10() Proxy {
	p := Apache()
	p.Name = "apache@1.0"
	p.Destination, p.Encode = encodedDirectory, encodeLocation
	return p
}

var apacheTerms = downloadview.Terms{
	Validators:   downloadview.OurValidators,
	Unfit:        downloadview.OddRanges,
	SilentRanges: true,
	KeepsSafety:  true,
}
