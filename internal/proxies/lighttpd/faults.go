package lighttpd

import (
	"net/http"

	"github.com/downloadview/downloadview/internal/proxies/room"
)

// faults are the known faults of lighttpd and of the servers in front of and behind
// it, by stage.
var faults = map[room.Stage][]room.Fault{
	room.Names: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Hostile && ev.Mistake == room.NoMistake },
			Cause:  "lighttpd changes the request's path, or the application doesn't percent-encode names as lighttpd expects",
			Change: "set `server.http-parseopts = ( \"url-normalize\" => \"disable\" )`; or set the application's accelerator to `lighttpd`",
		},
	},
	room.Way: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Reach == room.OtherServer },
			Cause:  "lighttpd doesn't send the request to the application: its proxy.server is for another host than SITE, or in another condition",
			Change: "correct the condition `$HTTP[\"host\"]` around proxy.server so that it matches SITE",
		},
	},
	room.HandOver: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Handed && ev.IsEmpty() },
			Cause:  "X-Sendfile is not enabled: lighttpd passes the field on to the client, with an empty body",
			Change: "set `\"x-sendfile\" => \"enable\"` in proxy.server",
		},
	},
	room.Location: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Handed && ev.Got.Status == http.StatusForbidden },
			Cause:  "lighttpd refuses the file: x-sendfile-docroot doesn't have LOCATION, or lighttpd's user has no right to read the file, or its path has a symbolic link in it",
			Change: "set `\"x-sendfile-docroot\" => ( \"SLASHLESS\" )` in proxy.server; or give lighttpd's user the rights; or use paths without symbolic links",
		},
		{
			Fits:   func(ev room.Evidence) bool { return ev.Handed && ev.Got.Status == http.StatusNotFound },
			Cause:  "lighttpd finds no such file: the rule's Destination LOCATION is another directory than the storage's",
			Change: "correct the rule's Destination: the path that DIRECTORY has on lighttpd's machine",
		},
	},
}

// findings are the causes of symptoms.
var findings = map[room.Symptom]room.Finding{
	room.RangesOff: {
		Cause:  "ranges are off, or downloads are compressed",
		Change: "remove `server.range-requests = \"disable\"`, and exclude downloads from mod_deflate",
	},
	room.NamesRefused: {
		Cause:  "lighttpd refuses URLs that have control characters or are not UTF-8",
		Change: "if clients need such files, set `server.http-parseopts = ( \"url-normalize\" => \"disable\" )`",
	},
	room.Compressed: {
		Cause:  "mod_deflate compresses downloads, so they have no ranges",
		Change: "exclude the types of downloads from deflate.mimetypes",
	},
	room.LinksFollowed: {
		Cause:  "lighttpd follows symbolic links, also out of the directory",
		Change: "set `server.follow-symlink = \"disable\"`, or have the application look at files before it hands them over (Response.CheckFirst)",
	},
}
