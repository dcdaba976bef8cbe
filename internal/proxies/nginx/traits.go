package nginx

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/downloadview/downloadview/internal/proxies/room"
)

// unnamed are the fields that nginx keeps under their own names. The application sends
// them under other names.
var unnamed = []string{"Cache-Control", "Content-Disposition", "Expires"}

var traits = room.Traits{
	Requests: room.Requests{
		Answers: map[string]string{
			"above-root":         "400",
			"above-root-escaped": "400",
			"other-scheme":       "400",
			"asterisk":           "400",
			"nul":                "400",
			"spaces":             "200=alpha",
			"bad-version":        "505",
			"lower-case-method":  "400",
			"two-lengths":        "400",
			"long-field":         "400",
			"bad-date":           "412",
		},
		LargestHeader: 16 << 10,
	},
	Files: room.Files{
		Own:      []string{"Etag", "Last-Modified"},
		Extended: []string{"Accept-Ranges"}, // the application leaves it out
		NoRule:   http.StatusOK,             // the application is asked for the location
		KeptOnErrors: map[int][]string{
			http.StatusForbidden:                    unnamed,
			http.StatusNotFound:                     unnamed,
			http.StatusRequestedRangeNotSatisfiable: unnamed,
		},
		NamedFields:     true,
		RefusesSymlinks: true,
		Codings:         room.AllCodings,
	},
	HandOver: room.HandedOver{Field: "X-Accel-Redirect", Escaped: true},
	Ledger:   room.Ledger{Syslog: true, Reopens: true},
}

// frame puts fragment into a server, and its lines for http {} before it. nginx would open
// the system's access log.
func frame(fragment, _ string) string {
	var outside strings.Builder
	for line := range strings.Lines(fragment) {
		if line, ok := strings.CutPrefix(line, "#     "); ok {
			outside.WriteString(line)
		}
	}
	return fmt.Sprintf("pid nginx.pid;\nevents {}\nhttp {\naccess_log off;\n%s\nserver {\nlisten 127.0.0.1:8080;\n%s\n}\n}\n", outside.String(), fragment)
}
