// Package site describes an application and the proxy in front of it, as the
// configurations of all proxies are printed from it, and has what the printers
// share: checks, and texts with holes.
package site

import (
	"time"

	"github.com/downloadview/downloadview/accel"
)

// A Site is an application, the proxy in front of it, and what the proxy sends
// by itself.
type Site struct {
	// Listen is where the proxy listens: HOST:PORT.
	Listen string

	// Upstream is where the application listens: HOST:PORT, or unix:PATH.
	Upstream string

	// Folder is where the server, run without privileges from a folder of its
	// own, keeps what it writes, such as its pid and temporary files. "" prints
	// the system's usual places.
	Folder string

	Rules []Rule

	// Resolvers are the name servers that find the hosts of signed URLs, each an
	// address such as "127.0.0.53" or "[::1]:5353".
	Resolvers []string

	// Authorities is a file with the certificates of those whom the proxy trusts
	// to say which store is which; "" is that of Debian's ca-certificates.
	Authorities string

	// Symlinks says what becomes of symbolic links below a rule's directory.
	Symlinks Symlinks

	// OpenFiles is for how long the proxy may keep a file open between requests;
	// 0 doesn't. In that time the bytes of a file that has been replaced may
	// still be sent.
	OpenFiles time.Duration
}

// Symlinks says what becomes of symbolic links.
type Symlinks int

const (
	// RefuseSymlinks has the server refuse them where it can.
	RefuseSymlinks Symlinks = iota
	// FollowSymlinks sends what they lead to, wherever that is.
	FollowSymlinks
)

// A Rule is one by which the application hands over, and what the proxy's
// configuration says of it besides. Its Store, Headers and Proxy make no difference
// here.
type Rule struct {
	accel.Rule

	// Directory is where the proxy finds the files of an internal location;
	// "" is the path of Source.
	Directory string

	// Cache is how much the proxy may keep of what it fetches by signed URLs, in
	// bytes; 0 is nothing. What is kept is found by the object's name, not by the URL
	// with its signature.
	Cache int64

	// Slice is the size of the pieces in which large objects are fetched and
	// kept, in bytes; 0 fetches them whole. It needs a Cache.
	Slice int64
}
