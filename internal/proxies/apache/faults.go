package apache

import (
	"maps"
	"net/http"

	"github.com/downloadview/downloadview/internal/proxies/room"
)

// faults are what can be wrong with Apache, or with what is in front of and behind
// it, by stage.
var faults = map[room.Stage][]room.Fault{
	room.Names: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Mistake == room.NeverDecoded },
			Cause:  "names are percent-encoded and Apache takes them raw: this is mod_xsendfile 0.12, or XSendFileUnescape is off",
			Change: "the application's accelerator: `apache` in place of `apache@1.0`; or `XSendFileUnescape On` with mod_xsendfile 1.0",
		},
		{
			Fits:   func(ev room.Evidence) bool { return ev.Mistake == room.DecodedTwice },
			Cause:  "names are raw and somebody decodes them: this is mod_xsendfile 1.0, or the request isn't passed on as it came",
			Change: "the application's accelerator: `apache@1.0` in place of `apache`; or `nocanon` at ProxyPass",
		},
		{
			Fits:   func(ev room.Evidence) bool { return ev.Hostile },
			Cause:  "the request isn't passed on as it came, or names are encoded in another way than Apache expects",
			Change: "`nocanon` at ProxyPass, `AllowEncodedSlashes NoDecode`, `MergeSlashes Off`; `apache` with mod_xsendfile 0.12, `apache@1.0` with 1.0",
		},
	},
	room.Way: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Reach == room.OtherServer },
			Cause:  "Apache doesn't ask the application: another virtual host answers for the host SITE, such as the first one",
			Change: "say `ServerName SITE` in the VirtualHost with ProxyPass, or put it first",
		},
	},
	room.HandOver: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Handed && ev.IsEmpty() },
			Cause:  "X-Sendfile is not enabled: Apache passes it on, with an empty body",
			Change: "say `XSendFile On` where ProxyPass is, and load mod_xsendfile (a2enmod xsendfile)",
		},
	},
	room.Location: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Handed && ev.Got.Status == http.StatusNotFound },
			Cause:  "Apache may not send from there, or finds no such file: XSendFilePath doesn't cover LOCATION, or the rule's Destination is another directory than the storage's",
			Change: "say `XSendFilePath SLASHLESS`; the rule's Destination is DIRECTORY as Apache sees it",
		},
	},
}

// findings are what a symptom comes from.
var findings = map[room.Symptom]room.Finding{
	room.RangesOff: {
		Cause:  "ranges are off, or what is sent is filtered on the way",
		Change: "remove `MaxRanges none`, and `RequestHeader unset Range`; `SetEnv no-gzip 1`",
	},
	room.Compressed: {
		Cause:  "mod_deflate or mod_brotli compresses downloads: they have no length and no ranges",
		Change: "say `SetEnv no-gzip 1` and `SetEnv no-brotli 1`",
	},
}

// faults10 are those of mod_xsendfile 1.0: names that aren't found are never
// decoded.
func faults10() map[room.Stage][]room.Fault {
	all := maps.Clone(faults)
	encoded := all[room.Names][0]
	encoded.Fits = func(ev room.Evidence) bool { return ev.Mistake == room.NeverDecoded || ev.Hostile }
	all[room.Names] = append([]room.Fault{encoded}, all[room.Names][1:]...)
	return all
}
