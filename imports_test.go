package downloadview

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestRootImportsOnlyTheStandardLibrary(t *testing.T) {
	if got := goList(t, "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "."); len(got) != 1 {
		t.Errorf("the root package depends on %q, want itself only", got)
	}
}

// The command doesn't depend on packages that are for tests.
func TestTheCommandHasNoTestCode(t *testing.T) {
	for _, p := range goList(t, "-deps", "./cmd/downloadview") {
		if p == "testing" || strings.HasPrefix(p, module) && strings.HasSuffix(p, "test") {
			t.Errorf("cmd/downloadview depends on %s", p)
		}
	}
}

// The documentation of the root package names all packages that can be imported or
// installed.
func TestDocNamesEachPackage(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range goList(t, "-f", "{{if .GoFiles}}{{.ImportPath}}{{end}}", "./...") {
		p = short(p)
		if p == "root" || strings.HasPrefix(p, "internal/") {
			continue
		}
		if !regexp.MustCompile(`//.* ` + p + `[,: \n]`).Match(doc) {
			t.Errorf("doc.go does not name %s", p)
		}
	}
}

// "go mod tidy" of a program that imports the root package and storage/disk also fetches
// the modules that their tests need, so these must be few.
func TestTestsOfRootAndDiskNeedLittle(t *testing.T) {
	modules := map[string]bool{}
	for _, m := range goList(t, "-test", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", ".", "./storage/disk") {
		modules[m] = true
	}
	want := []string{module, "github.com/go-chi/chi/v5", "golang.org/x/sys"}
	if got := slices.Sorted(maps.Keys(modules)); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		t.Errorf("the tests need the modules %q, want %q; docs/design/0002 says why that matters", got, want)
	}
}

func TestImportsRunOneWay(t *testing.T) {
	imports := graph{}
	for _, line := range goList(t, "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "./...") {
		fields := strings.Fields(line)
		var ours []string
		for _, p := range fields[1:] {
			if p == module || strings.HasPrefix(p, module+"/") {
				ours = append(ours, short(p))
			}
		}
		imports[short(fields[0])] = ours
	}
	if len(imports) < 30 {
		t.Fatalf("%d packages found", len(imports))
	}
	hasProxy := func(name string) bool {
		_, err := os.Stat("accel/" + name + ".go")
		return err == nil
	}
	for _, w := range imports.wrong(hasProxy) {
		t.Error(w)
	}
}

// wrong finds each import that is not allowed.
func TestWrongImportsAreFound(t *testing.T) {
	for _, tt := range []struct {
		name    string
		imports graph
		want    string
	}{
		{"as it should be", graph{
			"root": nil, "internal/wrapper": {"root"}, "storage/disk": {"root", "internal/wrapper"}, "accel": {"root"},
			"internal/proxies/nginx": nil, "internal/proxies": {"internal/proxies/nginx", "accel"}, "doctor": {"root", "internal/proxies"},
			"internal/command": {"storage/disk", "doctor", "accel"}, "cmd/downloadview": {"internal/command"},
		}, ""},
		{"root", graph{"root": {"internal/wrapper"}}, "root imports internal/wrapper"},
		{"two storages", graph{"storage/gocloud": {"root", "storage/disk"}}, "storage/gocloud imports storage/disk"},
		{"a storage and a wrapper", graph{"storage/resume": {"storage/readahead"}}, "storage/resume imports storage/readahead"},
		{"groups", graph{"middleware": {"accel"}}, "middleware imports accel"},
		{"the spool", graph{"spool": {"root", "storage/disk"}}, "spool imports storage/disk"},
		{"an engine", graph{"middleware/redislease": {"middleware"}}, ""},
		{"an engine of another", graph{"middleware/redislease": {"accel"}}, "middleware/redislease imports accel"},
		{"an engine inside", graph{"middleware": {"middleware/redislease"}}, "middleware imports middleware/redislease"},
		{"the doctor", graph{"doctor": {"accel"}}, "doctor imports accel"},
		{"through internal", graph{"storage/disk": {"internal/localfile"}, "internal/localfile": {"internal/other"}, "internal/other": {"storage/iofs"}}, "storage/disk depends on storage/iofs"},
		{"the command's parts", graph{"internal/config": {"internal/command"}}, "internal/config imports internal/command"},
		{"the command", graph{"internal/command": {"cmd/downloadview"}}, "internal/command imports cmd/downloadview"},
		{"two proxies", graph{"internal/proxies/caddy": {"internal/proxies/nginx", "internal/proxies/site"}}, "internal/proxies/caddy imports internal/proxies/nginx"},
	} {
		hasProxy := func(name string) bool { return name == "nginx" || name == "caddy" }
		if got := strings.Join(tt.imports.wrong(hasProxy), "; "); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

const module = "github.com/downloadview/downloadview"

// short returns the path of a package inside the module; that of the root package
// is "root".
func short(path string) string {
	if path == module {
		return "root"
	}
	return strings.TrimPrefix(path, module+"/")
}

func goList(t *testing.T, args ...string) []string {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(strings.Split(string(out), "\n"), func(s string) bool { return s == "" })
}

// A graph maps each package of this module to the others that it imports.
type graph map[string][]string

// wrong returns the imports that are against the order
//
//	cmd → internal/command → storage/*, accel, doctor, middleware, downloadtest, spool → root
//
// The packages in the middle must not import one another, but one inside the folder of
// another may import that one, such as an engine the package with its interface. hasProxy reports whether
// package accel has a proxy of this name; the proxy's folder below internal/proxies
// must not import that of another proxy.
func (g graph) wrong(hasProxy func(name string) bool) []string {
	var found []string
	for _, p := range slices.Sorted(maps.Keys(g)) {
		direct := 0
		for _, q := range g[p] {
			one, isProxy := strings.CutPrefix(p, "internal/proxies/")
			other, ofProxy := strings.CutPrefix(q, "internal/proxies/")
			if p == "root" ||
				isInTheMiddle(p) && isInTheMiddle(q) && !strings.HasPrefix(p, q+"/") ||
				isOfTheCommand(q) && !isOfTheCommand(p) ||
				strings.HasPrefix(q, "cmd/") ||
				isProxy && ofProxy && hasProxy(one) && hasProxy(other) {
				found = append(found, fmt.Sprintf("%s imports %s", p, q))
				direct++
			}
		}
		if direct > 0 || !isInTheMiddle(p) || p == "doctor" || p == "downloadtest" {
			continue // those two may know the proxies by the table of all
		}
		for _, q := range slices.Sorted(maps.Keys(g.reached(p))) {
			if isInTheMiddle(q) && q != p && !strings.HasPrefix(p, q+"/") {
				found = append(found, fmt.Sprintf("%s depends on %s", p, q))
			}
		}
	}
	return found
}

func isOfTheCommand(p string) bool { return p == "internal/command" || strings.HasPrefix(p, "cmd/") }

// isInTheMiddle reports whether p is a package, other than the root package, that users
// of the library import.
func isInTheMiddle(p string) bool {
	return p != "root" && !strings.HasPrefix(p, "cmd/") && !strings.HasPrefix(p, "internal/")
}

// reached returns all packages that p depends on.
func (g graph) reached(p string) map[string]bool {
	seen := map[string]bool{}
	todo := g[p]
	for len(todo) > 0 {
		q := todo[0]
		todo = todo[1:]
		if !seen[q] {
			seen[q] = true
			todo = append(slices.Clone(todo), g[q]...)
		}
	}
	return seen
}
