package downloadview_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// Every block of the README stands, word for word, in a file that is tested;
// the comment in front names it. The commands are run by CI, by the tests of
// cmd/downloadview and by those of the demo.
func TestReadme(t *testing.T) {
	blocks := blocksOf(t, "README.md")
	if len(blocks) < 8 {
		t.Fatalf("%d blocks found", len(blocks))
	}
	for _, b := range blocks {
		if b.language != "sh" {
			b.mustStandInItsFile(t)
		} else if b.text != "make test\n" && b.text != "go -C examples run ./demo\n" &&
			!strings.HasPrefix(b.text, "go run ./cmd/downloadview ") {
			t.Errorf("nothing tests the command %q", b.text)
		}
	}
}

// A block is what stands between fences on a page, and the file that the comment
// in front of it names.
type block struct{ file, language, text string }

var fences = regexp.MustCompile("(?s)(?:<!-- ([^ ]+) -->\n)?```([a-z]+)\n(.*?)```")

func blocksOf(t *testing.T, page string) []block {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var blocks []block
	for _, b := range fences.FindAllStringSubmatch(string(text), -1) {
		blocks = append(blocks, block{b[1], b[2], b[3]})
	}
	return blocks
}

func (b block) mustStandInItsFile(t *testing.T) {
	t.Helper()
	if b.file == "" {
		t.Errorf("no file named before the block\n%s", b.text)
		return
	}
	content, err := os.ReadFile(b.file)
	if err != nil {
		t.Error(err)
	} else if !strings.Contains(string(content), b.text) {
		t.Errorf("%s does not hold the block\n%s", b.file, b.text)
	}
}
