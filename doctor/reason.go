package doctor

import (
	"fmt"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/printable"
)

// reasons say in a sentence why a file is streamed.
var reasons = map[downloadview.Obstacle]string{
	downloadview.OtherStore:     "the rule is for another store, or another account of it, than the file's",
	downloadview.NotTheProxy:    "the request doesn't come from the proxy, by its address (serve --accel-from, from in the file, accel.Options.From)",
	downloadview.OddName:        "the name has characters, or a length, that the proxy's header can't carry",
	downloadview.ContentCoding:  "the file has a Content-Encoding, which the proxy would drop",
	downloadview.UntoldRate:     "there is a limit for the rate, which this proxy can't be told (serve --limit-rate, limit_rate of the rule; nginx can)",
	downloadview.UnfitMethod:    "the proxy, or the signed URL, is not fit for this method; a GET is handed over",
	downloadview.UnfitRange:     "the proxy judges such ranges otherwise; other requests are handed over",
	downloadview.OwnValidators:  "the request is conditional or has a range, the application has a tag or time of its own, and the proxy would judge by the file's",
	downloadview.UselessTime:    "the file's time is none that validators can be made of (before 1981), and the proxy would make some; give the file a real time",
	downloadview.NoTag:          "the file has no entity tag that the proxy could be given; one that is younger than two seconds, or of a storage without times, has none",
	downloadview.AnsweredHere:   "the request is answered without the file's bytes (304, 412 or 416)",
	downloadview.UnsafeInline:   "it is shown inline, and nothing says that the proxy keeps the header fields that make this safe; print its configuration by \"downloadview config\", and set headers: safety or private for the rule (--headers)",
	downloadview.HiddenMetadata: "the object has stored metadata that the proxy would show (hide of the rule's signed names what to hide)",
	downloadview.Unsigned:       "no URL is signed for the file: its storage can't sign, or has no credentials for it",
}

// A nearer knows which rule is nearest to a source, as accel.Accelerator does.
type nearer interface {
	Nearest(src downloadview.Source) (name, source string, shared int)
}

// reasonOf says why what the offloader o might have handed over is streamed.
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
		return "its storage tells no place where a proxy could find the file"
	}
	return "no rule covers " + printable.Name(src.String()) + nearestRule(o, src)
}

// nearestRule goes on in a sentence with the rule that is nearest to src.
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
