package downloadview_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/proxies"
)

const choosePage = "docs/choose.md"

// The page has a row for each storage, with the methods that its code has.
func TestChoosePageStorages(t *testing.T) {
	table := tableOf(t, choosePage, "package")
	dirs, err := filepath.Glob("storage/*")
	if err != nil || len(dirs) < 8 {
		t.Fatal(dirs, err)
	}
	wrappers := map[string]bool{"storage/resume": true, "storage/readahead": true, "storage/storagetest": true}
	for _, dir := range dirs {
		dir = filepath.ToSlash(dir)
		row, ok := table["`"+dir+"`"]
		if ok == wrappers[dir] {
			t.Errorf("%s: in the table of %s: %v, want %v", dir, choosePage, ok, !wrappers[dir])
			continue
		}
		if !strings.Contains(readPage(t, choosePage), "`"+dir+"`") {
			t.Errorf("%s does not mention %s", choosePage, dir)
		}
		methods := methodsOf(t, dir)
		for column, method := range map[string]string{"offload": "Source", "signed URLs": "SignedURL", "list": "List", "save": "Save", "delete": "Delete"} {
			if ok && (row[column] != "no") != methods[method] {
				t.Errorf("%s, %s: the page says %q, and there is a method %s: %v", dir, column, row[column], method, methods[method])
			}
		}
	}
}

// The table of proxies agrees with the values in package accel.
func TestChoosePageProxies(t *testing.T) {
	table := tableOf(t, choosePage, "")
	columns := table["header field"]
	if len(columns) < 5 {
		t.Errorf("the page has the proxies %q, want 5 or more", columns)
	}
	for name := range columns {
		if name == "" {
			continue
		}
		found, err := proxies.Find(name)
		if err != nil {
			t.Errorf("%s: %v", choosePage, err)
			continue
		}
		p := found.Accel()
		either := func(is bool, yes, no string) string {
			if is {
				return yes
			}
			return no
		}
		for fact, want := range map[string]string{
			"header field":           "`" + p.Field + "`",
			"objects by signed URLs": either(p.URLField != "", "yes", "no"),
			"`LimitRate`":            either(p.Terms.RateField != "", "proxy", "streamed"),
			"the application looks at the file before the hand-over": either(p.Terms.Validators != downloadview.ProxyValidators, "yes", "no"),
			"several ranges in one request":                          either(p.Terms.Unfit&downloadview.SeveralRanges == 0, "proxy", "streamed"),
			"inline downloads need `Headers` in the rule":            either(p.Terms.KeepsSafety, "no", "yes"),
		} {
			if got := table[fact][name]; got != want {
				t.Errorf("%s, %s: the page says %q, want %q", name, fact, got, want)
			}
		}
	}
}

// tableOf returns the cells of the first table of a page whose header row begins with
// first. The keys are the first cell of the row and the header of the column.
func tableOf(t *testing.T, page, first string) map[string]map[string]string {
	t.Helper()
	var head []string
	table := map[string]map[string]string{}
	for line := range strings.Lines(readPage(t, page)) {
		inner, ok := strings.CutPrefix(strings.TrimSpace(line), "|")
		if !ok {
			if head != nil {
				break
			}
			continue
		}
		cells := strings.Split(strings.TrimSuffix(inner, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case head == nil && cells[0] == first:
			head = cells
		case head != nil && len(cells) != len(head):
			t.Fatalf("%s: %d cells in %q, want %d", page, len(cells), line, len(head))
		case head != nil:
			row := map[string]string{}
			for i, c := range cells {
				row[head[i]] = c
			}
			table[cells[0]] = row
		}
	}
	if len(table) < 3 {
		t.Fatalf("%s has no table that begins with %q", page, first)
	}
	return table
}

// methodsOf returns the names of the methods that the package in dir declares.
func methodsOf(t *testing.T, dir string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	methods := map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv != nil {
				methods[f.Name.Name] = true
			}
		}
	}
	return methods
}
