package downloadview_test

import (
	"archive/zip"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/testserver"
)

// The go command can make a module of the last commit, as "go get" and "go install
// …@latest" do. It rejects, for example, file names that Windows can't have, even those
// of test data; "go install" rejects a go.mod with a replace directive.
func TestTheModuleCanBeFetched(t *testing.T) {
	git := testserver.Binary(t, "git", "DOWNLOADVIEW_GIT")
	top, err := exec.Command(git, "rev-parse", "--show-toplevel", "HEAD").CombinedOutput()
	if err != nil {
		testserver.Lacking(t, "needs the git repository: %v: %s", err, top)
	}
	repository, commit, _ := strings.Cut(strings.TrimSpace(string(top)), "\n")
	const module = "github.com/downloadview/downloadview"

	cmd := exec.Command("go", "mod", "download", "-json", module+"@"+commit)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(),
		"GIT_CONFIG_COUNT=2",
		"GIT_CONFIG_KEY_0=url.file:///"+strings.TrimPrefix(filepath.ToSlash(repository), "/")+".insteadOf", "GIT_CONFIG_VALUE_0=https://"+module,
		"GIT_CONFIG_KEY_1=safe.directory", "GIT_CONFIG_VALUE_1=*",
		"GOMODCACHE="+t.TempDir(), "GOFLAGS=-modcacherw", "GOPROXY=direct", "GOPRIVATE="+module, "GOWORK=off")
	out, err := cmd.Output()
	var fetched struct{ Zip, GoMod, Error string }
	if jsonErr := json.Unmarshal(out, &fetched); jsonErr != nil || fetched.Error != "" {
		t.Fatalf("%v: %s", err, fetched.Error)
	}

	z, err := zip.OpenReader(fetched.Zip)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	if !slices.ContainsFunc(z.File, func(f *zip.File) bool { return strings.HasSuffix(f.Name, "/cmd/downloadview/main.go") }) {
		t.Error("the module doesn't have cmd/downloadview/main.go")
	}
	goMod, err := os.ReadFile(fetched.GoMod)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(goMod)) {
		if strings.HasPrefix(line, "replace") || strings.HasPrefix(line, "exclude") {
			t.Errorf("go.mod has %q, with which go install doesn't work", line)
		}
	}
}
