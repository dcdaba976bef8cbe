package doctor

import (
	"fmt"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/printable"
)

// reasons explain each obstacle: why a file is streamed.
var reasons = map[downloadview.Obstacle]string{
	downloadview.OtherStore:     "the rule is for another store, or another account of the store, than the file's",
	downloadview.NotTheProxy:    "the request doesn't come from an address of the proxy (serve --accel-from, from in the file, accel.Options.From)",
	downloadview.OddName:        "the name is too long for the proxy's header field, or has characters that the field can't carry",
	downloadview.ContentCoding:  "the file has a Content-Encoding, which the proxy would drop",
	downloadview.UntoldRate:     "the rate is limited, and this proxy has no header field for that, as nginx has (serve --limit-rate, limit_rate of the rule); or several downloads share a rate, which no proxy can do (serve --limit-rate-total, --limit-rate-per-client)",
	downloadview.UnfitMethod:    "the proxy or the signed URL doesn't support this method, or not with this Range or precondition; a GET is handed over",
	downloadview.UnfitRange:     "the proxy would answer this Range differently; other requests are handed over",
	downloadview.OwnValidators:  "the request is conditional or has a range, and the proxy would evaluate it by the file's entity tag and time, not by the application's own",
	downloadview.UselessTime:    "the file's time (before 1981) is not usable for an entity tag or Last-Modified, but the proxy would use it; give the file a real time",
	downloadview.NoTag:          "the file has no entity tag to give to the proxy; files that are younger than two seconds, or in a storage without times, have none",
	downloadview.AnsweredHere:   "the application answers without the file's bytes (304, 412 or 416)",
	downloadview.UnsafeInline:   "the file is shown inline, and the rule doesn't say that the proxy keeps the header fields that make this safe; use the configuration that \"downloadview config\" prints, and set headers: safety or private for the rule (--headers)",
	downloadview.HiddenMetadata: "the object has stored metadata that the proxy would show to clients (list the keys to hide in hide, below signed of the rule)",
	downloadview.Unsigned:       "the storage signs no URL for the file: it can't sign, or has no credentials for that",
}

// A nearer finds the rule that is nearest to a source, as accel.Accelerator does.
type nearer interface {
	Nearest(src downloadview.Source) (name, source string, shared int)
}

// reasonOf says why a file is streamed, given its source, its offloader o and the
// obstacle.
func reasonOf(o downloadview.Offloader, src downloadview.Source, why downloadview.Obstacle) string {
	switch o {
	case nil:
		return "there is no accelerator: set one, with a rule for the file (serve --accel and --rule)"
	case downloadview.NeverOffload:
		return "the view opts out (downloadview.NeverOffload)"
	}
	if why != downloadview.NoRule {
		return reasons[why]
	}
	if src == (downloadview.Source{}) {
		return "the storage doesn't say where a proxy can find the file"
	}
	return "no rule covers " + printable.Name(src.String()) + nearestRule(o, src)
}

// nearestRule returns the end of a sentence that names the rule nearest to src.
func nearestRule(o downloadview.Offloader, src downloadview.Source) string {
	n, ok := o.(nearer)
	if !ok {
		return ""
	}
	switch name, source, shared := n.Nearest(src); {
	case shared < 0:
		return "; there are no rules"
	case name == source:
		return fmt.Sprintf("; the nearest is that for %s", printable.Name(source))
	default:
		return fmt.Sprintf("; the nearest is %s, for %s", printable.Name(name), printable.Name(source))
	}
}
