package proxies_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/downloadview/downloadview/internal/proxies"
	"github.com/downloadview/downloadview/internal/proxies/site"
)

var update = flag.Bool("update", false, "write what comes out into NAME/testdata/*.txtar")

// Each NAME/testdata/*.txtar has a site, as JSON, and the configurations that are printed
// for it: one file for each version of the server and part, such as "caddy@2.6 whole".
// There is a configuration for each line of the table.
func TestGolden(t *testing.T) {
	paths, err := filepath.Glob("*/testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	missing := proxies.Names()
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var described site.Site
		if err := json.Unmarshal(archive.Files[0].Data, &described); err != nil {
			t.Fatalf("%s: %s: %v", path, archive.Files[0].Name, err)
		}
		for i := range archive.Files[1:] {
			want := &archive.Files[1+i]
			server, part, _ := strings.Cut(want.Name, " ")
			missing = slices.DeleteFunc(missing, func(name string) bool { return name == server })
			t.Run(path+" "+want.Name, func(t *testing.T) {
				p, ok := map[string]site.Part{"whole": site.Whole, "fragment": site.Fragment}[part]
				if !ok {
					t.Fatalf("part %q, want whole or fragment", part)
				}
				var b strings.Builder
				if err := proxies.Print(&b, server, described, p); err != nil {
					t.Fatal(err)
				}
				if *update {
					want.Data = []byte(b.String())
				}
				if diff := cmp.Diff(string(want.Data), b.String()); diff != "" {
					t.Errorf("configuration (-want +got):\n%s", diff)
				}
			})
		}
		if *update {
			if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(missing) > 0 {
		t.Errorf("no NAME/testdata/*.txtar has a configuration for %q", missing)
	}
}
