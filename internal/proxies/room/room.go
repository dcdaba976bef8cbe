// Package room has the description of one kind of server in front of an application.
package room

import (
	"net/http"

	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/proxies/site"
)

// A Room describes one kind of server, in versions that behave alike. Several
// goroutines may use it.
type Room struct {
	// Title is the name of the server in sentences, such as "Apache".
	Title string

	// Accel returns the accel.Proxy for the server.
	Accel func() accel.Proxy

	// Aliases are further fields, beside that of Accel, by which the server accepts
	// a hand-over.
	Aliases []string

	// Locations says that the destination of a rule is an internal location, a path
	// of the server's own. Otherwise it is a directory.
	Locations bool

	// HidesLocations says that the server answers 404 to clients that request an
	// internal location. Clients then can't reach files of the application below
	// the same path.
	HidesLocations bool

	// AsksAgain says that the server asks the application for an internal location
	// that its configuration doesn't have.
	AsksAgain bool

	// NewConnections says that the server opens a connection to the application for
	// each request, whatever its configuration says.
	NewConnections bool

	// VerifiesLinks says that the server can verify signed links by itself.
	VerifiesLinks bool

	// Tiers says that the server can be an edge and a cache node.
	Tiers bool

	// Passage reads how a download went through a tier, from the header by which the
	// edge tells the doctor. False: the edge says nothing. nil: there are no tiers.
	Passage func(http.Header) (Passage, bool)

	// LogsDownloads says that the server can log the downloads that it sends, for
	// package ledger.
	LogsDownloads bool

	// ShowsID says that the client sees the ID of a download that is logged for package
	// ledger, since the server can't log a field and hide it.
	ShowsID bool

	// Faults are the reasons why a file doesn't arrive, Findings the causes of
	// symptoms. FieldsLost returns the finding for fields of the application that
	// the client doesn't get; nil means the general one.
	Faults     map[Stage][]Fault
	Findings   map[Symptom]Finding
	FieldsLost func(ev Evidence, lost []string) Finding

	// Print writes the server's configuration.
	Print site.Printer

	// Start says how tests run that configuration. If it has no Binary, no test runs
	// this server. Traits says what tests expect of it. Only tests read both.
	Start  Start
	Traits Traits
}
