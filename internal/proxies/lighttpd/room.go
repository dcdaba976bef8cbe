// Package lighttpd has what is known of lighttpd.
package lighttpd

import (
	"path/filepath"

	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/proxies/room"
)

// Room is that of lighttpd 1.4.
var Room = room.Room{
	Title:          "lighttpd",
	Accel:          accel.Lighttpd,
	Aliases:        []string{"X-Lighttpd-Send-File"},
	NewConnections: true,
	Faults:         faults,
	Findings:       findings,
	Print:          Print,
	Start: room.Start{
		Binary: "lighttpd",
		File:   "lighttpd.conf",
		Args: func(folder, _ string) []string {
			return []string{"-D", "-f", filepath.Join(folder, "lighttpd.conf")}
		},
		Check: func(path string) []string { return []string{"-tt", "-f", path} },
	},
}
