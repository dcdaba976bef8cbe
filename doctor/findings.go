package doctor

import (
	"strings"

	"github.com/downloadview/downloadview/internal/proxies/room"
)

// findings are the causes of symptoms, for any server. If the server's own room has
// a finding for the symptom, that is used instead.
var findings = map[room.Symptom]room.Finding{
	room.RangesOff: {
		Cause:  "the proxy doesn't pass on ranges, or it compresses downloads",
		Change: "pass on Range and If-Range, and don't compress downloads",
	},
	room.NamesRefused: {
		Cause:  "the proxy, or a server in front of it, refuses URLs that have control characters or are not UTF-8",
		Change: "if clients need such files, relax its rules for URLs",
	},
	room.ValidatorsOff: {
		Cause:  "the proxy drops or changes ETag, Last-Modified, If-None-Match or If-Modified-Since",
		Change: "pass on these fields unchanged, and don't compress downloads",
	},
	room.TagOff: {
		Cause:  "the proxy removes the entity tag",
		Change: "leave ETag unchanged (Apache: no `Header unset ETag`, no `FileETag None`)",
	},
	room.Compressed: {
		Cause:  "downloads are compressed on the way, so they have no length and no ranges",
		Change: "exclude downloads from compression, in the proxy and in the application's middleware",
	},
	room.LinksFollowed: {
		Cause:  "the server follows symbolic links, also out of the directory, and has no setting against it",
		Change: "have the application look at files before it hands them over (Response.CheckFirst), and don't let users create links in DIRECTORY",
	},
	room.NoKeepalive: {
		Cause:  "the proxy uses HTTP/1.0 to the application, or closes each connection",
		Change: "use HTTP/1.1 and keep connections open (Apache: no `disablereuse=On` at ProxyPass, no `SetEnv force-proxy-request-1.0`)",
	},
	room.ErrorPages: {
		Cause:  "the proxy replaces the application's errors by pages of its own, and drops their header fields",
		Change: "`ProxyErrorOverride Off` in Apache, no `handle_response` by status in Caddy, no `server.error-intercept` in lighttpd",
	},
	room.ErrorsCached: {
		Cause:  "a cache keeps error pages",
		Change: "configure the cache to obey Cache-Control",
	},
	room.FilesCached: {
		Cause:  "a cache keeps downloads in spite of their Cache-Control",
		Change: "configure the cache to obey Cache-Control",
	},
	room.FieldsDoubled: {
		Cause:  "the application and the proxy both send the field",
		Change: "configure the proxy to set the field, not to add it",
	},
	room.FieldsShown: {
		Cause:  "the proxy sends fields to the client that are only for the proxy",
		Change: "configure the proxy to remove these fields",
	},
}

// of returns the finding for a symptom.
func (ev evidence) of(s room.Symptom) finding {
	f, ok := ev.proxy.Findings[s]
	if !ok {
		f = findings[s]
	}
	return finding{ev.Words(f.Cause), ev.Words(f.Change)}
}

// fieldsLost returns the finding for fields of the application that the client
// doesn't get.
func (ev evidence) fieldsLost(lost []string) finding {
	f := room.Finding{
		Cause:  "the proxy drops or replaces these fields of the application: " + strings.Join(lost, ", "),
		Change: "remove the settings that change these fields (Apache: `Header`, lighttpd: `setenv.set-response-header`)",
	}
	if ev.proxy.FieldsLost != nil {
		f = ev.proxy.FieldsLost(ev.Evidence, lost)
	}
	return finding{ev.Words(f.Cause), ev.Words(f.Change)}
}
