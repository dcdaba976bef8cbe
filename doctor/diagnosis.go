package doctor

import (
	"net/http"
	"strings"
)

// A diagnosis is a symptom and what it comes from.
type diagnosis struct {
	server        string // "" is any
	fits          func(evidence) bool
	cause, change string
}

// largeHeader is what may not fit in a page of 4 KiB with the status line.
const largeHeader = 3800

// diagnoses say why a file that the application hands over doesn't arrive. The
// first that fits is the one.
var diagnoses = []diagnosis{
	// Names.
	{
		"nginx",
		func(ev evidence) bool { return ev.mistake == rootForAlias },
		"`root` in place of `alias`: nginx looks for LOCATION below the directory",
		"in `location LOCATION` say `alias DIRECTORY;` in place of `root`",
	},
	{
		"caddy",
		func(ev evidence) bool { return ev.mistake == rootForAlias },
		"Caddy looks for LOCATION below its root",
		"say `uri strip_prefix SLASHLESS` before file_server",
	},
	{
		"apache",
		func(ev evidence) bool { return ev.mistake == neverDecoded || ev.hostile && ev.name == "apache@1.0" },
		"names are percent-encoded and Apache takes them raw: this is mod_xsendfile 0.12, or XSendFileUnescape is off",
		"the application's accelerator: `apache` in place of `apache@1.0`; or `XSendFileUnescape On` with mod_xsendfile 1.0",
	},
	{
		"apache",
		func(ev evidence) bool { return ev.mistake == decodedTwice },
		"names are raw and somebody decodes them: this is mod_xsendfile 1.0, or the request isn't passed on as it came",
		"the application's accelerator: `apache@1.0` in place of `apache`; or `nocanon` at ProxyPass",
	},
	{
		"caddy",
		func(ev evidence) bool { return ev.mistake == neverDecoded },
		"names are percent-encoded and Caddy takes them raw: this is Caddy 2.6 or older",
		"the application's accelerator: `caddy@2.6` in place of `caddy`",
	},
	{
		"caddy",
		func(ev evidence) bool { return ev.mistake == decodedTwice },
		"names are raw and Caddy decodes them: this is Caddy 2.7 or newer",
		"the application's accelerator: `caddy` in place of `caddy@2.6`",
	},
	{
		"",
		func(ev evidence) bool { return ev.mistake == decodedTwice },
		"names are decoded once too often: the application writes FIELD raw, not percent-encoded, or the request isn't passed on as it came",
		"the application's accelerator, which is to encode; and `proxy_pass` without a path behind the host and without `rewrite`",
	},
	{
		"",
		func(ev evidence) bool { return ev.mistake == neverDecoded },
		"names arrive encoded once too often: the application encodes FIELD twice, or for a server that decodes it",
		"the application's accelerator, which is to encode once, and not for a server that takes names raw",
	},
	{
		"apache",
		func(ev evidence) bool { return ev.hostile },
		"the request isn't passed on as it came, or names are encoded in another way than Apache expects",
		"`nocanon` at ProxyPass, `AllowEncodedSlashes NoDecode`, `MergeSlashes Off`; `apache` with mod_xsendfile 0.12, `apache@1.0` with 1.0",
	},
	{
		"lighttpd",
		func(ev evidence) bool { return ev.hostile },
		"the request isn't passed on as it came, or names are not percent-encoded as lighttpd expects",
		"`server.http-parseopts = ( \"url-normalize\" => \"disable\" )`, and the application's accelerator: `lighttpd`",
	},
	{
		"",
		func(ev evidence) bool { return ev.hostile },
		"raw in place of encoded names or the reverse, or the request isn't passed on as it came",
		"the application's accelerator; and `proxy_pass` without a path behind the host and without `rewrite`",
	},

	// The way to the application.
	{
		"",
		func(ev evidence) bool { return strings.HasPrefix(ev.got.header.Get("Location"), "https://"+ev.site) },
		"the site sends clients to its address with https",
		"the URL of the site, which is to begin with https://",
	},
	{
		"",
		func(ev evidence) bool {
			return ev.got.status == http.StatusBadRequest && strings.Contains(ev.got.body, "HTTPS")
		},
		"the port speaks TLS, and was asked without",
		"the URL of the site, which is to begin with https://",
	},
	{
		"",
		func(ev evidence) bool { return ev.denied },
		"the file isn't given to whom the doctor asks for",
		"give the doctor a header with the Authorization or Cookie of somebody who may have it",
	},
	{
		"",
		func(ev evidence) bool { return ev.apart && ev.socketMay != "" },
		"the proxy's user may not connect to the application's socket SOCKET: SOCKETMAY",
		"let the proxy's group in: `serve --listen 'unix:SOCKET?mode=0660&group=GROUP'` with the group of its user, such as www-data, and chmod o+x on the directories above",
	},
	{
		"nginx",
		func(ev evidence) bool { return ev.reach == otherLocation },
		"nginx doesn't ask the application for this file: another location answers, such as one for the end of its name",
		"look for a `location` with a regular expression that fits the file's path, and say `location ^~ PREFIX` for the one with proxy_pass",
	},
	{
		"nginx",
		func(ev evidence) bool { return ev.reach == otherPath },
		"nginx doesn't ask the application for PREFIX: another location has this path",
		"say `proxy_pass` in the `location PREFIX` that there is, or remove it",
	},
	{
		"nginx",
		func(ev evidence) bool { return ev.reach == otherServer },
		"nginx doesn't ask the application: another server answers for the host SITE, such as the default one",
		"say `server_name SITE;` in the server with proxy_pass, or `default_server` in its `listen`",
	},
	{
		"apache",
		func(ev evidence) bool { return ev.reach == otherServer },
		"Apache doesn't ask the application: another virtual host answers for the host SITE, such as the first one",
		"say `ServerName SITE` in the VirtualHost with ProxyPass, or put it first",
	},
	{
		"lighttpd",
		func(ev evidence) bool { return ev.reach == otherServer },
		"lighttpd doesn't ask the application: its proxy.server is for another host than SITE, or in another condition",
		"have the condition `$HTTP[\"host\"]` around proxy.server take SITE",
	},
	{
		"caddy",
		func(ev evidence) bool { return ev.reach == otherServer },
		"Caddy doesn't ask the application: its site block is for another host than SITE",
		"name SITE in the address of the site block with reverse_proxy",
	},
	{
		"",
		func(ev evidence) bool { return ev.reach > reached },
		"the proxy doesn't ask the application for this file: another server, path or rule of the proxy answers",
		"what the proxy has for the host SITE and for PREFIX",
	},
	{
		"",
		func(ev evidence) bool {
			return ev.ownError && (!ev.handed || ev.server != "nginx") && !isDenied(ev.got.status)
		},
		"the application itself doesn't give the file: it serves another storage, or the storage elsewhere",
		"the storage that the application serves, or the prefix (now PREFIX)",
	},

	{
		"nginx",
		func(ev evidence) bool {
			return ev.ownError && ev.handed && ev.direct.status == 0 && ev.got.status == http.StatusNotFound
		},
		"the application itself answers 404: it serves another storage, or the storage elsewhere; or there is no location LOCATION, so that nginx asks the application for it",
		"the storage that the application serves, or the prefix (now PREFIX); else add `location LOCATION { internal; alias DIRECTORY; }`; to know which, give the doctor the URL of the application",
	},

	// The way from the application.
	{
		"",
		func(ev evidence) bool { return ev.apart || isGateway(ev.got.status) && !ev.handed },
		"the proxy doesn't reach the application",
		"the address in proxy_pass, ProxyPass, proxy.server or reverse_proxy, which is to be that where the application listens",
	},
	{
		"nginx",
		func(ev evidence) bool {
			return ev.got.status == http.StatusBadGateway && (ev.long || !ev.signed || ev.direct.headerSize() > largeHeader)
		},
		"the application's header is larger than nginx's buffer for it (\"upstream sent too big header\")",
		"say `proxy_buffer_size 16k;` and `proxy_buffers 8 16k;` in the location with proxy_pass",
	},
	{
		"",
		func(ev evidence) bool { return ev.long },
		"the application's header is larger than the proxy takes",
		"the proxy's limits for the header of an answer and for the line of a request",
	},
	{
		"nginx",
		func(ev evidence) bool { return ev.signed && isGateway(ev.got.status) && ev.direct.status == 0 },
		"the signed URL is longer than nginx's buffer, or nginx has no resolver for the bucket's host, or doesn't reach it, or doesn't reach the application",
		"say `proxy_buffer_size 16k;` in the location with proxy_pass, and `resolver ADDRESS;` in `location LOCATION`; to know which, give the doctor the URL of the application",
	},
	{
		"",
		func(ev evidence) bool { return ev.signed && isGateway(ev.got.status) && ev.hostIsName() },
		"the proxy doesn't reach the bucket: it has no resolver for HOST, or no way there, or doesn't trust its certificate",
		"say `resolver ADDRESS;` in `location LOCATION`; the network's rules between the proxy and HOST; proxy_ssl_trusted_certificate",
	},
	{
		"",
		func(ev evidence) bool { return ev.signed && isGateway(ev.got.status) },
		"the bucket's host HOST can't be reached from the proxy, or it doesn't trust its certificate",
		"the network's rules between the proxy and HOST; the endpoint that the storage signs for; proxy_ssl_trusted_certificate",
	},
	{
		"nginx",
		func(ev evidence) bool { return ev.handed && ev.isEmpty() },
		"nginx ignores X-Accel-Redirect, or something before it hides the field, so that an empty answer is sent",
		"remove X-Accel-Redirect from `proxy_ignore_headers` in the location with proxy_pass, and from proxy_hide_header of proxies in between",
	},
	{
		"apache",
		func(ev evidence) bool { return ev.handed && ev.isEmpty() },
		"X-Sendfile is not enabled: Apache passes it on, with an empty body",
		"say `XSendFile On` where ProxyPass is, and load mod_xsendfile (a2enmod xsendfile)",
	},
	{
		"lighttpd",
		func(ev evidence) bool { return ev.handed && ev.isEmpty() },
		"X-Sendfile is not enabled: lighttpd passes it on, with an empty body",
		"say `\"x-sendfile\" => \"enable\"` in proxy.server",
	},
	{
		"caddy",
		func(ev evidence) bool { return ev.handed && (ev.isEmpty() || isGateway(ev.got.status)) },
		"Caddy has no handle_response for LOCATION, or for another prefix than the rule's Destination",
		"say `@media header X-Accel-Redirect LOCATION*` and `handle_response @media` with file_server in reverse_proxy",
	},
	{
		"",
		func(ev evidence) bool { return ev.handed && ev.isEmpty() },
		"the proxy isn't told to look at FIELD, or something between hides it, so that an empty answer is sent",
		"have the proxy act on FIELD (`downloadview config` prints how)",
	},

	// The internal location.
	{
		"nginx",
		func(ev evidence) bool {
			return ev.handed && (ev.cameBack || ev.got.status == http.StatusInternalServerError)
		},
		"there is no location LOCATION: it is missing, or its prefix is not that of the rule's Destination, so that nginx asks the application for it",
		"add `location LOCATION { internal; alias DIRECTORY; }`, or give the rule the Destination that the location has",
	},
	{
		"nginx",
		func(ev evidence) bool { return ev.handed && ev.got.status == http.StatusNotFound },
		"nginx finds no such file: the alias of LOCATION is another directory than the storage's, or has no slash at its end",
		"say `alias DIRECTORY;`, with the slash, in `location LOCATION`",
	},
	{
		"nginx",
		func(ev evidence) bool { return ev.handed && ev.got.status == http.StatusForbidden },
		"nginx may not read the file: its user may not enter the directory or one above it, or the way there has a symbolic link in it (disable_symlinks), or `deny` is said",
		"give nginx's `user` the rights (chmod o+x on each directory above DIRECTORY, o+r on files), or `disable_symlinks on from=$document_root;`",
	},

	// The directories of X-Sendfile.
	{
		"apache",
		func(ev evidence) bool { return ev.handed && ev.got.status == http.StatusNotFound },
		"Apache may not send from there, or finds no such file: XSendFilePath doesn't cover LOCATION, or the rule's Destination is another directory than the storage's",
		"say `XSendFilePath SLASHLESS`; the rule's Destination is DIRECTORY as Apache sees it",
	},
	{
		"lighttpd",
		func(ev evidence) bool { return ev.handed && ev.got.status == http.StatusForbidden },
		"lighttpd may not send from there: x-sendfile-docroot doesn't have LOCATION, or its user may not read it, or the way there has a symbolic link in it",
		"say `\"x-sendfile-docroot\" => ( \"SLASHLESS\" )` in proxy.server; give lighttpd's user the rights; name directories by their real paths",
	},
	{
		"lighttpd",
		func(ev evidence) bool { return ev.handed && ev.got.status == http.StatusNotFound },
		"lighttpd finds no such file: the rule's Destination LOCATION is another directory than the storage's",
		"the rule's Destination, which is DIRECTORY as lighttpd sees it",
	},
	{
		"caddy",
		func(ev evidence) bool { return ev.handed && ev.got.status == http.StatusNotFound },
		"Caddy finds no such file: its root is another directory than the storage's, or LOCATION stays in front of the name",
		"say `root * DIRECTORY` and `uri strip_prefix SLASHLESS` in handle_response",
	},
	{
		"",
		func(ev evidence) bool { return ev.handed && ev.got.status == http.StatusForbidden },
		"the proxy may not read the file: its user may not enter the directory or one above it",
		"give the proxy's user the rights (chmod o+x on each directory above DIRECTORY, o+r on files)",
	},
	{
		"",
		func(ev evidence) bool { return ev.got.header.Get("Content-Encoding") != "" },
		"the proxy compresses downloads, also for who doesn't want it",
		"`gzip off;` or what the server calls it",
	},
	{
		"",
		func(ev evidence) bool { return ev.got.status == http.StatusNotFound },
		"the proxy or the application doesn't find the file: the site isn't this one, the prefix is another, or the directory is",
		"the URL of the site, the prefix, the proxy's directory (DIRECTORY)",
	},
	{
		"",
		func(ev evidence) bool { return isDenied(ev.got.status) },
		"the file isn't given to whom the doctor asks for",
		"give the doctor a header with the Authorization or Cookie of somebody who may have it",
	},
	{
		"",
		func(evidence) bool { return true },
		"the proxy sends something else: another site, a cache, or a page of its own",
		"the URL of the site; proxy_cache and proxy_intercept_errors, or what the server calls them",
	},
}

// isEmpty tells whether the answer is the application's hand-over itself.
func (ev evidence) isEmpty() bool { return ev.got.status == http.StatusOK && ev.got.body == "" }

func isGateway(status int) bool {
	return status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout
}
