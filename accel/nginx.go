package accel

import (
	"errors"
	"fmt"
	"strings"

	"github.com/downloadview/downloadview"
)

// Nginx returns the [Proxy] for nginx, which sends the file that X-Accel-Redirect
// names. It is for nginx 1.5.9 and later: older versions don't decode the value.
//
// The Destination of a rule is an internal location as in nginx's configuration: a
// path that begins with a slash, not percent-encoded. A Destination may lack the
// slash at its end; nginx's configuration needs it:
//
//	location /_media/ {
//		internal;
//		alias /srv/media/;
//	}
//
// # What nginx's configuration must do
//
// The application decides which client gets which file. Only nginx's configuration
// keeps other clients out, and other files unreachable:
//
//   - Without "internal", every client can request the location, without any check
//     by the application.
//   - The alias needs the slash at its end as much as the location does. With
//     "alias /srv/media", the file "-private/x" becomes /srv/media-private/x.
//   - nginx follows symbolic links, also out of the directory, unless
//     "disable_symlinks on from=/srv/media" forbids it. A storage that refuses
//     such links does so only for files that this process opens. Set
//     [downloadview.Response.CheckFirst] to refuse them before a hand-over.
//   - If the location doesn't exist, nginx sends the request back to the
//     application, with the internal path. If the application hands that over
//     again, nginx answers 500 after ten rounds.
//   - A client that connects to the application without nginx gets an empty body
//     and sees the internal location. Listen where only nginx can connect, or set
//     [Options.From].
//   - An upstream that isn't trusted can read every internal location by sending
//     X-Accel-Redirect. Set "proxy_ignore_headers X-Accel-Redirect" in every other
//     location that passes requests on.
//
// nginx keeps Content-Type, Content-Disposition, Cache-Control, Expires, Set-Cookie
// and Accept-Ranges of the application's answer. It drops all other fields, and the
// status. X-Content-Type-Options and Content-Security-Policy reach the client if the
// internal location adds them; the rule then has [PassSafety]:
//
//	add_header X-Content-Type-Options $upstream_http_x_content_type_options;
//	add_header Content-Security-Policy $upstream_http_content_security_policy;
//
// It drops Content-Encoding, too, so files with one are streamed. Rules with [PassAll]
// hand them over: the printed configuration sets the field from a private one.
//
// nginx evaluates preconditions and ranges itself, by the entity tag and the date
// that it computes from the file. A file that a rule covers gets the same tag when
// it is streamed, so a download that began in one mode resumes in the other. nginx
// answers 416 to ranges that it takes for bad syntax, such as "bytes=20-10", so
// requests with these are streamed.
//
// nginx answers 404 for a missing file and 403 for one that it can't read. These
// error pages carry the application's Content-Disposition and Cache-Control, so
// browsers save them under the name of the download, unless the rule has [PassAll]
// and nginx the configuration for it. For a directory, nginx answers with a redirect
// that shows the internal location, unless the location has
// "if (-d $request_filename) { return 404; }". With
// [downloadview.Response.CheckFirst] the application answers in all three cases.
//
// # What can't be handed over
//
// The whole header of the answer must fit in nginx's proxy_buffer_size, 4 KiB by
// default. If it doesn't, nginx answers 502. Files whose encoded location is longer
// than 2 KiB are streamed.
func Nginx() Proxy {
	return Proxy{
		Name:        "nginx",
		Field:       "X-Accel-Redirect",
		Destination: internalLocation,
		Encode:      encodeLocation,
		Terms: downloadview.Terms{
			Tag:        downloadview.NginxTag,
			Validators: downloadview.ProxyValidators,
			Unfit:      downloadview.OddRanges,
			Private:    private("Cache-Control", "Content-Disposition", "Expires"),
			RateField:  "X-Accel-Limit-Rate",

			CodingField: "X-Download-Content-Encoding",
		},
		URLField: urlField,
	}
}

// longestLocation leaves room in 4 KiB for the other fields, such as a
// Content-Disposition with the longest possible name.
const longestLocation = 2 << 10

func encodeLocation(destination, rest string) (string, bool) {
	escaped := escapedLen(rest)
	if len(destination)+escaped > longestLocation {
		return "", false
	}
	if escaped == len(rest) {
		return destination + rest, true
	}
	var b strings.Builder
	b.Grow(len(destination) + escaped)
	b.WriteString(destination)
	escapeTo(&b, rest)
	return b.String(), true
}

func internalLocation(s string) (string, error) {
	const want = `want an internal location such as "/_media/"`
	switch {
	case s == "":
		return "", errors.New("is empty; " + want)
	case s[0] != '/':
		return "", errors.New("does not begin with a slash; " + want)
	case strings.ContainsAny(s, "?#"):
		return "", errors.New(`has "?" or "#" in it; ` + want)
	case strings.ContainsFunc(s, isControl):
		return "", errors.New("has a control character in it; " + want)
	}
	if s == "/" {
		return s, nil
	}
	s = strings.TrimSuffix(s[1:], "/")
	if seg, ok := oddSegment(s); ok {
		return "", fmt.Errorf("has a segment %q in it; %s", seg, want)
	}
	location, ok := encodeLocation("/", s+"/")
	if !ok {
		return "", fmt.Errorf("is longer than %d bytes; %s", longestLocation, want)
	}
	return location, nil
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }
