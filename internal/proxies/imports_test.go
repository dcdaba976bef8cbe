package proxies_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/proxies"
)

const module = "github.com/downloadview/downloadview"

// Only a server's own room knows it: no room imports another, and the table has all of
// them.
func TestRoomsImportNoOtherRoom(t *testing.T) {
	shared := map[string]bool{"room": true, "site": true}
	rooms := make(map[string]bool)
	for line := range strings.Lines(list(t, "-f", `{{.ImportPath}} {{join .Imports " "}}`, module+"/internal/proxies/...")) {
		pkg, imports, _ := strings.Cut(strings.TrimSpace(line), " ")
		if path.Dir(pkg) != module+"/internal/proxies" {
			continue
		}
		if !shared[path.Base(pkg)] {
			rooms[path.Base(pkg)] = true
		}
		for imported := range strings.FieldsSeq(imports) {
			if path.Dir(imported) == module+"/internal/proxies" && !shared[path.Base(imported)] || imported == module+"/internal/proxies" {
				t.Errorf("%s imports %s, want no other room", pkg, imported)
			}
		}
	}
	for _, server := range proxies.Servers() {
		if !rooms[server] {
			t.Errorf("%s has no room, want a folder of that name", server)
		}
		delete(rooms, server)
	}
	for room := range rooms {
		t.Errorf("the room %s is not in the table", room)
	}
}

// Only tests read how a server is started and in which ways it differs: no file of the
// command does.
func TestOnlyTestsReadTraits(t *testing.T) {
	files := list(t, "-deps", "-f", `{{if .Module}}{{if .Module.Main}}{{$dir := .Dir}}{{range .GoFiles}}{{$dir}}/{{.}}{{"\n"}}{{end}}{{end}}{{end}}`, module+"/cmd/downloadview")
	read := 0
	for name := range strings.FieldsSeq(files) {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		read++
		ast.Inspect(file, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := s.X.(*ast.Ident); s.Sel.Name == "Traits" && (!ok || x.Name != "room") {
				t.Errorf("%s reads the Traits of a room", name)
			}
			if x, ok := s.X.(*ast.SelectorExpr); ok && x.Sel.Name == "Start" {
				t.Errorf("%s reads %s of a room's Start", name, s.Sel.Name)
			}
			return true
		})
	}
	if read < 100 {
		t.Errorf("%d files read, want those of the command", read)
	}
}

func list(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
