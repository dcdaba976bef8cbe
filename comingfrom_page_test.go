package downloadview_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Each page for people who used something else has what they wrote before, and what they
// write here. The Go blocks are parts of files that are tested, the tests of
// cmd/downloadview run the commands, and the names in the tables exist.
func TestComingFromPages(t *testing.T) {
	pages, err := filepath.Glob("docs/coming-from/*.md")
	if err != nil || len(pages) < 7 {
		t.Fatal(pages, err)
	}
	others := []string{"text", "python", "ruby", "php", "yaml"}
	readme := readPage(t, "README.md")
	for _, page := range pages {
		var before, after int
		for _, b := range blocksOf(t, page) {
			switch {
			case slices.Contains(others, b.language):
				before++
			case b.language == "go":
				b.mustStandInItsFile(t)
				after++
			case b.language == "sh" && strings.HasPrefix(b.text, "downloadview serve "):
				after++
			default:
				t.Errorf("%s: nothing tests the block\n%s", page, b.text)
			}
		}
		if before == 0 || after == 0 {
			t.Errorf("%s has %d blocks of before and %d of after, want some of both", page, before, after)
		}
		if !strings.Contains(readPage(t, page), "\n## What you would miss\n") {
			t.Errorf("%s does not say what one would miss", page)
		}
		if !strings.Contains(readme, "("+filepath.ToSlash(page)+")") {
			t.Errorf("the README has no link to %s", page)
		}
		mustHaveNames(t, page, "accel", "middleware")
	}
}
