package downloadview_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const routersPage = "docs/routers.md"

// The page has a block for each router, which is a whole file that the tests of
// examples/routers compile and run.
func TestRoutersPage(t *testing.T) {
	want := map[string]bool{"nethttp.go": true, "chi.go": true, "gin.go": true, "echo.go": true}
	for _, b := range blocksOf(t, routersPage) {
		dir, name := filepath.Split(b.file)
		if dir != "examples/routers/" || !want[name] {
			t.Errorf("a block of %q; want those of the four routers, once each", b.file)
			continue
		}
		delete(want, name)
		if content := readPage(t, b.file); content != b.text {
			t.Errorf("the block differs from %s; want the whole file, which is\n%s", b.file, content)
		}
	}
	for name := range want {
		t.Errorf("%s has no block of examples/routers/%s", routersPage, name)
	}
}

// The table of encoded names is the same as in the test of examples/routers.
func TestRoutersPageNames(t *testing.T) {
	test := readPage(t, "examples/routers/traps_test.go")
	rows := regexp.MustCompile("(?m)^\\| `/files/([^`]*)` \\| `(.*)` \\| `(.*)` \\| `(.*)` \\| `(.*)` \\|$").FindAllStringSubmatch(readPage(t, routersPage), -1)
	if len(rows) != 3 {
		t.Fatalf("%d rows found, want 3", len(rows))
	}
	for _, r := range rows {
		row := `{"` + strings.Join([]string{r[1], r[2], r[3], r[4], r[3], r[5]}, `", "`) + `"},`
		if !strings.Contains(test, row) {
			t.Errorf("%s is not what TestValuesOfWildcards checks: no %s", r[0], row)
		}
	}
}
