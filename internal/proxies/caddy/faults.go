package caddy

import (
	"net/http"
	"strings"

	"github.com/downloadview/downloadview/internal/proxies/room"
)

// faults are the known faults of Caddy and of the servers in front of and behind it,
// by stage.
var faults = map[room.Stage][]room.Fault{
	room.Names: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Mistake == room.RootForAlias },
			Cause:  "Caddy looks for LOCATION below its root",
			Change: "add `uri strip_prefix SLASHLESS` before file_server",
		},
		{
			Fits:   func(ev room.Evidence) bool { return ev.Mistake == room.NeverDecoded },
			Cause:  "the application percent-encodes names, but Caddy doesn't decode them: this is Caddy 2.6 or older",
			Change: "set the application's accelerator to `caddy@2.6` in place of `caddy`",
		},
		{
			Fits:   func(ev room.Evidence) bool { return ev.Mistake == room.DecodedTwice },
			Cause:  "the application doesn't percent-encode names, but Caddy decodes them: this is Caddy 2.7 or newer",
			Change: "set the application's accelerator to `caddy` in place of `caddy@2.6`",
		},
	},
	room.Way: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Reach == room.OtherServer },
			Cause:  "Caddy doesn't send the request to the application: its site block is for another host than SITE",
			Change: "add SITE to the address of the site block with reverse_proxy",
		},
	},
	room.HandOver: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Handed && (ev.IsEmpty() || room.IsGateway(ev.Got.Status)) },
			Cause:  "Caddy has no handle_response for LOCATION, or for another prefix than the rule's Destination",
			Change: "add `@media header X-Accel-Redirect LOCATION*`, and `handle_response @media` with file_server, in reverse_proxy",
		},
	},
	room.Location: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Handed && ev.Got.Status == http.StatusNotFound },
			Cause:  "Caddy finds no such file: its root is another directory than the storage's, or it doesn't remove LOCATION from the path",
			Change: "set `root * DIRECTORY` and `uri strip_prefix SLASHLESS` in handle_response",
		},
	},
}

// findings are the causes of symptoms.
var findings = map[room.Symptom]room.Finding{
	room.RangesOff: {
		Cause:  "ranges are off, or downloads are compressed",
		Change: "remove `header_up -Range`, and exclude downloads from `encode`",
	},
	room.Compressed: {
		Cause:  "`encode` compresses downloads, so they have no length and no ranges",
		Change: "exclude downloads from `encode`",
	},
}

// fieldsLost returns the finding for fields of the application that the client
// doesn't get.
func fieldsLost(_ room.Evidence, lost []string) room.Finding {
	return room.Finding{
		Cause:  "Caddy drops these fields of the application: " + strings.Join(lost, ", "),
		Change: "add `copy_response_headers { exclude X-Accel-Redirect Content-Length }` in handle_response",
	}
}
