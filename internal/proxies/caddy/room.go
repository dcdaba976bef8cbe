// Package caddy describes Caddy: its configuration, its faults, and how tests start
// it.
package caddy

import (
	"path/filepath"

	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/proxies/room"
	"github.com/downloadview/downloadview/internal/proxies/site"
)

// Room describes Caddy from version 2.7.
var Room = room.Room{
	Title:         "Caddy",
	LogsDownloads: true,
	Accel:         accel.Caddy,
	Locations:     true,
	Faults:        faults,
	Findings:      findings,
	FieldsLost:    fieldsLost,
	Print:         Print,
	Traits:        traits,
	Start:         start("caddy-current"),
}

// Room26 describes Caddy up to version 2.6, which Debian 12 has.
var Room26 = room.Room{
	Title:         "Caddy",
	LogsDownloads: true,
	ShowsID:       true,
	Accel:         accel.Caddy26,
	Locations:     true,
	Faults:        faults,
	Findings:      findings,
	FieldsLost:    fieldsLost,
	Print:         Print26,
	Traits:        traits26,
	Start:         start("caddy"),
}

func start(binary string) room.Start {
	return room.Start{
		Binary: binary,
		File:   "Caddyfile",
		Args: func(s site.Site, _ string) []string {
			return []string{"run", "--adapter", "caddyfile", "--config", filepath.Join(s.Folder, "Caddyfile")}
		},
		Check:   func(path string) []string { return []string{"validate", "--adapter", "caddyfile", "--config", path} },
		Warning: "not formatted",
		Frame: func(fragment, _ string) string {
			return "{\n\tauto_https off\n}\nexample.com {\n" + fragment + "\n}\n"
		},
	}
}
