package accel

import "github.com/downloadview/downloadview"

// Apache returns the [Proxy] for Apache with mod_xsendfile 0.12, the version
// that distributions have; it sends the file whose path X-Sendfile names. For
// version 1.0, which decodes the path, see [Apache10].
//
// The Destination of a rule is the directory on Apache's machine that has the
// files, one that XSendFilePath allows. Where application and Apache run on
// different machines it may differ from Source:
//
//	XSendFile on
//	XSendFilePath /srv/media
//	AllowEncodedSlashes NoDecode
//	ProxyPass / http://127.0.0.1:8080/ nocanon
//
// Apache keeps the application's header fields and judges preconditions and
// ranges by the application's entity tag and date, so a file is looked at before
// it is handed over, which costs one open or one request for metadata. A file
// without an entity tag is streamed: mod_xsendfile gives every such file the same
// one. So is, by this package, whatever ends in 304, 412 or 416, and requests with
// ranges of which other servers make something else, such as a last position past
// the largest int64.
//
// The path is taken as it is: names with control characters and those that end
// in a space are streamed. Symbolic links are followed wherever they lead; a
// storage that refuses them refuses them before the hand-over, which looks.
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
