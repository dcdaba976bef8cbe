package nginx

import (
	"net/http"
	"strings"

	"github.com/downloadview/downloadview/internal/proxies/room"
)

// largeHeader is the size from which a header may not fit in 4 KiB with the status
// line.
const largeHeader = 3800

// faults are the known faults of nginx and of the servers in front of and behind it,
// by stage.
var faults = map[room.Stage][]room.Fault{
	room.CacheNode: nodeFaults,
	room.Names: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Mistake == room.RootForAlias },
			Cause:  "`root` in place of `alias`: nginx looks for LOCATION below the directory",
			Change: "in `location LOCATION` set `alias DIRECTORY;` in place of `root`",
		},
	},
	room.Way: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Reach == room.OtherLocation },
			Cause:  "nginx doesn't send requests for this file to the application: another location answers, such as one for the end of its name",
			Change: "find the `location` with a regular expression that matches the file's path, and write the location with proxy_pass as `location ^~ PREFIX`",
		},
		{
			Fits:   func(ev room.Evidence) bool { return ev.Reach == room.OtherPath },
			Cause:  "nginx doesn't send requests for PREFIX to the application: another location has this path",
			Change: "set `proxy_pass` in the `location PREFIX` that exists, or remove that location",
		},
		{
			Fits:   func(ev room.Evidence) bool { return ev.Reach == room.OtherServer },
			Cause:  "nginx doesn't send the request to the application: another server answers for the host SITE, such as the default one",
			Change: "set `server_name SITE;` in the server with proxy_pass, or add `default_server` to its `listen`",
		},
	},
	room.Application: {
		{
			Fits: func(ev room.Evidence) bool {
				return ev.OwnError && ev.Handed && ev.Direct.Status == 0 && ev.Got.Status == http.StatusNotFound
			},
			Cause:  "the application itself answers 404: it serves another storage, or this storage below another prefix; or there is no location LOCATION, so nginx asks the application for it",
			Change: "correct the storage that the application serves, or the prefix (now PREFIX); or add `location LOCATION { internal; alias DIRECTORY; }`; to find out which, give the doctor the URL of the application",
		},
	},
	room.Header: {
		{
			Fits: func(ev room.Evidence) bool {
				return ev.Got.Status == http.StatusBadGateway && (ev.Long || !ev.Signed || ev.Direct.HeaderSize() > largeHeader)
			},
			Cause:  "the application's header is larger than nginx's buffer for it (\"upstream sent too big header\")",
			Change: "set `proxy_buffer_size 16k;` and `proxy_buffers 8 16k;` in the location with proxy_pass",
		},
	},
	room.Store: {
		{
			Fits: func(ev room.Evidence) bool {
				return ev.Signed && room.IsGateway(ev.Got.Status) && ev.Direct.Status == 0
			},
			Cause:  "the signed URL is longer than nginx's buffer, or nginx has no resolver for the bucket's host, or doesn't reach it, or doesn't reach the application",
			Change: "set `proxy_buffer_size 16k;` in the location with proxy_pass, and `resolver ADDRESS;` in `location LOCATION`, or with slices in the location whose name ends in /fetch; to find out which, give the doctor the URL of the application",
		},
	},
	room.HandOver: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Handed && ev.IsEmpty() },
			Cause:  "nginx ignores X-Accel-Redirect, or a proxy between nginx and the application hides the field, so clients get an empty answer",
			Change: "remove X-Accel-Redirect from `proxy_ignore_headers` in the location with proxy_pass, and from proxy_hide_header of proxies in between",
		},
	},
	room.Location: {
		{
			Fits: func(ev room.Evidence) bool {
				return ev.Handed && (ev.CameBack || ev.Got.Status == http.StatusInternalServerError)
			},
			Cause:  "there is no location LOCATION: it is missing, or its prefix is not that of the rule's Destination, so nginx asks the application for it",
			Change: "add `location LOCATION { internal; alias DIRECTORY; }`, or correct the rule's Destination",
		},
		{
			Fits:   func(ev room.Evidence) bool { return ev.Handed && ev.Got.Status == http.StatusNotFound },
			Cause:  "nginx finds no such file: the alias of LOCATION is another directory than the storage's, or has no slash at its end",
			Change: "set `alias DIRECTORY;`, with the slash, in `location LOCATION`",
		},
		{
			Fits:   func(ev room.Evidence) bool { return ev.Handed && ev.Got.Status == http.StatusForbidden },
			Cause:  "nginx refuses the file: its user has no right to read the file, or to enter its directory or one above it; or the path has a symbolic link in it (disable_symlinks); or a `deny` directive applies",
			Change: "give nginx's `user` the rights (chmod o+x on each directory above DIRECTORY, o+r on files), or set `disable_symlinks on from=$document_root;`",
		},
	},
}

