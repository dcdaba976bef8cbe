package doctor

import (
	"strings"

	"github.com/downloadview/downloadview/internal/proxies/room"
)

// findings are what a symptom comes from, in front of any server. Where the server's
// own room has one, it comes before these.
var findings = map[room.Symptom]room.Finding{
	room.RangesOff: {
		Cause:  "the proxy doesn't pass ranges on, or compresses",
		Change: "pass Range and If-Range on, and don't compress downloads",
	},
	room.NamesRefused: {
		Cause:  "the proxy, or something before it, refuses URLs with control characters, or with what isn't UTF-8, in them",
		Change: "its rules for URLs, where such files are to be had",
	},
	room.ValidatorsOff: {
		Cause:  "the proxy drops or changes ETag, Last-Modified, If-None-Match or If-Modified-Since",
		Change: "pass them on as they are, and don't compress downloads",
	},
	room.TagOff: {
		Cause:  "the proxy removes the entity tag",
		Change: "leave ETag as it is (Apache: no `Header unset ETag`, no `FileETag None`)",
	},
	room.Compressed: {
		Cause:  "somebody compresses downloads: they have no length and no ranges",
		Change: "leave downloads out of compression, in the proxy and in the application's middleware",
	},
	room.LinksFollowed: {
		Cause:  "the server follows symbolic links, also those that lead out of the directory, and can't be told not to",
		Change: "look before handing over, and let nobody make links in DIRECTORY",
	},
	room.NoKeepalive: {
		Cause:  "the proxy speaks HTTP/1.0 with the application, or closes each connection",
		Change: "have it speak HTTP/1.1 and keep connections (Apache: no `disablereuse=On` at ProxyPass, no `SetEnv force-proxy-request-1.0`)",
	},
	room.ErrorPages: {
		Cause:  "the proxy puts pages of its own in place of the application's errors, and their headers are lost",
		Change: "`ProxyErrorOverride Off` in Apache, no `handle_response` by status in Caddy, no `server.error-intercept` in lighttpd",
	},
	room.ErrorsCached: {
		Cause:  "somebody keeps error pages",
		Change: "have the cache keep only what Cache-Control lets it",
	},
	room.FilesCached: {
		Cause:  "somebody keeps downloads in spite of their Cache-Control",
		Change: "have the cache keep only what Cache-Control lets it",
	},
	room.FieldsDoubled: {
		Cause:  "application and proxy both send a field",
		Change: "have the proxy set it, not add it",
	},
	room.FieldsShown: {
		Cause:  "the proxy sends on what is for it alone",
		Change: "have it remove these fields",
	},
}

// of returns what the symptom comes from.
func (ev evidence) of(s room.Symptom) finding {
	f, ok := ev.proxy.Findings[s]
	if !ok {
		f = findings[s]
	}
	return finding{ev.Words(f.Cause), ev.Words(f.Change)}
}

// fieldsLost says how fields that the application sends are sent on.
func (ev evidence) fieldsLost(lost []string) finding {
	f := room.Finding{
		Cause:  "the proxy drops or replaces what the application says of the download: " + strings.Join(lost, ", "),
		Change: "remove what unsets or sets these fields (Apache: `Header`, lighttpd: `setenv.set-response-header`)",
	}
	if ev.proxy.FieldsLost != nil {
		f = ev.proxy.FieldsLost(ev.Evidence, lost)
	}
	return finding{ev.Words(f.Cause), ev.Words(f.Change)}
}
