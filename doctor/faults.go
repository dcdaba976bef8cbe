package doctor

import (
	"net/http"
	"strings"

	"github.com/downloadview/downloadview/internal/proxies/room"
)

// faults say why a file that the application hands over doesn't arrive, in front of
// any server, by stage. Those of the server's own room come before them.
var faults = map[room.Stage][]room.Fault{
	room.Names: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Mistake == room.DecodedTwice },
			Cause:  "names are decoded once too often: the application writes FIELD raw, not percent-encoded, or the request isn't passed on as it came",
			Change: "the application's accelerator, which is to encode; and `proxy_pass` without a path behind the host and without `rewrite`",
		},
		{
			Fits:   func(ev room.Evidence) bool { return ev.Mistake == room.NeverDecoded },
			Cause:  "names arrive encoded once too often: the application encodes FIELD twice, or for a server that decodes it",
			Change: "the application's accelerator, which is to encode once, and not for a server that takes names raw",
		},
		{
			Fits:   func(ev room.Evidence) bool { return ev.Hostile },
			Cause:  "raw in place of encoded names or the reverse, or the request isn't passed on as it came",
			Change: "the application's accelerator; and `proxy_pass` without a path behind the host and without `rewrite`",
		},
	},
	room.Site: {
		{
			Fits: func(ev room.Evidence) bool {
				return strings.HasPrefix(ev.Got.Header.Get("Location"), "https://"+ev.Site)
			},
			Cause:  "the site sends clients to its address with https",
			Change: "the URL of the site, which is to begin with https://",
		},
		{
			Fits: func(ev room.Evidence) bool {
				return ev.Got.Status == http.StatusBadRequest && strings.Contains(ev.Got.Body, "HTTPS")
			},
			Cause:  "the port speaks TLS, and was asked without",
			Change: "the URL of the site, which is to begin with https://",
		},
		{
			Fits:   func(ev room.Evidence) bool { return ev.Denied },
			Cause:  "the file isn't given to whom the doctor asks for",
			Change: "give the doctor a header with the Authorization or Cookie of somebody who may have it",
		},
		{
			Fits:   func(ev room.Evidence) bool { return ev.Apart && ev.SocketMay != "" },
			Cause:  "the proxy's user may not connect to the application's socket SOCKET: SOCKETMAY",
			Change: "let the proxy's group in: `serve --listen 'unix:SOCKET?mode=0660&group=GROUP'` with the group of its user, such as www-data, and chmod o+x on the directories above",
		},
	},
	room.Way: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Reach > room.Reached },
			Cause:  "the proxy doesn't ask the application for this file: another server, path or rule of the proxy answers",
			Change: "what the proxy has for the host SITE and for PREFIX",
		},
	},
	room.Application: {
		{
			Fits: func(ev room.Evidence) bool {
				return ev.OwnError && !(ev.Handed && ev.AsksAgain) && !room.IsDenied(ev.Got.Status)
			},
			Cause:  "the application itself doesn't give the file: it serves another storage, or the storage elsewhere",
			Change: "the storage that the application serves, or the prefix (now PREFIX)",
		},
	},
	room.Connection: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Apart || room.IsGateway(ev.Got.Status) && !ev.Handed },
			Cause:  "the proxy doesn't reach the application",
			Change: "the address in proxy_pass, ProxyPass, proxy.server or reverse_proxy, which is to be that where the application listens",
		},
	},
	room.Header: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Long },
			Cause:  "the application's header is larger than the proxy takes",
			Change: "the proxy's limits for the header of an answer and for the line of a request",
		},
	},
	room.Store: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Signed && room.IsGateway(ev.Got.Status) && ev.HostIsName() },
			Cause:  "the proxy doesn't reach the bucket: it has no resolver for HOST, or no way there, or doesn't trust its certificate",
			Change: "say `resolver ADDRESS;` in `location LOCATION`; the network's rules between the proxy and HOST; proxy_ssl_trusted_certificate",
		},
		{
			Fits:   func(ev room.Evidence) bool { return ev.Signed && room.IsGateway(ev.Got.Status) },
			Cause:  "the bucket's host HOST can't be reached from the proxy, or it doesn't trust its certificate",
			Change: "the network's rules between the proxy and HOST; the endpoint that the storage signs for; proxy_ssl_trusted_certificate",
		},
	},
	room.HandOver: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Handed && ev.IsEmpty() },
			Cause:  "the proxy isn't told to look at FIELD, or something between hides it, so that an empty answer is sent",
			Change: "have the proxy act on FIELD (`downloadview config` prints how)",
		},
	},
	room.Location: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Handed && ev.Got.Status == http.StatusForbidden },
			Cause:  "the proxy may not read the file: its user may not enter the directory or one above it",
			Change: "give the proxy's user the rights (chmod o+x on each directory above DIRECTORY, o+r on files)",
		},
		{
			Fits:   func(ev room.Evidence) bool { return ev.Got.Header.Get("Content-Encoding") != "" },
			Cause:  "the proxy compresses downloads, also for who doesn't want it",
			Change: "`gzip off;` or what the server calls it",
		},
		{
			Fits:   func(ev room.Evidence) bool { return ev.Got.Status == http.StatusNotFound },
			Cause:  "the proxy or the application doesn't find the file: the site isn't this one, the prefix is another, or the directory is",
			Change: "the URL of the site, the prefix, the proxy's directory (DIRECTORY)",
		},
		{
			Fits:   func(ev room.Evidence) bool { return room.IsDenied(ev.Got.Status) },
			Cause:  "the file isn't given to whom the doctor asks for",
			Change: "give the doctor a header with the Authorization or Cookie of somebody who may have it",
		},
		{
			Fits:   func(room.Evidence) bool { return true },
			Cause:  "the proxy sends something else: another site, a cache, or a page of its own",
			Change: "the URL of the site; proxy_cache and proxy_intercept_errors, or what the server calls them",
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
	return finding{} // the last line fits all
}
