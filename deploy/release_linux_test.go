package deploy

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/testserver"
)

// A release of a tag has an archive whose program tells the tag and the commit, a package,
// the list of what it is made of, and sums that are right. Without a tag, or with changes
// that are not committed, there is no release.
func TestRelease(t *testing.T) {
	testserver.Binary(t, "dpkg-deb", "DOWNLOADVIEW_DPKG_DEB")
	clone := filepath.Join(t.TempDir(), "clone")
	must(t, "git", "clone", "-q", "..", clone)
	git := func(args ...string) string {
		return must(t, "git", append([]string{"-C", clone, "-c", "user.name=test", "-c", "user.email=test@example.com"}, args...)...)
	}
	t.Setenv("PLATFORMS", "linux/amd64")
	release := filepath.Join(clone, "scripts/release")
	if out := mustFail(t, release); !strings.Contains(out, "no tag such as v1.2.3") {
		t.Errorf("without a tag: %s", out)
	}
	changes := filepath.Join(clone, "CHANGELOG.md")
	write(t, changes, strings.Replace(read(t, changes), "## Unreleased", "## 0.0.1", 1))
	if out := mustFail(t, release); !strings.Contains(out, "there are changes that are not committed") {
		t.Errorf("with changes: %s", out)
	}
	git("commit", "-qam", "Release")
	git("tag", "v0.0.1")
	must(t, release)

	dist := filepath.Join(clone, "dist")
	name := filepath.Join(dist, "downloadview_0.0.1_linux_amd64")
	for _, file := range []string{name + ".tar.gz", name + ".cdx.json", filepath.Join(dist, "downloadview_0.0.1_amd64.deb")} {
		if !strings.Contains(read(t, filepath.Join(dist, "SHA256SUMS")), sum(t, file)+"  "+filepath.Base(file)+"\n") {
			t.Errorf("SHA256SUMS doesn't have %s", file)
		}
	}
	must(t, "tar", "-C", dist, "-xzf", name+".tar.gz")
	if out := must(t, filepath.Join(name, "downloadview"), "--version"); !strings.HasPrefix(out, "downloadview v0.0.1 ") {
		t.Errorf("--version: %s", out)
	}
	var bom struct {
		Metadata   struct{ Component struct{ Version string } }
		Components []struct{ Name, Version string }
	}
	if err := json.Unmarshal([]byte(read(t, name+".cdx.json")), &bom); err != nil {
		t.Fatal(err)
	}
	found := false
	for _, c := range bom.Components {
		found = found || c.Name == "gocloud.dev" && c.Version != ""
	}
	if bom.Metadata.Component.Version != "v0.0.1" || !found || len(bom.Components) < 50 {
		t.Errorf("the list is of version %q, with %d modules, gocloud.dev among them: %v", bom.Metadata.Component.Version, len(bom.Components), found)
	}
	if _, err := os.Stat(filepath.Join(name, "LICENSE")); err != nil {
		t.Error(err)
	}
}
