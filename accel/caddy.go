package accel

import (
	"strings"

	"github.com/downloadview/downloadview"
)

// Caddy returns the [Proxy] for Caddy 2.11, configured to send what
// X-Accel-Redirect names. For 2.6, which Debian 12 has, see [Caddy26].
//
// The Destination of a rule is an internal location such as "/_media/", as for
// [Nginx]. What maps it to a directory, and keeps the application's header
// fields, is the configuration that "downloadview config caddy" prints; this is
// the idea of it:
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
// Caddy judges preconditions and ranges by the application's entity tag and the
// file's own date, so a file is looked at before it is handed over, which costs
// one open or one request for metadata. To a range in another unit than bytes, or
// with bad syntax, it answers 416, so such requests are streamed. So are several
// ranges: Caddy's answer lacks the empty line before the first boundary, without
// which zsync asks again and again. Its error pages after the hand-over
// carry the application's Content-Disposition and Cache-Control, unless the
// configuration deletes them, as the printed one does. Symbolic links are
// followed wherever they lead; a storage that refuses them refuses them before
// the hand-over, which looks.
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

// Caddy26 is [Caddy] for versions up to 2.6. They take the value as it is, so
// names with control characters, with a question mark, and those that end in a
// space are streamed; and they judge by an entity tag of their own, which
// streamed files then have too. HEAD is answered here: where a configuration makes
// a GET of every method, HEAD among them, Caddy 2.6 sends a body after the header,
// and the client takes it for the next answer.
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
