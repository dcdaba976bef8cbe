package lighttpd

import (
	"net/http"
	"unicode/utf8"

	"github.com/downloadview/downloadview/internal/proxies/room"
)

var traits = room.Traits{
	Requests: room.Requests{
		Answers: map[string]string{
			"absolute-form":     "400",
			"other-scheme":      "400",
			"asterisk":          "400",
			"bad-version":       "505",
			"unknown-method":    "501",
			"lower-case-method": "501",
			"no-length":         "411",
			"get-with-body":     "400",
			"two-lengths":       "400",
		},
		NamesNoHost:       true,
		WaitsAfterFailure: true,
	},
	Files: room.Files{
		Carries: func(name string) bool {
			// A control character becomes "_".
			return utf8.ValidString(name) && !room.HasControl(name)
		},
		NoFile:          http.StatusForbidden,
		IgnoresIfMatch:  true,
		Several:         room.AsOne,
		RefusesSymlinks: true,
		Codings:         room.WholeCodings,
	},
	HandOver: room.HandedOver{Field: "X-Sendfile", Escaped: true, StreamsSeveral: true},
}
