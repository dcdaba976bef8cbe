// Package lighttpd describes lighttpd: its configuration, its faults, and how tests
// start it.
package lighttpd

import (
	"path/filepath"

	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/proxies/room"
	"github.com/downloadview/downloadview/internal/proxies/site"
)

// Room describes lighttpd 1.4.
var Room = room.Room{
	Title:          "lighttpd",
	LogsDownloads:  true,
	ShowsID:        true,
	Accel:          accel.Lighttpd,
	Aliases:        []string{"X-Lighttpd-Send-File"},
	NewConnections: true,
	Faults:         faults,
	Findings:       findings,
	Print:          Print,
	Traits:         traits,
	Start: room.Start{
		Binary: "lighttpd",
		File:   "lighttpd.conf",
		Args: func(s site.Site, _ string) []string {
			return []string{"-D", "-f", filepath.Join(s.Folder, "lighttpd.conf")}
		},
		Check:   func(path string) []string { return []string{"-tt", "-f", path} },
		Warning: "WARNING",
		Frame: func(fragment, _ string) string {
			return "server.document-root = \"/\"\nserver.port = 8080\n" + defaults + fragment
		},
		Folders: []string{"/var/cache/lighttpd/uploads"},
	},
}

// defaults are settings that a configuration may have before the fragment, such as Debian's
// server.http-parseopts. lighttpd refuses a second "=" for one.
const defaults = `server.http-parseopts = ( "header-strict" => "enable", "url-normalize-required" => "enable" )
server.stat-cache-engine = "simple"
server.stream-response-body = 1
server.follow-symlink = "enable"
server.modules += ( "mod_accesslog" )
accesslog.filename = "/dev/null"
accesslog.format = "%h"
`
