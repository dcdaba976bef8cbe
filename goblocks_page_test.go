package downloadview_test

import (
	"path/filepath"
	"testing"
)

// Each Go block of a page is, word for word, part of a file that is compiled; the comment
// in front of it names the file.
func TestGoBlocksOfPages(t *testing.T) {
	pages, err := filepath.Glob("docs/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatal(pages, err)
	}
	checked := 0
	for _, page := range pages {
		for _, b := range blocksOf(t, page) {
			if b.language == "go" {
				b.mustStandInItsFile(t)
				checked++
			}
		}
	}
	if checked < 25 {
		t.Errorf("%d blocks found", checked)
	}
}
