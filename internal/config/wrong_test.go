package config_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/downloadview/downloadview/internal/config"
	"github.com/downloadview/downloadview/internal/proxies"
)

var update = flag.Bool("update", false, "rewrite testdata/wrong.txtar with the errors there are")

// Each file in testdata/wrong.txtar is wrong. After "=>" are all errors it causes;
// {servers} there are the names of all servers.
func TestWrongFiles(t *testing.T) {
	const golden, arrow = "testdata/wrong.txtar", "=>\n"
	archive, err := txtar.ParseFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if len(archive.Files) < 40 {
		t.Fatalf("%d files, want 40 at least", len(archive.Files))
	}
	servers := `"` + strings.Join(proxies.Servers(), `", "`) + `"`
	for i, f := range archive.Files {
		t.Run(f.Name, func(t *testing.T) {
			text, want, ok := strings.Cut(string(f.Data), arrow)
			if !ok && !*update {
				t.Fatalf("no %q in it", arrow)
			}
			c, err := config.Parse("/etc/dv.yaml", []byte(unescape.Replace(text)))
			if err == nil {
				t.Fatalf("no error, but %+v", c)
			}
			got := strings.ReplaceAll(err.Error(), "/etc/dv.yaml:", "") + "\n"
			got = strings.ReplaceAll(got, servers, "{servers}")
			if diff := cmp.Diff(want, got); diff != "" && !*update {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
			archive.Files[i].Data = []byte(text + arrow + got)
		})
	}
	if *update {
		if err := os.WriteFile(filepath.FromSlash(golden), txtar.Format(archive), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// unescape replaces names such as {tab} by bytes that a text archive can't hold.
var unescape = strings.NewReplacer(`{tab}`, "\t", `{soh}`, "\x01", `{xff}`, "\xff", `{nul}`, "\x00")
