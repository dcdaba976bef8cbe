package doctor

import (
	"context"
	"fmt"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/proxies/room"
)

// checkSends warns where all is well but for the proxy, which sends nothing by
// itself: the application streams through it.
func (e *exam) checkSends(ctx context.Context, proved room.Reach) {
	const name = "proxy-sends"
	h, src, expected := e.handover(ctx, e.plain.key)
	field, _ := e.direct.handsOver()
	seen := e.served.isWitnessed() || proved == room.Reached && e.witnessed
	switch {
	case e.served.isHandedOver(), seen && !e.served.isWitnessed():
		e.ok(name, "the application hands over, and the proxy sends")
	case !expected && e.resultOf("app-handover") == Failed:
		e.skip(name, "app-handover failed")
	case !expected && e.Storage == nil && !seen:
		e.skip(name, "neither the storage nor its rules are known, and the application has no doctor.Witness")
	case !expected && e.Storage == nil:
		e.warn(name, finding{"the application streams the file", "a rule for it (serve --accel and --rule); `downloadview explain` says what is missing"}, "streamed")
	case !expected:
		e.warn(name, e.unruled(src), "streamed")
	case seen && field != "":
		e.warn(name, finding{
			fmt.Sprintf("the application hands over to this machine by rule %q, and streams to the proxy: where the proxy's requests come from, it doesn't take them for the proxy's", h.Rule),
			"add the proxy's address, or `unix` for a socket, to where its requests come from (serve --accel-from, from in the file, accel.Options.From)",
		}, "streamed")
	case seen:
		e.warn(name, finding{
			fmt.Sprintf("the application streams what rule %q covers: it was started without the rule, or doesn't take the proxy's requests for the proxy's, or the file is not fit to be handed over", h.Rule),
			"give the application the rule (serve --accel and --rule), and the proxy's address (serve --accel-from, from in the file, accel.Options.From); `downloadview explain` says what else is in the way",
		}, "streamed")
	case field != "":
		e.ok(name, "the application hands over by %s, and the proxy sends", field)
	default:
		e.skip(name, "it can't be seen from outside: the application has no doctor.Witness")
	}
}

// unruled says why no rule has the file handed over.
func (e *exam) unruled(src downloadview.Source) finding {
	switch {
	case e.Offloader == nil:
		return finding{
			"there is no accelerator, so that the application streams each file through the proxy",
			"serve --accel with the proxy's name, and a --rule for the storage (accel.New); give the doctor the same",
		}
	case src == (downloadview.Source{}):
		return finding{
			"the storage tells no place where a proxy could find its files, so that they are streamed",
			"a storage that does, such as a directory; or no rules",
		}
	}
	return finding{
		"no rule covers " + src.String() + nearestRule(e.Offloader, src) + ": the application streams it through the proxy",
		"a rule whose Source is the storage's, or above it",
	}
}
