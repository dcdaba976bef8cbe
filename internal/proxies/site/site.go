// Package site describes an application and the proxy in front of it. The
// configurations of all proxies are printed from this description. The package also
// has what the printers share: checks and templates.
package site

import (
	"time"

	"github.com/downloadview/downloadview/accel"
)

// A Site is an application, the proxy in front of it, and the rules for the files that
// the proxy sends.
type Site struct {
	// Listen is where the proxy listens: HOST:PORT.
	Listen string

	// Upstream is where the application listens: HOST:PORT, or unix:PATH.
	Upstream string

	// BasePath is the path below which all of the application is, with a slash at its
	// beginning and none at its end; "" means that it is at "/".
	BasePath string

	// Folder is the directory for the files that the server writes, such as its pid
	// and temporary files, if it runs without privileges. "" means the system's usual
	// directories.
	Folder string

	Rules []Rule

	// Resolvers are the name servers that find the hosts of signed URLs, each an
	// address such as "127.0.0.53" or "[::1]:5353".
	Resolvers []string

	// Authorities is a file with the certificates of the authorities that the proxy
	// trusts to verify stores; "" means that of Debian's ca-certificates.
	Authorities string

	// Symlinks says how the proxy treats symbolic links below a rule's directory.
	Symlinks Symlinks

	// OpenFiles is the time for which the proxy may keep a file open between
	// requests; 0 means that it doesn't. If a file is replaced in that time, its old
	// bytes may still be sent.
	OpenFiles time.Duration

	// Links says that the proxy verifies signed links by itself; nil: the application
	// does.
	Links *Links

	// Ledger is where the proxy logs the downloads that it sends, for package ledger:
	// the path of a file, or unix: and that of a socket, which gets syslog messages.
	// "" logs none.
	Ledger string

	// Tier says that cache nodes keep the files of rules with a cache; nil: the proxy
	// does, or there is no such rule.
	Tier *Tier
}

// Symlinks says how a server treats symbolic links.
type Symlinks int

const (
	// RefuseSymlinks makes the server refuse them, if it can.
	RefuseSymlinks Symlinks = iota
	// FollowSymlinks sends their targets, wherever these are.
	FollowSymlinks
)

// A Rule is a rule of the application, with further settings for the proxy's
// configuration. Its Store, Headers and Proxy are ignored here.
type Rule struct {
	accel.Rule

	// Directory is where the proxy finds the files of an internal location; "" means
	// the path of Source.
	Directory string

	// Cache is the maximum size of the proxy's cache for files that it fetches by
	// signed URLs, in bytes; 0 means no cache. The cache's keys are the objects'
	// names, not the URLs with their signatures.
	Cache int64

	// Slice is the size of the pieces in which objects are fetched and cached, in
	// bytes; 0 fetches them whole. It needs a Cache.
	Slice int64
}
