package accel

import (
	"errors"
	"fmt"
	"strings"

	"github.com/downloadview/downloadview"
)

// Nginx returns the [Proxy] for nginx, which sends what X-Accel-Redirect names.
// It is for nginx 1.5.9 and later; those before don't decode the value.
//
// The Destination of a rule is an internal location as nginx's configuration
// writes it: a path that begins with a slash, not percent-encoded. A trailing
// slash may be left out here, but not there:
//
//	location /_media/ {
//		internal;
//		alias /srv/media/;
//	}
//
// # What the application answers for, and what nginx does
//
// The application decides who gets which file. What keeps everybody else out,
// and what else may be reached, is up to nginx's configuration:
//
//   - Without "internal" the location is open to the world, past every check.
//   - The alias needs its slash as much as the location. "alias /srv/media"
//     makes /srv/media-private/x of the file "-private/x".
//   - nginx follows symbolic links, also those that lead out of the directory,
//     unless "disable_symlinks on from=/srv/media" forbids it. A storage that
//     refuses such links does so only for what this process opens; set
//     [downloadview.Response.CheckFirst] to have it refuse them before a hand-over.
//   - A location that isn't there hands the request back to the application,
//     with the internal path; where that hands over again, nginx gives up after
//     ten rounds with 500.
//   - An application that is reached without nginx answers with an empty body
//     and shows the internal location. Listen where only nginx can connect.
//   - X-Accel-Redirect from an upstream that isn't trusted opens every internal
//     location to it: "proxy_ignore_headers X-Accel-Redirect" belongs in any
//     other location that passes requests on.
//
// Of the application's answer nginx keeps Content-Type, Content-Disposition,
// Cache-Control, Expires, Set-Cookie and Accept-Ranges and drops the rest,
// status included. X-Content-Type-Options and Content-Security-Policy survive
// where the internal location adds them, which [PassSafety] is to say:
//
//	add_header X-Content-Type-Options $upstream_http_x_content_type_options;
//	add_header Content-Security-Policy $upstream_http_content_security_policy;
//
// nginx judges preconditions and ranges itself, by the entity tag and the date
// that it computes from the file. To ranges that it takes for bad syntax, such as
// "bytes=20-10", it answers 416, so requests with those are streamed. Files that a rule covers get that same tag
// when they are streamed, so a download begun in one mode resumes in the other.
//
// A missing file is 404 from nginx, an unreadable one 403, and these error
// pages carry the application's Content-Disposition and Cache-Control: browsers
// save them under the name of the download, unless [PassAll] goes with
// the configuration that puts them in place. A directory is a redirect that
// shows the internal location, unless "if (-d $request_filename) { return 404; }"
// stands there. [downloadview.Response.CheckFirst] has the application answer in all
// three cases.
//
// # What can't be handed over
//
// The answer's whole header must fit in nginx's proxy_buffer_size, 4 KiB by
// default, or it is 502. Files whose encoded location takes more than 2 KiB are
// streamed.
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
		},
		URLField: urlField,
	}
}

// longestLocation leaves room in 4 KiB for the other fields, a
// Content-Disposition with the longest of names among them.
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
	s = strings.TrimSuffix(s[1:], "/")
	if s == "" {
		return "/", nil
	}
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
