package downloadview_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const troubleshooting = "docs/troubleshooting.md"

// What the page quotes from the log is in the code: the warnings, the words of the field
// aborted_by, the obstacles and the reasons of links. No obstacle is missing.
func TestTroubleshootingQuotesTheLog(t *testing.T) {
	code := sources(t, "internal/command", "middleware", "storage/disk", ".")
	quoted := 0
	for _, b := range blocksOf(t, troubleshooting) {
		for line := range strings.Lines(b.text) {
			if quoted++; !strings.Contains(code, `"`+strings.TrimSuffix(line, "\n")) {
				t.Errorf("the code writes no such line: %s", line)
			}
		}
	}
	cell := regexp.MustCompile("(?m)^\\| (`[a-z ]+`(?:, `[a-z ]+`)*) \\|")
	page := readPage(t, troubleshooting)
	for _, row := range cell.FindAllStringSubmatch(page, -1) {
		for _, word := range strings.Split(row[1], ", ") {
			if quoted++; !strings.Contains(code, `"`+strings.Trim(word, "`")+`"`) {
				t.Errorf("the code has no such word: %s", word)
			}
		}
	}
	if quoted < 35 {
		t.Errorf("%d quotes found", quoted)
	}
	for _, m := range regexp.MustCompile(`Obstacle = "(.+)"`).FindAllStringSubmatch(readPage(t, "obstacle.go"), -1) {
		if !strings.Contains(page, "`"+m[1]+"`") {
			t.Errorf("the page doesn't have the obstacle %q", m[1])
		}
	}
}

// sources returns the code of the packages in dirs, without tests.
func sources(t *testing.T, dirs ...string) string {
	t.Helper()
	var all strings.Builder
	for _, dir := range dirs {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") {
				all.WriteString(readPage(t, file))
			}
		}
	}
	return all.String()
}
