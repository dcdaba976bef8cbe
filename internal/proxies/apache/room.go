// Package apache has what is known of Apache with mod_xsendfile.
package apache

import (
	"path/filepath"

	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/proxies/room"
	"github.com/downloadview/downloadview/internal/proxies/site"
)

// Room is that of Apache with mod_xsendfile 0.12.
var Room = room.Room{
	Title:    "Apache",
	Accel:    accel.Apache,
	Faults:   faults,
	Findings: findings,
	Print:    Print,
	Start: room.Start{
		Binary: "apache2",
		File:   "httpd.conf",
		Args: func(s site.Site, _ string) []string {
			// One process: nothing is left behind when it is killed.
			return []string{"-X", "-f", filepath.Join(s.Folder, "httpd.conf"), "-c", "ErrorLog /dev/stderr"}
		},
		Check:     func(path string) []string { return []string{"-t", "-f", path} },
		NotAsRoot: true,
	},
}

// Room10 is that of Apache with mod_xsendfile 1.0, which no test runs: Debian
// doesn't have it.
var Room10 = room.Room{
	Title:    Room.Title,
	Accel:    accel.Apache10,
	Faults:   faults10(),
	Findings: findings,
	Print:    Print10,
}
