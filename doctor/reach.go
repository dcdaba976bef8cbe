package doctor

import (
	"context"
	"net/http"
)

// reach says how far a request for the file goes.
type reach int

const (
	unknownReach  reach = iota
	reached             // the application answers it
	otherLocation       // it answers what is beside the file, and something else the file
	otherPath           // it answers what is elsewhere, and something else the path of the storage
	otherServer         // it answers nothing of this site
)

func isDenied(status int) bool {
	return status == http.StatusUnauthorized || status == http.StatusForbidden
}

// proveReach asks for what the application answers itself, by a method that does
// nothing and that no proxy sends a file for. Where it isn't known what the
// application says, nothing is proved.
func (e *exam) proveReach(ctx context.Context) reach {
	answers := func(path string) reach {
		got := e.ask(ctx, e.site, http.MethodOptions, path)
		e.denied = e.denied || isDenied(got.status)
		switch {
		case got.err != nil && got.status == 0 || isGateway(got.status):
			return unknownReach // which says something else
		case got.isWitnessed():
			e.witnessed = true
			return reached
		case e.app == nil:
			return unknownReach
		}
		want := e.ask(ctx, e.app, http.MethodOptions, path)
		switch {
		case want.err != nil:
			return unknownReach
		case want.status == got.status && want.body == got.body && want.header.Get("Allow") == got.header.Get("Allow"):
			return reached // and the witness's field is dropped on the way
		}
		return otherServer
	}
	first := answers(e.Prefix + e.plain.key)
	switch {
	case first != otherServer:
		return first
	case answers(e.Prefix+random()) == reached:
		return otherLocation
	case e.get(ctx, "/"+missingName).isWitnessed(): // no key, so the application answers
		return unknownReach // the proxy refuses the method alone
	case answers("/"+random()) == reached:
		return otherPath
	}
	return otherServer
}
