package accel_test

import (
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
)

var update = flag.Bool("update", false, "write what comes out into testdata/*.txtar")

// Each testdata/*.txtar has rules and sources, and for each source the location that
// nginx gets, or "stream".
func TestGolden(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("testdata/*.txtar: %q, %v", paths, err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if len(archive.Files) != 2 {
				t.Fatalf("%d files, want rules and locations", len(archive.Files))
			}
			a := newAccelerator(t, parseRules(t, lines(archive.Files[0].Data))...)
			want := &archive.Files[1]
			var got []string
			for _, line := range lines(want.Data) {
				source, _, _ := strings.Cut(line, " -> ")
				location, ok := a.Match(parseSource(t, source))
				if !ok {
					location = "stream"
				}
				got = append(got, source+" -> "+location)
			}
			if *update {
				want.Data = []byte(strings.Join(got, "\n") + "\n")
				if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(lines(want.Data), got); diff != "" {
				t.Errorf("locations (-want +got):\n%s", diff)
			}
		})
	}
}

func lines(data []byte) []string {
	return strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
}

// parseRules reads lines of the form SOURCE=DESTINATION.
func parseRules(t *testing.T, lines []string) []accel.Rule {
	var rules []accel.Rule
	for _, line := range lines {
		source, destination, ok := strings.Cut(line, "=")
		if !ok {
			t.Fatalf("rule %q, want SOURCE=DESTINATION", line)
		}
		rules = append(rules, accel.Rule{Source: source, Destination: destination})
	}
	return rules
}

// parseSource reads a source as people write it. One in quotes is a Go string.
func parseSource(t *testing.T, s string) downloadview.Source {
	if strings.HasPrefix(s, `"`) {
		var err error
		if s, err = strconv.Unquote(s); err != nil {
			t.Fatalf("source %s: %v", s, err)
		}
	}
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok || s[0] == '/' {
		return local(s)
	}
	host, path, _ := strings.Cut(rest, "/")
	return downloadview.Source{Scheme: scheme, Host: host, Path: path}
}
