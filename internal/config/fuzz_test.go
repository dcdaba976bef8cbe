package config_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/downloadview/downloadview/internal/config"
)

// For any file, each error is one line of text, has a line number of the file, and
// the errors are sorted by line.
func FuzzParse(f *testing.F) {
	wrong, err := txtar.ParseFile("testdata/wrong.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range wrong.Files {
		text, _, _ := strings.Cut(string(file.Data), "=>\n")
		f.Add(unescape.Replace(text))
	}
	right, err := os.ReadFile(example)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(right))
	f.Fuzz(func(t *testing.T, text string) {
		c, err := config.Parse("f", []byte(text))
		if (c == nil) == (err == nil) {
			t.Fatalf("Parse = %v, %v", c, err)
		}
		if err == nil {
			return
		}
		var all config.Errors
		if !errors.As(err, &all) || len(all) == 0 {
			t.Fatalf("error %T, want config.Errors", err)
		}
		last := 1
		for _, e := range all {
			// At the end of the text the parser counts one line more. YAML has
			// more kinds of line breaks than "\n".
			if breaks := strings.Count(newlines.Replace(text), "\n"); e.Line < last || e.Line > breaks+2 {
				t.Errorf("line %d after %d in a file with %d", e.Line, last, breaks+1)
			}
			if strings.ContainsAny(e.Error(), "\n\r\x00\x1b") {
				t.Errorf("error in more than a line: %q", e)
			}
			last = e.Line
		}
	})
}

var newlines = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")
