package room

import (
	"net/http"
	"net/netip"
	"strconv"
	"strings"
)

// Evidence is what the doctor knows about a wrong answer.
type Evidence struct {
	Got    Answer // through the proxy
	Direct Answer // of the application itself; Status is 0 if it wasn't asked

	Field     string // the field by which the file was, or should have been, handed over
	Location  string // the internal location, or the proxy's directory, of the storage
	Directory string // the storage's directory, or the prefix of its keys
	Site      string // the host of the site
	Prefix    string // of the storage's paths
	Host      string // of a signed URL

	Reach     Reach
	Denied    bool   // the answer is 401 or 403, and so are those for other requests
	OwnError  bool   // the answer is the application's own error
	Socket    string // where the application listens; "" if it is an address
	SocketMay string // why only the owner can connect to the socket; "" if all users can

	Mistake  Mistake
	CameBack bool // the proxy asked the application for the internal location
	Hostile  bool // only names with special characters fail
	Long     bool // only a long header fails
	Handed   bool // the application hands over
	Apart    bool // no request reaches the application through the proxy
	Signed   bool // the application hands over a signed URL

	// NodeFault is a fault of the cache node Node, or of the edge, that Passage shows.
	NodeFault NodeFault
	Node      string
	Passage   Passage

	// AsksAgain is [Room.AsksAgain] of the server.
	AsksAgain bool
}

// An Answer is the answer of a server.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Reach says which requests reach the application through the proxy.
type Reach int

const (
	UnknownReach  Reach = iota
	Reached             // those for the file
	OtherLocation       // those for files beside it, but not for the file
	OtherPath           // those for other paths, but not for the storage's
	OtherServer         // none
)

// A Mistake is a wrong change of a name on its way. The file that is sent in its place
// proves it.
type Mistake int

const (
	NoMistake    Mistake = iota
	RootForAlias         // the location is not removed from the name
	NeverDecoded
	DecodedTwice
)

// IsEmpty tells whether the answer is the application's hand-over itself: 200 with an
// empty body.
func (ev Evidence) IsEmpty() bool { return ev.Got.Status == http.StatusOK && ev.Got.Body == "" }

// HostIsName tells whether the host of a signed URL is a name and not an IP address.
func (ev Evidence) HostIsName() bool {
	_, err := netip.ParseAddr(ev.Host)
	return ev.Host != "" && err != nil
}

// HeaderSize returns the approximate size of the header on the wire, in bytes.
func (a Answer) HeaderSize() int {
	n := len("HTTP/1.1 200 OK\r\n\r\n")
	for name, values := range a.Header {
		for _, v := range values {
			n += len(name) + len(": \r\n") + len(v)
		}
	}
	return n
}

// IsGateway tells whether a proxy answers status if the server behind it doesn't
// answer.
func IsGateway(status int) bool {
	return status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout
}

// IsDenied tells whether status says that the client has no access.
func IsDenied(status int) bool {
	return status == http.StatusUnauthorized || status == http.StatusForbidden
}

// Words replaces the names in capital letters in s, such as LOCATION, by their values.
func (ev Evidence) Words(s string) string {
	or := func(known, otherwise string) string {
		if known == "" {
			return otherwise
		}
		return known
	}
	location := or(ev.Location, "the internal location")
	return strings.NewReplacer("NODE", ev.Node, "SLICE", strconv.FormatInt(ev.Passage.Edge.Slice, 10), "SOCKETMAY", ev.SocketMay, "SOCKET", ev.Socket, "PREFIX", ev.Prefix, "SITE", ev.Site, "LOCATION", location,
		"SLASHLESS", strings.TrimSuffix(location, "/"), "DIRECTORY", or(ev.Directory, "the storage's directory"),
		"FIELD", or(ev.Field, "X-Accel-Redirect"), "HOST", or(ev.Host, "the store's host")).Replace(s)
}
