package downloadview_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every block of the README is, word for word, part of a file that is tested; the
// comment in front of it names the file. CI, the tests of cmd/downloadview and those of
// the demo run the commands; TestTheModuleCanBeFetched tests those that install.
func TestReadme(t *testing.T) {
	blocks := blocksOf(t, "README.md")
	if len(blocks) < 8 {
		t.Fatalf("%d blocks found", len(blocks))
	}
	tested := []string{
		"make test\n", "go -C examples run ./demo\n",
		"go get github.com/downloadview/downloadview@latest\n",
		"go install github.com/downloadview/downloadview/cmd/downloadview@latest\n",
	}
	for _, b := range blocks {
		if b.language != "sh" {
			b.mustStandInItsFile(t)
		} else if !slices.Contains(tested, b.text) && !strings.HasPrefix(b.text, "go run ./cmd/downloadview ") {
			t.Errorf("nothing tests the command %q", b.text)
		}
	}
}

// The README names each package of Debian's that "make test" installs.
func TestReadmeNamesWhatIsInstalled(t *testing.T) {
	list := regexp.MustCompile(`(?s)\npackages=\((.*?)\)`).FindStringSubmatch(readPage(t, "scripts/test"))
	if list == nil {
		t.Fatal("scripts/test has no list of packages")
	}
	readme := readPage(t, "README.md")
	for _, p := range strings.Fields(list[1]) {
		_, name, ok := strings.Cut(p, ":")
		if !ok || !strings.Contains(readme, "`"+name+"`") {
			t.Errorf("the README does not name %q of scripts/test", p)
		}
	}
}

// A block is a fenced block of a page, with the file that the comment in front of it
// names.
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
