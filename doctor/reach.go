package doctor

import (
	"context"
	"net/http"

	"github.com/downloadview/downloadview/internal/proxies/room"
)

// proveReach finds out how far a request gets, by OPTIONS: the application answers
// it itself, it changes nothing, and no proxy sends a file for it. If the
// application's own answer isn't known, the result is UnknownReach.
func (e *exam) proveReach(ctx context.Context) room.Reach {
	answers := func(path string) room.Reach {
		got := e.ask(ctx, e.site, http.MethodOptions, path)
		e.denied = e.denied || room.IsDenied(got.status)
		switch {
		case got.err != nil && got.status == 0 || room.IsGateway(got.status):
			return room.UnknownReach // the fault is another one
		case got.isWitnessed():
			e.witnessed = true
			return room.Reached
		case e.app == nil:
			return room.UnknownReach
		}
		want := e.ask(ctx, e.app, http.MethodOptions, path)
		switch {
		case want.err != nil:
			return room.UnknownReach
		case want.status == got.status && want.body == got.body && want.header.Get("Allow") == got.header.Get("Allow"):
			return room.Reached // the proxy drops the Witness's field
		}
		return room.OtherServer
	}
	first := answers(e.Prefix + e.plain.key)
	switch {
	case first != room.OtherServer:
		return first
	case answers(e.Prefix+random()) == room.Reached:
		return room.OtherLocation
	case e.get(ctx, "/"+missingName).isWitnessed(): // no valid key: the application answers
		return room.UnknownReach // the proxy refuses only the method
	case answers("/"+random()) == room.Reached:
		return room.OtherPath
	}
	return room.OtherServer
}
