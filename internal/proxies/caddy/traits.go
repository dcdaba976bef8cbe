package caddy

import (
	"net/http"
	"strings"

	"github.com/downloadview/downloadview/internal/proxies/room"
)

var traits = room.Traits{
	Requests: room.Requests{PassesTrailers: true},
	Files: room.Files{
		Own:      []string{"Last-Modified"},
		Extended: []string{"Vary"},
		NoRule:   http.StatusBadGateway,
	},
	HandOver: room.HandedOver{Field: "X-Accel-Redirect", Escaped: true, StreamsSeveral: true},
}

// kept26 are fields that Caddy 2.6 leaves in the answers of its file server.
var kept26 = []string{"Cache-Control", "Content-Disposition", "Expires", "Last-Modified"}

var traits26 = room.Traits{
	Requests: room.Requests{
		Answers:         map[string]string{"nameless-field": "200=alpha"},
		PassesTrailers:  true,
		CompletesBroken: true, // caddyserver/caddy#5951
	},
	Files: room.Files{
		Carries: func(name string) bool {
			return !strings.HasSuffix(name, " ") && !strings.Contains(name, "?") && !room.HasControl(name)
		},
		Own:    []string{"Etag", "Last-Modified"},
		NoRule: http.StatusBadGateway,
		KeptOnErrors: map[int][]string{
			http.StatusPreconditionFailed:           kept26,
			http.StatusRequestedRangeNotSatisfiable: kept26,
		},
	},
	HandOver: room.HandedOver{Field: "X-Accel-Redirect", StreamsHead: true, StreamsSeveral: true},
}
