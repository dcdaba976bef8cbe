package lighttpd

import (
	"net/http"

	"github.com/downloadview/downloadview/internal/proxies/room"
)

// faults are what can be wrong with lighttpd, or with what is in front of and behind
// it, by stage.
var faults = map[room.Stage][]room.Fault{
	room.Names: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Hostile && ev.Mistake == room.NoMistake },
			Cause:  "the request isn't passed on as it came, or names are not percent-encoded as lighttpd expects",
			Change: "`server.http-parseopts = ( \"url-normalize\" => \"disable\" )`, and the application's accelerator: `lighttpd`",
		},
	},
	room.Way: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Reach == room.OtherServer },
			Cause:  "lighttpd doesn't ask the application: its proxy.server is for another host than SITE, or in another condition",
			Change: "have the condition `$HTTP[\"host\"]` around proxy.server take SITE",
		},
	},
	room.HandOver: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Handed && ev.IsEmpty() },
			Cause:  "X-Sendfile is not enabled: lighttpd passes it on, with an empty body",
			Change: "say `\"x-sendfile\" => \"enable\"` in proxy.server",
		},
	},
	room.Location: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Handed && ev.Got.Status == http.StatusForbidden },
			Cause:  "lighttpd may not send from there: x-sendfile-docroot doesn't have LOCATION, or its user may not read it, or the way there has a symbolic link in it",
			Change: "say `\"x-sendfile-docroot\" => ( \"SLASHLESS\" )` in proxy.server; give lighttpd's user the rights; name directories by their real paths",
		},
		{
			Fits:   func(ev room.Evidence) bool { return ev.Handed && ev.Got.Status == http.StatusNotFound },
			Cause:  "lighttpd finds no such file: the rule's Destination LOCATION is another directory than the storage's",
			Change: "the rule's Destination, which is DIRECTORY as lighttpd sees it",
		},
	},
}

// findings are what a symptom comes from.
var findings = map[room.Symptom]room.Finding{
	room.RangesOff: {
		Cause:  "ranges are off, or what is sent is compressed on the way",
		Change: "remove `server.range-requests = \"disable\"`; no mod_deflate for downloads",
	},
	room.NamesRefused: {
		Cause:  "lighttpd refuses URLs with control characters, or with what isn't UTF-8, in them",
		Change: "say `server.http-parseopts = ( \"url-normalize\" => \"disable\" )`, where such files are to be had",
	},
	room.Compressed: {
		Cause:  "mod_deflate compresses downloads: they have no ranges",
		Change: "leave downloads out of deflate.mimetypes",
	},
	room.LinksFollowed: {
		Cause:  "lighttpd follows symbolic links, also those that lead out of the directory",
		Change: "say `server.follow-symlink = \"disable\"`, or look before handing over",
	},
}
