package accel

import (
	"strings"

	"github.com/downloadview/downloadview"
)

// Caddy returns the [Proxy] for Caddy 2.11, configured to send the file that
// X-Accel-Redirect names. For Caddy 2.6, which Debian 12 has, see [Caddy26].
//
// The Destination of a rule is an internal location such as "/_media/", as for
// [Nginx]. The configuration that "downloadview config caddy" prints maps it to a
// directory and keeps the application's header fields. In short, it is:
//
//	reverse_proxy 127.0.0.1:8080 {
//		@media header X-Accel-Redirect /_media/*
//		handle_response @media {
//			copy_response_headers {
//				exclude X-Accel-Redirect Content-Length
//			}
//			@other not method GET HEAD
//			method @other GET
//			rewrite * {rp.header.X-Accel-Redirect}
//			uri strip_prefix /_media
//			root * /srv/media
//			file_server
//		}
//	}
//
// Caddy evaluates preconditions and ranges by the application's entity tag and the
// file's own date. So the application looks at a file before it hands the file
// over, which costs one open or one request for metadata. Caddy answers 416 to a
// range in another unit than bytes and to one with bad syntax, so such requests are
// streamed. Requests for several ranges are streamed too: Caddy's answer lacks the
// empty line before the first boundary, and without it zsync repeats its request
// without end. Caddy sends a file with a Content-Encoding without its length, so such
// files are streamed, too. Caddy's error pages after a hand-over carry the application's
// Content-Disposition and Cache-Control, unless the configuration deletes these
// fields, as the printed one does. Caddy follows symbolic links wherever they lead.
// A storage that refuses symbolic links refuses them when the application looks at
// the file, before the hand-over.
func Caddy() Proxy {
	return Proxy{
		Name:        "caddy",
		Field:       "X-Accel-Redirect",
		Destination: internalLocation,
		Encode:      encodeLocation,
		Terms: downloadview.Terms{
			Validators:  downloadview.OurTag,
			Unfit:       downloadview.OddRanges | downloadview.SeveralRanges,
			KeepsSafety: true,
		},
	}
}

// Caddy26 is [Caddy] for versions up to 2.6. These don't decode the value, so a
// file is streamed if its name has a control character or a question mark in it or
// ends in a space. They evaluate preconditions by an entity tag of their own, which
// streamed files get too. The application answers HEAD itself: if the configuration
// turns every method into GET, also HEAD, Caddy 2.6 sends a body after the header,
// and the client reads that body as the next answer.
func Caddy26() Proxy {
	return Proxy{
		Name:        "caddy@2.6",
		Field:       "X-Accel-Redirect",
		Destination: rawInternalLocation,
		Encode: func(destination, rest string) (string, bool) {
			if strings.Contains(rest, "?") {
				return "", false
			}
			return rawLocation(destination, rest)
		},
		Terms: downloadview.Terms{
			Tag:         downloadview.CaddyTag,
			Unfit:       downloadview.OddRanges | downloadview.SeveralRanges | downloadview.HeadRequests,
			KeepsSafety: true,
		},
	}
}

func rawInternalLocation(s string) (string, error) {
	if _, err := internalLocation(s); err != nil {
		return "", err
	}
	return strings.TrimSuffix(s, "/") + "/", nil
}
