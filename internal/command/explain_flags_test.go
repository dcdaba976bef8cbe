package command

import (
	"testing"

	"github.com/alecthomas/kong"
)

// explain takes the command line of serve.
func TestExplainTakesTheFlagsOfServe(t *testing.T) {
	flags := make(map[string]map[string]bool)
	parser := kong.Must(new(commands), words())
	for _, c := range parser.Model.Children {
		flags[c.Name] = make(map[string]bool)
		for _, f := range c.Flags {
			flags[c.Name][f.Name] = true
		}
	}
	if len(flags["serve"]) == 0 {
		t.Fatal("serve has no flags")
	}
	for name := range flags["serve"] {
		if !flags["explain"][name] {
			t.Errorf("explain refuses --%s", name)
		}
	}
}
