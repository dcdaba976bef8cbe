package downloadview_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// Every block of the README stands, word for word, in a file that is tested;
// the comment in front names it. The commands are run by CI and by the tests of
// cmd/downloadview.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)(?:<!-- ([^ ]+) -->\n)?```([a-z]+)\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	if len(blocks) < 8 {
		t.Fatalf("%d blocks found", len(blocks))
	}
	for _, b := range blocks {
		file, language, text := b[1], b[2], b[3]
		if language == "sh" {
			if text != "make test\n" && !strings.HasPrefix(text, "go run ./cmd/downloadview serve ") {
				t.Errorf("nothing tests the command %q", text)
			}
			continue
		}
		if file == "" {
			t.Errorf("no file named before the block\n%s", text)
			continue
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Error(err)
		} else if !strings.Contains(string(content), text) {
			t.Errorf("%s does not hold the block\n%s", file, text)
		}
	}
}
