package nginx

import (
	"net/http"
	"strings"

	"github.com/downloadview/downloadview/internal/proxies/room"
)

// largeHeader is what may not fit in a page of 4 KiB with the status line.
const largeHeader = 3800

// faults are what can be wrong with nginx, or with what is in front of and behind
// it, by stage.
var faults = map[room.Stage][]room.Fault{
	room.Names: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Mistake == room.RootForAlias },
			Cause:  "`root` in place of `alias`: nginx looks for LOCATION below the directory",
			Change: "in `location LOCATION` say `alias DIRECTORY;` in place of `root`",
		},
	},
	room.Way: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Reach == room.OtherLocation },
			Cause:  "nginx doesn't ask the application for this file: another location answers, such as one for the end of its name",
			Change: "look for a `location` with a regular expression that fits the file's path, and say `location ^~ PREFIX` for the one with proxy_pass",
		},
		{
			Fits:   func(ev room.Evidence) bool { return ev.Reach == room.OtherPath },
			Cause:  "nginx doesn't ask the application for PREFIX: another location has this path",
			Change: "say `proxy_pass` in the `location PREFIX` that there is, or remove it",
		},
		{
			Fits:   func(ev room.Evidence) bool { return ev.Reach == room.OtherServer },
			Cause:  "nginx doesn't ask the application: another server answers for the host SITE, such as the default one",
			Change: "say `server_name SITE;` in the server with proxy_pass, or `default_server` in its `listen`",
		},
	},
	room.Application: {
		{
			Fits: func(ev room.Evidence) bool {
				return ev.OwnError && ev.Handed && ev.Direct.Status == 0 && ev.Got.Status == http.StatusNotFound
			},
			Cause:  "the application itself answers 404: it serves another storage, or the storage elsewhere; or there is no location LOCATION, so that nginx asks the application for it",
			Change: "the storage that the application serves, or the prefix (now PREFIX); else add `location LOCATION { internal; alias DIRECTORY; }`; to know which, give the doctor the URL of the application",
		},
	},
	room.Header: {
		{
			Fits: func(ev room.Evidence) bool {
				return ev.Got.Status == http.StatusBadGateway && (ev.Long || !ev.Signed || ev.Direct.HeaderSize() > largeHeader)
			},
			Cause:  "the application's header is larger than nginx's buffer for it (\"upstream sent too big header\")",
			Change: "say `proxy_buffer_size 16k;` and `proxy_buffers 8 16k;` in the location with proxy_pass",
		},
	},
	room.Store: {
		{
			Fits: func(ev room.Evidence) bool {
				return ev.Signed && room.IsGateway(ev.Got.Status) && ev.Direct.Status == 0
			},
			Cause:  "the signed URL is longer than nginx's buffer, or nginx has no resolver for the bucket's host, or doesn't reach it, or doesn't reach the application",
			Change: "say `proxy_buffer_size 16k;` in the location with proxy_pass, and `resolver ADDRESS;` in `location LOCATION`; to know which, give the doctor the URL of the application",
		},
	},
	room.HandOver: {
		{
			Fits:   func(ev room.Evidence) bool { return ev.Handed && ev.IsEmpty() },
			Cause:  "nginx ignores X-Accel-Redirect, or something before it hides the field, so that an empty answer is sent",
			Change: "remove X-Accel-Redirect from `proxy_ignore_headers` in the location with proxy_pass, and from proxy_hide_header of proxies in between",
		},
	},
	room.Location: {
		{
			Fits: func(ev room.Evidence) bool {
				return ev.Handed && (ev.CameBack || ev.Got.Status == http.StatusInternalServerError)
			},
			Cause:  "there is no location LOCATION: it is missing, or its prefix is not that of the rule's Destination, so that nginx asks the application for it",
			Change: "add `location LOCATION { internal; alias DIRECTORY; }`, or give the rule the Destination that the location has",
		},
		{
			Fits:   func(ev room.Evidence) bool { return ev.Handed && ev.Got.Status == http.StatusNotFound },
			Cause:  "nginx finds no such file: the alias of LOCATION is another directory than the storage's, or has no slash at its end",
			Change: "say `alias DIRECTORY;`, with the slash, in `location LOCATION`",
		},
		{
			Fits:   func(ev room.Evidence) bool { return ev.Handed && ev.Got.Status == http.StatusForbidden },
			Cause:  "nginx may not read the file: its user may not enter the directory or one above it, or the way there has a symbolic link in it (disable_symlinks), or `deny` is said",
			Change: "give nginx's `user` the rights (chmod o+x on each directory above DIRECTORY, o+r on files), or `disable_symlinks on from=$document_root;`",
		},
	},
}

