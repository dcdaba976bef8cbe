package doctor

import "strings"

// What is wrong where one symptom has one cause, by server; "" is any other.

var rangesOff = map[string]finding{
	"nginx":    {"ranges are off, or what is sent is compressed or changed on the way", "remove `max_ranges 0;` from `location LOCATION`, say `gzip off;`, and leave sub_filter out there"},
	"apache":   {"ranges are off, or what is sent is filtered on the way", "remove `MaxRanges none`, and `RequestHeader unset Range`; `SetEnv no-gzip 1`"},
	"lighttpd": {"ranges are off, or what is sent is compressed on the way", "remove `server.range-requests = \"disable\"`; no mod_deflate for downloads"},
	"caddy":    {"ranges are off, or what is sent is compressed on the way", "remove `header_up -Range` and `encode` for downloads"},
	"":         {"the proxy doesn't pass ranges on, or compresses", "pass Range and If-Range on, and don't compress downloads"},
}

var namesRefused = map[string]finding{
	"lighttpd": {"lighttpd refuses URLs with control characters, or with what isn't UTF-8, in them", "say `server.http-parseopts = ( \"url-normalize\" => \"disable\" )`, where such files are to be had"},
	"":         {"the proxy, or something before it, refuses URLs with control characters, or with what isn't UTF-8, in them", "its rules for URLs, where such files are to be had"},
}

var validatorsOff = map[string]finding{
	"nginx": {"nginx doesn't judge by the file's entity tag and date, or changes them", "say `etag on;`, `if_modified_since exact;` and `gzip off;` in `location LOCATION`"},
	"":      {"the proxy drops or changes ETag, Last-Modified, If-None-Match or If-Modified-Since", "pass them on as they are, and don't compress downloads"},
}

var tagOff = map[string]finding{
	"nginx": {"nginx sends no entity tag: `etag off`, or something removes it", "say `etag on;` in `location LOCATION`"},
	"":      {"the proxy removes the entity tag", "leave ETag as it is (Apache: no `Header unset ETag`, no `FileETag None`)"},
}

var compressed = map[string]finding{
	"nginx":    {"gzip is on for downloads: they have no length and no ranges, and their entity tags are weak", "say `gzip off;` in `location LOCATION` and in the location with proxy_pass"},
	"apache":   {"mod_deflate or mod_brotli compresses downloads: they have no length and no ranges", "say `SetEnv no-gzip 1` and `SetEnv no-brotli 1`"},
	"lighttpd": {"mod_deflate compresses downloads: they have no ranges", "leave downloads out of deflate.mimetypes"},
	"caddy":    {"`encode` compresses downloads: they have no length and no ranges", "leave downloads out of `encode`"},
	"":         {"somebody compresses downloads: they have no length and no ranges", "leave downloads out of compression, in the proxy and in the application's middleware"},
}

var linksFollowed = map[string]finding{
	"nginx":    {"nginx follows symbolic links, also those that lead out of the directory", "say `disable_symlinks on from=$document_root;` in `location LOCATION`, or look before handing over"},
	"lighttpd": {"lighttpd follows symbolic links, also those that lead out of the directory", "say `server.follow-symlink = \"disable\"`, or look before handing over"},
	"":         {"the server follows symbolic links, also those that lead out of the directory, and can't be told not to", "look before handing over, and let nobody make links in DIRECTORY"},
}

var noKeepalive = map[string]finding{
	"nginx": {"nginx speaks HTTP/1.0 with the application, or closes each connection: nothing tells a streamed download that is cut short from a whole one, and small ones cost twice", "say `proxy_http_version 1.1;` and `proxy_set_header Connection \"\";` in the location with proxy_pass, and `keepalive 32;` in its upstream"},
	"":      {"the proxy speaks HTTP/1.0 with the application, or closes each connection", "have it speak HTTP/1.1 and keep connections (Apache: no `disablereuse=On` at ProxyPass, no `SetEnv force-proxy-request-1.0`)"},
}

var errorPages = map[string]finding{
	"nginx": {"nginx puts pages of its own in place of the application's errors, and their headers are lost", "say `proxy_intercept_errors off;` in the location with proxy_pass"},
	"":      {"the proxy puts pages of its own in place of the application's errors, and their headers are lost", "`ProxyErrorOverride Off` in Apache, no `handle_response` by status in Caddy, no `server.error-intercept` in lighttpd"},
}

var errorsCached = map[string]finding{
	"nginx": {"somebody keeps error pages: proxy_cache with proxy_cache_valid for 404, or a cache before nginx", "say `proxy_cache off;` in the location with proxy_pass, or leave errors out of `proxy_cache_valid`"},
	"":      {"somebody keeps error pages", "have the cache keep only what Cache-Control lets it"},
}

var filesCached = map[string]finding{
	"nginx": {"somebody keeps downloads: open_file_cache, proxy_cache with `proxy_ignore_headers Cache-Control`, or a cache before nginx", "remove Cache-Control from `proxy_ignore_headers`, or say `proxy_cache off;`; `open_file_cache off;`"},
	"":      {"somebody keeps downloads in spite of their Cache-Control", "have the cache keep only what Cache-Control lets it"},
}

var headersDoubled = map[string]finding{
	"nginx": {"application and nginx both send a field", "remove the add_header or expires of the same field from `location LOCATION`; for a store's own fields, `proxy_hide_header`"},
	"":      {"application and proxy both send a field", "have the proxy set it, not add it"},
}

var headersShown = map[string]finding{
	"nginx": {"nginx sends on what is for it alone", "say `proxy_hide_header` for these fields in the location with proxy_pass"},
	"":      {"the proxy sends on what is for it alone", "have it remove these fields"},
}

// headersLost says how fields that the application sends are sent on.
func (ev evidence) headersLost(lost []string) finding {
	switch ev.server {
	case "nginx":
		var lines []string
		for _, f := range lost {
			lines = append(lines, "`add_header "+f+" $upstream_http_"+ev.variable(f)+";`")
		}
		return finding{
			ev.words("nginx drops or replaces what the application says of the download when it takes over in LOCATION: " + strings.Join(lost, ", ")),
			ev.words("say in `location LOCATION`, which has no other place to take add_header from: " + strings.Join(lines, ", ") +
				", and neither `expires` nor another add_header of these; the rule then has the headers safety or private"),
		}
	case "caddy":
		return finding{
			"Caddy drops what the application says of the download: " + strings.Join(lost, ", "),
			"say `copy_response_headers { exclude X-Accel-Redirect Content-Length }` in handle_response",
		}
	}
	return finding{
		"the proxy drops or replaces what the application says of the download: " + strings.Join(lost, ", "),
		"remove what unsets or sets these fields (Apache: `Header`, lighttpd: `setenv.set-response-header`)",
	}
}

// variable is how nginx calls a field in the application's answer.
func (ev evidence) variable(field string) string {
	name := strings.ReplaceAll(strings.ToLower(field), "-", "_")
	if ev.direct.header.Get("X-Download-"+field) != "" {
		return "x_download_" + name
	}
	return name
}
