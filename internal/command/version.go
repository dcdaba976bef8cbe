package command

import (
	"runtime"
	"runtime/debug"
	"strings"
)

// version returns the line that --version prints.
func version() string {
	info, _ := debug.ReadBuildInfo()
	return versionOf(info)
}

// versionOf returns the version, and the commit if Go knew it when it built the program.
// info may be nil.
func versionOf(info *debug.BuildInfo) string {
	v := "(unknown)"
	vcs := make(map[string]string)
	if info != nil {
		if info.Main.Version != "" {
			v = info.Main.Version
		}
		for _, s := range info.Settings {
			vcs[s.Key] = s.Value
		}
	}
	line := []string{"downloadview", v, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
	if commit := vcs["vcs.revision"]; commit != "" {
		line = append(line, "commit", commit[:min(len(commit), shortCommit)])
		if t := vcs["vcs.time"]; t != "" {
			line = append(line, t)
		}
		if vcs["vcs.modified"] == "true" {
			line = append(line, "modified")
		}
	}
	return strings.Join(line, " ")
}

// shortCommit is the length of a commit in a version of Go.
const shortCommit = 12
