package downloadview_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// For every link of a page into this repository, the file exists, and so does the
// heading if the link has a fragment.
func TestPagesLinkToFilesThatAreThere(t *testing.T) {
	var pages []string
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/design/*.md", "docs/coming-from/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatal(pattern, found, err)
		}
		pages = append(pages, found...)
	}
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	checked := 0
	for _, page := range pages {
		text := readPage(t, page)
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			checked++
			file, heading, _ := strings.Cut(m[1], "#")
			linked := text
			if file != "" {
				file = filepath.Join(filepath.Dir(page), filepath.FromSlash(file))
				info, err := os.Stat(file)
				if err != nil {
					t.Errorf("%s links to %s: %v", page, m[1], err)
					continue
				}
				if info.IsDir() || heading == "" {
					continue
				}
				linked = readPage(t, file)
			}
			if !hasHeading(linked, heading) {
				t.Errorf("%s links to %s, and there is no such heading", page, m[1])
			}
		}
	}
	if checked < 20 {
		t.Errorf("%d links found", checked)
	}
}

// hasHeading reports whether GitHub gives this anchor to a heading of the page.
func hasHeading(page, anchor string) bool {
	dropped := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	for line := range strings.Lines(page) {
		if heading, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " "); ok && strings.HasPrefix(line, "#") {
			slug := dropped.ReplaceAllString(strings.ToLower(strings.TrimSpace(heading)), "")
			if strings.ReplaceAll(slug, " ", "-") == anchor {
				return true
			}
		}
	}
	return false
}
