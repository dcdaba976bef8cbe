package caddy

import (
	"net/http"
	"strings"

	"github.com/downloadview/downloadview/internal/proxies/room"
)

// faults are what can be wrong with Caddy, or with what is in front of and behind
// it, by stage.
var faults = map[room.Stage][]room.Fault{
	room.Names: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Mistake == room.RootForAlias },
			Cause:  "Caddy looks for LOCATION below its root",
			Change: "say `uri strip_prefix SLASHLESS` before file_server",
		},
		{
			Fits:   func(ev room.Evidence) bool { return ev.Mistake == room.NeverDecoded },
			Cause:  "names are percent-encoded and Caddy takes them raw: this is Caddy 2.6 or older",
			Change: "the application's accelerator: `caddy@2.6` in place of `caddy`",
		},
		{
			Fits:   func(ev room.Evidence) bool { return ev.Mistake == room.DecodedTwice },
			Cause:  "names are raw and Caddy decodes them: this is Caddy 2.7 or newer",
			Change: "the application's accelerator: `caddy` in place of `caddy@2.6`",
		},
	},
	room.Way: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Reach == room.OtherServer },
			Cause:  "Caddy doesn't ask the application: its site block is for another host than SITE",
			Change: "name SITE in the address of the site block with reverse_proxy",
		},
	},
	room.HandOver: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Handed && (ev.IsEmpty() || room.IsGateway(ev.Got.Status)) },
			Cause:  "Caddy has no handle_response for LOCATION, or for another prefix than the rule's Destination",
			Change: "say `@media header X-Accel-Redirect LOCATION*` and `handle_response @media` with file_server in reverse_proxy",
		},
	},
	room.Location: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Handed && ev.Got.Status == http.StatusNotFound },
			Cause:  "Caddy finds no such file: its root is another directory than the storage's, or LOCATION stays in front of the name",
			Change: "say `root * DIRECTORY` and `uri strip_prefix SLASHLESS` in handle_response",
		},
	},
}

// findings are what a symptom comes from.
var findings = map[room.Symptom]room.Finding{
	room.RangesOff: {
		Cause:  "ranges are off, or what is sent is compressed on the way",
		Change: "remove `header_up -Range` and `encode` for downloads",
	},
	room.Compressed: {
		Cause:  "`encode` compresses downloads: they have no length and no ranges",
		Change: "leave downloads out of `encode`",
	},
}

// fieldsLost says how to send fields on that the application sends.
func fieldsLost(_ room.Evidence, lost []string) room.Finding {
	return room.Finding{
		Cause:  "Caddy drops what the application says of the download: " + strings.Join(lost, ", "),
		Change: "say `copy_response_headers { exclude X-Accel-Redirect Content-Length }` in handle_response",
	}
}