// findings are the causes of symptoms.
var findings = map[room.Symptom]room.Finding{
	room.RangesOff: {
		Cause:  "ranges are off, or downloads are compressed or changed",
		Change: "in `location LOCATION` remove `max_ranges 0;` and sub_filter, and set `gzip off;`",
	},
	room.ValidatorsOff: {
		Cause:  "nginx doesn't evaluate preconditions by the file's entity tag and date, or changes these fields",
		Change: "set `etag on;`, `if_modified_since exact;` and `gzip off;` in `location LOCATION`",
	},
	room.TagOff: {
		Cause:  "nginx sends no entity tag: `etag off`, or something removes it",
		Change: "set `etag on;` in `location LOCATION`",
	},
	room.Compressed: {
		Cause:  "gzip is on for downloads, so they have no length and no ranges, and their entity tags are weak",
		Change: "set `gzip off;` in `location LOCATION` and in the location with proxy_pass",
	},
	room.LinksFollowed: {
		Cause:  "nginx follows symbolic links, also out of the directory",
		Change: "set `disable_symlinks on from=$document_root;` in `location LOCATION`, or have the application look at files before it hands them over (Response.CheckFirst)",
	},
	room.NoKeepalive: {
		Cause:  "nginx uses HTTP/1.0 to the application, or closes each connection: clients can't tell a streamed download that broke off from a complete one, and small downloads cost twice as much",
		Change: "set `proxy_http_version 1.1;` and `proxy_set_header Connection \"\";` in the location with proxy_pass, and `keepalive 32;` in its upstream",
	},
	room.ErrorPages: {
		Cause:  "nginx replaces the application's errors by pages of its own, and drops their header fields",
		Change: "set `proxy_intercept_errors off;` in the location with proxy_pass",
	},
	room.ErrorsCached: {
		Cause:  "a cache keeps error pages: proxy_cache with proxy_cache_valid for 404, or a cache in front of nginx",
		Change: "set `proxy_cache off;` in the location with proxy_pass, or remove errors from `proxy_cache_valid`",
	},
	room.FilesCached: {
		Cause:  "a cache keeps downloads: open_file_cache, proxy_cache with `proxy_ignore_headers Cache-Control`, or a cache in front of nginx",
		Change: "remove Cache-Control from `proxy_ignore_headers`, or set `proxy_cache off;`; set `open_file_cache off;`",
	},
	room.FieldsDoubled: {
		Cause:  "the application and nginx both send the field",
		Change: "remove the add_header or expires of this field from `location LOCATION`; if the store sends it, set `proxy_hide_header`",
	},
	room.FieldsShown: {
		Cause:  "nginx sends fields to the client that are only for nginx",
		Change: "set `proxy_hide_header` for these fields in the location with proxy_pass",
	},
}

// fieldsLost returns the finding for fields of the application that the client
// doesn't get.
func fieldsLost(ev room.Evidence, lost []string) room.Finding {
	var lines []string
	for _, f := range lost {
		lines = append(lines, "`add_header "+f+" $upstream_http_"+variable(ev, f)+";`")
	}
	return room.Finding{
		Cause: "nginx drops or replaces these fields of the application in LOCATION: " + strings.Join(lost, ", "),
		Change: "add to `location LOCATION`, which doesn't inherit add_header: " + strings.Join(lines, ", ") +
			"; remove `expires` and other add_header lines for these fields there; set headers: safety or private for the rule",
	}
}

// variable returns nginx's name for a field of the application's answer.
func variable(ev room.Evidence, field string) string {
	name := strings.ReplaceAll(strings.ToLower(field), "-", "_")
	if ev.Direct.Header.Get(PrivatePrefix+field) != "" {
		return "x_download_" + name
	}
	return name
}
