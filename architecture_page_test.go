package downloadview_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Each file and folder that these pages name exists: names of Go files anywhere on the
// page, and text in backquotes that looks like a path. NAME and * mean any name; at
// least one must match.
func TestPagesNameFilesThatAreThere(t *testing.T) {
	goFile := regexp.MustCompile(`[\w./*-]+\.go\b`)
	quoted := regexp.MustCompile("`((?:[a-z0-9_./*-]|NAME)+)`")
	for page, least := range map[string]int{"docs/architecture.md": 40, "CONTRIBUTING.md": 8} {
		text := readPage(t, page)
		named := map[string]bool{}
		for _, name := range goFile.FindAllString(text, -1) {
			named[name] = true
		}
		for _, m := range quoted.FindAllStringSubmatch(text, -1) {
			named[m[1]] = true
		}
		for name := range named {
			if strings.HasPrefix(name, "-") || name == "main" || name == "serve" {
				continue // a flag, a function and a command
			}
			found, err := filepath.Glob(filepath.FromSlash(strings.ReplaceAll(name, "NAME", "*")))
			if err != nil || len(found) == 0 {
				t.Errorf("%s names %s, which is not there (%v)", page, name, err)
			}
		}
		if len(named) < least {
			t.Errorf("%s: %d names found, want %d at least", page, len(named), least)
		}
	}
}
