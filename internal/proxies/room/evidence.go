package room

import (
	"net/http"
	"net/netip"
	"strings"
)

// Evidence is what the doctor knows of an answer that is wrong.
type Evidence struct {
	Got    Answer // through the proxy
	Direct Answer // of the application itself; its Status is 0 where that wasn't asked

	Field     string // by which the file was handed over, or should have been
	Location  string // where the proxy has the files of the storage
	Directory string // where they are
	Site      string // the host of the site
	Prefix    string // of the storage's paths
	Host      string // of a signed URL

	Reach     Reach
	Denied    bool   // not for the file's own sake
	OwnError  bool   // the answer is the application's own error
	Socket    string // where the application listens, "" for an address
	SocketMay string // why only its owner may connect to the socket; "": anybody may

	Mistake  Mistake
	CameBack bool // the proxy asked the application for the internal location
	Hostile  bool // only names with special characters fail
	Long     bool // only a long header fails
	Handed   bool // the application hands over
	Apart    bool // the proxy reaches the application for nothing
	Signed   bool // it hands a signed URL over

	// AsksAgain is [Room.AsksAgain] of the server.
	AsksAgain bool
}

// An Answer is what a server said.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Reach says how far a request for the file goes.
type Reach int

const (
	UnknownReach  Reach = iota
	Reached             // the application answers it
	OtherLocation       // it answers what is beside the file, and something else the file
	OtherPath           // it answers what is elsewhere, and something else the path of the storage
	OtherServer         // it answers nothing of this site
)

// A Mistake is what was done to a name on its way, as the file shows that is sent in
// its place.
type Mistake int

const (
	NoMistake    Mistake = iota
	RootForAlias         // the location stays in front of the name
	NeverDecoded
	DecodedTwice
)

// IsEmpty tells whether the answer is the application's hand-over itself.
func (ev Evidence) IsEmpty() bool { return ev.Got.Status == http.StatusOK && ev.Got.Body == "" }

// HostIsName tells whether a signed URL has a host whose address must be looked up.
func (ev Evidence) HostIsName() bool {
	_, err := netip.ParseAddr(ev.Host)
	return ev.Host != "" && err != nil
}

// HeaderSize is about how many bytes the header takes on the wire.
func (a Answer) HeaderSize() int {
	n := len("HTTP/1.1 200 OK\r\n\r\n")
	for name, values := range a.Header {
		for _, v := range values {
			n += len(name) + len(": \r\n") + len(v)
		}
	}
	return n
}

// IsGateway tells whether a proxy answers status where what is behind it doesn't.
func IsGateway(status int) bool {
	return status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout
}

// IsDenied tells whether status is about who asks.
func IsDenied(status int) bool {
	return status == http.StatusUnauthorized || status == http.StatusForbidden
}

// Words puts what is known into a sentence.
func (ev Evidence) Words(s string) string {
	or := func(known, otherwise string) string {
		if known == "" {
			return otherwise
		}
		return known
	}
	location := or(ev.Location, "the internal location")
	return strings.NewReplacer("SOCKETMAY", ev.SocketMay, "SOCKET", ev.Socket, "PREFIX", ev.Prefix, "SITE", ev.Site, "LOCATION", location,
		"SLASHLESS", strings.TrimSuffix(location, "/"), "DIRECTORY", or(ev.Directory, "the storage's directory"),
		"FIELD", or(ev.Field, "X-Accel-Redirect"), "HOST", or(ev.Host, "the store's host")).Replace(s)
}
