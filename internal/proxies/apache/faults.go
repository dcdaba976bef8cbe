package apache

import (
	"maps"
	"net/http"

	"github.com/downloadview/downloadview/internal/proxies/room"
)

// faults are the known faults of Apache and of the servers in front of and behind it,
// by stage.
var faults = map[room.Stage][]room.Fault{
	room.Names: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Mistake == room.NeverDecoded },
			Cause:  "the application percent-encodes names, but Apache doesn't decode them: this is mod_xsendfile 0.12, or XSendFileUnescape is off",
			Change: "set the application's accelerator to `apache` in place of `apache@1.0`; or set `XSendFileUnescape On` with mod_xsendfile 1.0",
		},
		{
			Fits:   func(ev room.Evidence) bool { return ev.Mistake == room.DecodedTwice },
			Cause:  "the application doesn't percent-encode names, but they are decoded: this is mod_xsendfile 1.0, or Apache changes the request's path",
			Change: "set the application's accelerator to `apache@1.0` in place of `apache`; or add `nocanon` to ProxyPass",
		},
		{
			Fits:   func(ev room.Evidence) bool { return ev.Hostile },
			Cause:  "Apache changes the request's path, or the application encodes names differently than Apache expects",
			Change: "add `nocanon` to ProxyPass, and set `AllowEncodedSlashes NoDecode` and `MergeSlashes Off`; or set the application's accelerator to `apache` for mod_xsendfile 0.12, to `apache@1.0` for 1.0",
		},
	},
	room.Way: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Reach == room.OtherServer },
			Cause:  "Apache doesn't send the request to the application: another virtual host answers for the host SITE, such as the first one",
			Change: "set `ServerName SITE` in the VirtualHost with ProxyPass, or put that VirtualHost first",
		},
	},
	room.HandOver: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Handed && ev.IsEmpty() },
			Cause:  "X-Sendfile is not enabled: Apache passes the field on to the client, with an empty body",
			Change: "set `XSendFile On` beside ProxyPass, and load mod_xsendfile (a2enmod xsendfile)",
		},
	},
	room.Location: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Handed && ev.Got.Status == http.StatusNotFound },
			Cause:  "Apache refuses the file or doesn't find it: XSendFilePath doesn't cover LOCATION, or the rule's Destination is another directory than the storage's",
			Change: "set `XSendFilePath SLASHLESS`; or correct the rule's Destination: the path that DIRECTORY has on Apache's machine",
		},
	},
}

// findings are the causes of symptoms.
var findings = map[room.Symptom]room.Finding{
	room.RangesOff: {
		Cause:  "ranges are off, or a filter changes downloads",
		Change: "remove `MaxRanges none` and `RequestHeader unset Range`; add `SetEnv no-gzip 1`",
	},
	room.Compressed: {
		Cause:  "mod_deflate or mod_brotli compresses downloads, so they have no length and no ranges",
		Change: "add `SetEnv no-gzip 1` and `SetEnv no-brotli 1`",
	},
}

// faults10 are the faults of mod_xsendfile 1.0. If it doesn't find a name, the cause
// is that the name is never decoded.
func faults10() map[room.Stage][]room.Fault {
	all := maps.Clone(faults)
	encoded := all[room.Names][0]
	encoded.Fits = func(ev room.Evidence) bool { return ev.Mistake == room.NeverDecoded || ev.Hostile }
	all[room.Names] = append([]room.Fault{encoded}, all[room.Names][1:]...)
	return all
}
