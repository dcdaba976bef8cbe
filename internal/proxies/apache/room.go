// Package apache describes Apache with mod_xsendfile: its configuration, its faults,
// and how tests start it.
package apache

import (
	"path/filepath"

	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/proxies/room"
	"github.com/downloadview/downloadview/internal/proxies/site"
)

// Room describes Apache with mod_xsendfile 0.12.
var Room = room.Room{
	Title:         "Apache",
	LogsDownloads: true,
	Accel:         accel.Apache,
	Faults:        faults,
	Findings:      findings,
	Print:         Print,
	Traits:        traits,
	Start: room.Start{
		Binary: "apache2",
		File:   "httpd.conf",
		Args: func(s site.Site, _ string) []string {
			// One process, so that no child survives when it is killed.
			return []string{"-X", "-f", filepath.Join(s.Folder, "httpd.conf"), "-c", "ErrorLog /dev/stderr"}
		},
		Check:     func(path string) []string { return []string{"-t", "-f", path} },
		Warning:   "AH00",
		Frame:     frame,
		Folders:   []string{"/etc/apache2"},
		NotAsRoot: true,
	},
}

// Room10 describes Apache with mod_xsendfile 1.0. No test runs it, because Debian
// doesn't have it.
var Room10 = room.Room{
	Title:         Room.Title,
	LogsDownloads: true,
	Accel:         accel.Apache10,
	Faults:        faults10(),
	Findings:      findings,
	Print:         Print10,
	Traits:        traits10,
}
