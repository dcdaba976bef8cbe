// Package nginx describes nginx: its configuration, its faults, and how tests start
// it.
package nginx

import (
	"path/filepath"
	"strings"

	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/proxies/room"
	"github.com/downloadview/downloadview/internal/proxies/site"
)

// Room describes nginx.
var Room = room.Room{
	Title:          "nginx",
	LogsDownloads:  true,
	Accel:          accel.Nginx,
	Locations:      true,
	HidesLocations: true,
	AsksAgain:      true,
	VerifiesLinks:  true,
	Tiers:          true,
	Passage:        passage,
	Faults:         faults,
	Findings:       findings,
	FieldsLost:     fieldsLost,
	Print:          Print,
	Traits:         traits,
	Start: room.Start{
		Binary: "nginx",
		File:   "nginx.conf",
		Args: func(s site.Site, conf string) []string {
			args := []string{"-p", s.Folder + "/", "-c", "nginx.conf", "-e", "stderr"}
			if !strings.Contains(conf, "master_process") {
				// Workers would survive when their master is killed.
				args = append(args, "-g", "master_process off;")
			}
			return args
		},
		Check: func(path string) []string {
			return []string{"-t", "-p", filepath.Dir(path) + "/", "-c", filepath.Base(path), "-e", "stderr"}
		},
		Warning: "[warn]",
		Frame:   frame,
	},
}
