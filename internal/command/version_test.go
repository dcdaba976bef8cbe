package command

import (
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
)

func TestVersion(t *testing.T) {
	system := runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH
	vcs := func(pairs ...string) (settings []debug.BuildSetting) {
		for i := 0; i < len(pairs); i += 2 {
			settings = append(settings, debug.BuildSetting{Key: pairs[i], Value: pairs[i+1]})
		}
		return settings
	}
	const commit = "dc03e45f1be8c6d47f0a9a3b5e2c7d9081726354"
	for name, tt := range map[string]struct {
		info *debug.BuildInfo
		want string
	}{
		"nothing is known": {nil, "downloadview (unknown) " + system},
		"of a module": {
			&debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: vcs("-trimpath", "true")},
			"downloadview v1.2.3 " + system,
		},
		"of a commit": {
			&debug.BuildInfo{Main: debug.Module{Version: "(devel)"}, Settings: vcs("vcs", "git", "vcs.revision", commit, "vcs.time", "2026-11-26T20:28:15Z", "vcs.modified", "false")},
			"downloadview (devel) " + system + " commit dc03e45f1be8 2026-11-26T20:28:15Z",
		},
		"of changed files": {
			&debug.BuildInfo{Main: debug.Module{Version: "v1.2.3+dirty"}, Settings: vcs("vcs.revision", commit, "vcs.time", "2026-11-26T20:28:15Z", "vcs.modified", "true")},
			"downloadview v1.2.3+dirty " + system + " commit dc03e45f1be8 2026-11-26T20:28:15Z modified",
		},
		"of another system": {
			&debug.BuildInfo{Settings: vcs("vcs.revision", "417")},
			"downloadview (unknown) " + system + " commit 417",
		},
	} {
		if got := versionOf(tt.info); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
	if got := version(); !strings.HasPrefix(got, "downloadview ") || !strings.Contains(got, " "+system) {
		t.Errorf("this program is %q", got)
	}
}
