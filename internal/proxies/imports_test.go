package proxies_test

import (
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

func list(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
