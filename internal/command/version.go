package command

import (
	"runtime"
	"runtime/debug"
)

// version returns the line that --version prints.
func version() string {
	v := "(unknown)"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		v = info.Main.Version
	}
	return "downloadview " + v + " " + runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH
}
