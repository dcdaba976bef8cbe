package doctor

import (
	"net/http"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/proxies/room"
)

// An earlier stage comes first, whether its fault is of the server's room or a general
// one. At one stage, the server's room comes before the general faults.
func TestDiagnoseByStage(t *testing.T) {
	got := func(status int) room.Answer { return room.Answer{Status: status, Header: http.Header{}} }
	for _, tt := range []struct {
		name, server string
		ev           room.Evidence
		want         string
	}{
		{
			"the site before the way", "nginx",
			room.Evidence{Got: room.Answer{Status: 301, Header: http.Header{"Location": {"https://a/"}}}, Site: "a", Reach: room.OtherServer},
			"clients to https",
		},
		{"the way before the location", "nginx", room.Evidence{Got: got(404), Handed: true, Reach: room.OtherLocation}, "another location answers"},
		{"the connection before the hand-over", "caddy", room.Evidence{Got: got(502), Handed: true, Apart: true}, "doesn't reach the application"},
		{"the hand-over", "caddy", room.Evidence{Got: got(502), Handed: true}, "Caddy has no handle_response"},
		{"the room before the rest", "apache", room.Evidence{Got: got(404), Handed: true}, "XSendFilePath"},
		{"the rest", "traefik", room.Evidence{Got: got(404), Handed: true}, "doesn't find the file"},
		{"no server", "", room.Evidence{Got: got(404), Handed: true}, "doesn't find the file"},
		{"a decoy before special names", "lighttpd", room.Evidence{Got: got(200), Hostile: true, Mistake: room.DecodedTwice}, "decoded once too often"},
		{"special names", "lighttpd", room.Evidence{Got: got(404), Hostile: true}, "as lighttpd expects"},
		{"a version's own", "apache@1.0", room.Evidence{Got: got(404), Hostile: true}, "Apache doesn't decode them"},
		{"not that version's", "apache", room.Evidence{Got: got(404), Hostile: true}, "differently than Apache expects"},
		{"any version of a server", "caddy@x", room.Evidence{Got: got(404), Handed: true}, "Caddy finds no such file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ev := evidence{Evidence: tt.ev, proxy: proxyOf(tt.server)}
			if f := ev.diagnose(); !strings.Contains(f.cause, tt.want) {
				t.Errorf("%q, want it to say %q", f.cause, tt.want)
			}
		})
	}
}

// An error of the application doesn't prove a fault of it, if the proxy may have asked
// it for a missing internal location.
func TestDiagnoseOwnError(t *testing.T) {
	for server, want := range map[string]string{"nginx": "there is no location", "apache": "serves another storage"} {
		p := proxyOf(server)
		ev := evidence{proxy: p, Evidence: room.Evidence{
			Got: room.Answer{Status: 404, Header: http.Header{}}, Direct: room.Answer{Status: 200}, OwnError: true, Handed: true, CameBack: true, AsksAgain: p.AsksAgain,
		}}
		if f := ev.diagnose(); !strings.Contains(f.cause, want) {
			t.Errorf("%s: %q, want it to say %q", server, f.cause, want)
		}
	}
}
