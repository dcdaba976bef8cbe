// Package room says what is known of one kind of server in front of an
// application.
package room

import (
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/proxies/site"
)

// A Room is what is known of one kind of server, in the versions that behave alike.
// Several goroutines may use it.
type Room struct {
	// Title is what sentences call the server, such as "Apache".
	Title string

	// Accel returns how an application hands files over to it.
	Accel func() accel.Proxy

	// Aliases are other fields by which the server takes a file than that of
	// Accel.
	Aliases []string

	// Locations says that the destination of a rule is an internal location, a path
	// of the server's own. Else it is a directory.
	Locations bool

	// HidesLocations says that the server answers 404 to clients that ask for an
	// internal location. What the application serves below the same path can't be
	// reached then.
	HidesLocations bool

	// Print writes the server's configuration.
	Print site.Printer

	// Start says how tests run that configuration. Where it has no Binary, none
	// does.
	Start Start
}
