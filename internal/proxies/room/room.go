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

	// AsksAgain says that the server asks the application for an internal location
	// that its configuration doesn't have.
	AsksAgain bool

	// NewConnections says that the server opens a connection to the application for
	// each request, whatever its configuration says.
	NewConnections bool

	// Faults are why a file doesn't arrive, Findings what a symptom comes from.
	// FieldsLost is the finding for fields of the application that the client
	// doesn't get; nil means what can be said of any server.
	Faults     map[Stage][]Fault
	Findings   map[Symptom]Finding
	FieldsLost func(ev Evidence, lost []string) Finding

	// Print writes the server's configuration.
	Print site.Printer

	// Start says how tests run that configuration. Where it has no Binary, none
	// does.
	Start Start
}
