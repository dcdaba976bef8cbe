package doctor

import (
	"context"
	"fmt"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/proxies/room"
)

// checkSends warns if the set-up works, but the application streams the file through
// the proxy and hands nothing over.
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
		e.warn(name, finding{"the application streams the file", "add a rule for it (serve --accel and --rule); `downloadview explain` says what is missing"}, "streamed")
	case !expected:
		e.warn(name, e.unruled(src), "streamed")
	case seen && field != "":
		e.warn(name, finding{
			fmt.Sprintf("the application hands over to this machine by rule %q, but streams to the proxy: the proxy's address is not among its proxy addresses", h.Rule),
			"add the proxy's address, or `unix` for a socket, to the application's proxy addresses (serve --accel-from, from in the file, accel.Options.From)",
		}, "streamed")
	case seen:
		e.warn(name, finding{
			fmt.Sprintf("the application streams a file that rule %q covers: it was started without the rule, or the proxy's address is not among its proxy addresses, or this file can't be handed over", h.Rule),
			"give the application the rule (serve --accel and --rule) and the proxy's address (serve --accel-from, from in the file, accel.Options.From); `downloadview explain` names other reasons",
		}, "streamed")
	case field != "":
		e.ok(name, "the application hands over by %s, and the proxy sends", field)
	default:
		e.skip(name, "this can't be seen from outside: the application has no doctor.Witness")
	}
}

// unruled says why no rule covers the file.
func (e *exam) unruled(src downloadview.Source) finding {
	switch {
	case e.Offloader == nil:
		return finding{
			"there is no accelerator, so the application streams each file through the proxy",
			"set serve --accel to the proxy's name, and a --rule for the storage (accel.New); give the doctor the same",
		}
	case src == (downloadview.Source{}):
		return finding{
			"the storage doesn't say where a proxy can find its files, so they are streamed",
			"use a storage that does, such as a directory; or remove the rules",
		}
	}
	return finding{
		"no rule covers " + src.String() + nearestRule(e.Offloader, src) + ": the application streams it through the proxy",
		"add a rule whose Source is the storage's, or above it",
	}
}
