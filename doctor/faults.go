package doctor

import (
	"net/http"
	"strings"

	"github.com/downloadview/downloadview/internal/proxies/room"
)

// faults are the reasons why a file that the application hands over doesn't arrive,
// by stage, for any server. Those of the server's own room are tried before these.
var faults = map[room.Stage][]room.Fault{
	room.Names: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Mistake == room.DecodedTwice },
			Cause:  "names are decoded once too often: the application doesn't percent-encode FIELD, or the proxy changes the request's path",
			Change: "set an accelerator for the application that percent-encodes; use `proxy_pass` without a path after the host and without `rewrite`",
		},
		{
			Fits:   func(ev room.Evidence) bool { return ev.Mistake == room.NeverDecoded },
			Cause:  "names are encoded once too often: the application percent-encodes FIELD twice, or the server doesn't decode it",
			Change: "set an accelerator for the application that encodes once, or not at all if the server doesn't decode",
		},
		{
			Fits:   func(ev room.Evidence) bool { return ev.Hostile },
			Cause:  "the application percent-encodes names and the server doesn't decode them, or the reverse; or the proxy changes the request's path",
			Change: "set the application's accelerator to the server; use `proxy_pass` without a path after the host and without `rewrite`",
		},
	},
	room.Site: {
		{
			Fits: func(ev room.Evidence) bool {
				return strings.HasPrefix(ev.Got.Header.Get("Location"), "https://"+ev.Site)
			},
			Cause:  "the site redirects clients to https",
			Change: "use a URL of the site that begins with https://",
		},
		{
			Fits: func(ev room.Evidence) bool {
				return ev.Got.Status == http.StatusBadRequest && strings.Contains(ev.Got.Body, "HTTPS")
			},
			Cause:  "the port needs TLS, and the URL of the site begins with http://",
			Change: "use a URL of the site that begins with https://",
		},
		{
			Fits:   func(ev room.Evidence) bool { return ev.Denied },
			Cause:  "the proxy or the application refuses the file to the doctor",
			Change: "give the doctor the Authorization or Cookie of a user that may have the file, or --key-file if signed links are required",
		},
		{
			Fits:   func(ev room.Evidence) bool { return ev.Apart && ev.SocketMay != "" },
			Cause:  "the proxy's user may not connect to the application's socket SOCKET: SOCKETMAY",
			Change: "give the proxy's group the right: `serve --listen 'unix:SOCKET?mode=0660&group=GROUP'` with the group of the proxy's user, such as www-data, and chmod o+x on the directories above",
		},
	},
	room.Way: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Reach > room.Reached },
			Cause:  "the proxy doesn't send requests for this file to the application: another server, path or rule of the proxy answers",
			Change: "correct the proxy's configuration for the host SITE and for PREFIX",
		},
	},
	room.Application: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.OwnError && ev.Got.Status >= http.StatusInternalServerError },
			Cause:  "the application itself can't send the file at the moment",
			Change: "look into the log of the application, which says why: it may have no access to its storage, or too many downloads",
		},
		{
			Fits: func(ev room.Evidence) bool {
				return ev.OwnError && !(ev.Handed && ev.AsksAgain) && !room.IsDenied(ev.Got.Status)
			},
			Cause:  "the application itself answers with an error: it serves another storage, or this storage below another prefix",
			Change: "correct the storage that the application serves, or the prefix (now PREFIX)",
		},
	},
	room.Connection: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Apart || room.IsGateway(ev.Got.Status) && !ev.Handed },
			Cause:  "the proxy doesn't reach the application",
			Change: "set the address where the application listens in proxy_pass, ProxyPass, proxy.server or reverse_proxy",
		},
	},
	room.Header: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Long },
			Cause:  "the application's header is larger than the proxy allows",
			Change: "raise the proxy's limits for the header of an answer and for the line of a request",
		},
	},
	room.Store: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Signed && room.IsGateway(ev.Got.Status) && ev.HostIsName() },
			Cause:  "the proxy doesn't reach the bucket: it has no resolver for HOST, or the network blocks the connection, or the proxy doesn't trust the certificate",
			Change: "set `resolver ADDRESS;` in `location LOCATION`; or allow connections from the proxy to HOST; or correct proxy_ssl_trusted_certificate",
		},
		{
			Fits:   func(ev room.Evidence) bool { return ev.Signed && room.IsGateway(ev.Got.Status) },
			Cause:  "the proxy doesn't reach the bucket's host HOST, or doesn't trust its certificate",
			Change: "allow connections from the proxy to HOST; or correct the endpoint that the storage signs for; or correct proxy_ssl_trusted_certificate",
		},
	},
	room.HandOver: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Handed && ev.IsEmpty() },
			Cause:  "the proxy ignores FIELD, or something in front of the application removes it, so clients get an empty answer",
			Change: "configure the proxy to act on FIELD (`downloadview config` prints such a configuration)",
		},
	},
	room.Location: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Handed && ev.Got.Status == http.StatusForbidden },
			Cause:  "the proxy's user has no right to read the file, or to enter its directory or one above it",
			Change: "give the proxy's user the rights (chmod o+x on each directory above DIRECTORY, o+r on files)",
		},
		{
			Fits:   func(ev room.Evidence) bool { return ev.Got.Header.Get("Content-Encoding") != "" },
			Cause:  "the proxy compresses downloads, also for clients that don't accept it",
			Change: "switch compression off for downloads (nginx: `gzip off;`)",
		},
		{
			Fits:   func(ev room.Evidence) bool { return ev.Got.Status == http.StatusNotFound },
			Cause:  "the proxy or the application doesn't find the file: the site, the prefix or the proxy's directory is wrong",
			Change: "correct the URL of the site, the prefix, or the proxy's directory (DIRECTORY)",
		},
		{
			Fits:   func(ev room.Evidence) bool { return room.IsDenied(ev.Got.Status) },
			Cause:  "the proxy or the application refuses the file to the doctor",
			Change: "give the doctor the Authorization or Cookie of a user that may have the file, or --key-file if signed links are required",
		},
		{
			Fits:   func(room.Evidence) bool { return true },
			Cause:  "the proxy sends something else: another site, a cached answer, or a page of its own",
			Change: "correct the URL of the site, or the proxy's settings for its cache and error pages (nginx: proxy_cache, proxy_intercept_errors)",
		},
	},
}

// diagnose returns the first fault that fits, at the first stage that has one.
func (ev evidence) diagnose() finding {
	for _, stage := range room.Stages() {
		for _, of := range [][]room.Fault{ev.proxy.Faults[stage], faults[stage]} {
			for _, f := range of {
				if f.Fits(ev.Evidence) {
					return finding{ev.Words(f.Cause), ev.Words(f.Change)}
				}
			}
		}
	}
	return finding{} // not reached: the last fault fits everything
}
