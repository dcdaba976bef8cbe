package apache

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/downloadview/downloadview/internal/proxies/room"
)

var traits = room.Traits{
	Requests: room.Requests{
		Answers: map[string]string{
			"above-root":   "400",
			"other-scheme": "400",
			"asterisk":     "400",
			"connect":      "400",
			"nul":          "404",
			"long-field":   "400",
			"new-version":  "200=alpha",
			"signed-slash": "200=alpha", // the application gets one slash
			"many-ranges":  "206=alpha",
		},
		MergesSlashes: true,
	},
	Files: room.Files{
		Carries: func(name string) bool {
			return !strings.HasSuffix(name, " ") && !room.HasControl(name)
		},
		KeptOnErrors:       map[int][]string{http.StatusPreconditionFailed: {"Cache-Control", "Content-Disposition", "Expires", "Last-Modified"}},
		EmptyWithoutLength: true,
	},
	HandOver: room.HandedOver{Field: "X-Sendfile", SaysRanges: true},
	Ledger:   room.Ledger{LogsPlanned: true},
}

var traits10 = room.Traits{
	HandOver: room.HandedOver{Field: "X-Sendfile", Escaped: true, SaysRanges: true},
}

// frame puts fragment into a virtual host, after the modules of whole.
func frame(fragment, whole string) string {
	modules := ""
	for line := range strings.Lines(whole) {
		if strings.HasPrefix(line, "LoadModule") {
			modules += line
		}
	}
	return fmt.Sprintf("ServerName localhost\nErrorLog /dev/stderr\n%s\nListen 127.0.0.1:8080\n<VirtualHost *:8080>\n%s\n</VirtualHost>\n", modules, fragment)
}