// findings are what a symptom comes from.
var findings = map[room.Symptom]room.Finding{
	room.RangesOff: {
		Cause:  "ranges are off, or what is sent is compressed or changed on the way",
		Change: "remove `max_ranges 0;` from `location LOCATION`, say `gzip off;`, and leave sub_filter out there",
	},
	room.ValidatorsOff: {
		Cause:  "nginx doesn't judge by the file's entity tag and date, or changes them",
		Change: "say `etag on;`, `if_modified_since exact;` and `gzip off;` in `location LOCATION`",
	},
	room.TagOff: {
		Cause:  "nginx sends no entity tag: `etag off`, or something removes it",
		Change: "say `etag on;` in `location LOCATION`",
	},
	room.Compressed: {
		Cause:  "gzip is on for downloads: they have no length and no ranges, and their entity tags are weak",
		Change: "say `gzip off;` in `location LOCATION` and in the location with proxy_pass",
	},
	room.LinksFollowed: {
		Cause:  "nginx follows symbolic links, also those that lead out of the directory",
		Change: "say `disable_symlinks on from=$document_root;` in `location LOCATION`, or look before handing over",
	},
	room.NoKeepalive: {
		Cause:  "nginx speaks HTTP/1.0 with the application, or closes each connection: nothing tells a streamed download that is cut short from a whole one, and small ones cost twice",
		Change: "say `proxy_http_version 1.1;` and `proxy_set_header Connection \"\";` in the location with proxy_pass, and `keepalive 32;` in its upstream",
	},
	room.ErrorPages: {
		Cause:  "nginx puts pages of its own in place of the application's errors, and their headers are lost",
		Change: "say `proxy_intercept_errors off;` in the location with proxy_pass",
	},
	room.ErrorsCached: {
		Cause:  "somebody keeps error pages: proxy_cache with proxy_cache_valid for 404, or a cache before nginx",
		Change: "say `proxy_cache off;` in the location with proxy_pass, or leave errors out of `proxy_cache_valid`",
	},
	room.FilesCached: {
		Cause:  "somebody keeps downloads: open_file_cache, proxy_cache with `proxy_ignore_headers Cache-Control`, or a cache before nginx",
		Change: "remove Cache-Control from `proxy_ignore_headers`, or say `proxy_cache off;`; `open_file_cache off;`",
	},
	room.FieldsDoubled: {
		Cause:  "application and nginx both send a field",
		Change: "remove the add_header or expires of the same field from `location LOCATION`; for a store's own fields, `proxy_hide_header`",
	},
	room.FieldsShown: {
		Cause:  "nginx sends on what is for it alone",
		Change: "say `proxy_hide_header` for these fields in the location with proxy_pass",
	},
}

// fieldsLost says how to send fields on that the application sends.
func fieldsLost(ev room.Evidence, lost []string) room.Finding {
	var lines []string
	for _, f := range lost {
		lines = append(lines, "`add_header "+f+" $upstream_http_"+variable(ev, f)+";`")
	}
	return room.Finding{
		Cause: "nginx drops or replaces what the application says of the download when it takes over in LOCATION: " + strings.Join(lost, ", "),
		Change: "say in `location LOCATION`, which has no other place to take add_header from: " + strings.Join(lines, ", ") +
			", and neither `expires` nor another add_header of these; the rule then has the headers safety or private",
	}
}

// variable is how nginx calls a field in the application's answer.
func variable(ev room.Evidence, field string) string {
	name := strings.ReplaceAll(strings.ToLower(field), "-", "_")
	if ev.Direct.Header.Get(PrivatePrefix+field) != "" {
		return "x_download_" + name
	}
	return name
}
