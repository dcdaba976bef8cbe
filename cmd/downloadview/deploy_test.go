package main

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/testserver"
)

const (
	dashboard   = "../../deploy/grafana-dashboard.json"
	alertRules  = "../../deploy/alerts.yaml"
	observeDocs = "../../docs/observe.md"
)

var (
	metricInQuery = regexp.MustCompile(`\b(?:downloadview|http_server|process|go|target)_[a-z_]+`)
	metricInDocs  = regexp.MustCompile("`((?:downloadview|http_server)_[a-z_]+)`")
)

// Each metric of the dashboard, of the alerts and of the table of docs/observe.md is
// exported after a mixed set of requests, and each of ours is on the dashboard and in the
// table. The engine of Prometheus runs all queries, and each has a result.
func TestQueriesOfDeploy(t *testing.T) {
	m := startMixed(t)
	dir := t.TempDir()
	var scrapes []string
	for _, name := range []string{"first", "second"} {
		m.run(t)
		m.scrape(t)
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(m.metrics), 0o600); err != nil {
			t.Fatal(err)
		}
		scrapes = append(scrapes, file)
	}
	exported := map[string]bool{}
	for line := range strings.Lines(m.metrics) {
		if name := metricInQuery.FindString(line); name != "" && strings.HasPrefix(line, name) {
			exported[name] = true
		}
	}
	named := map[string]map[string]bool{}
	for file, pattern := range map[string]*regexp.Regexp{dashboard: metricInQuery, alertRules: metricInQuery, observeDocs: metricInDocs} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		named[file] = map[string]bool{}
		for _, found := range pattern.FindAllStringSubmatch(string(text), -1) {
			named[file][found[len(found)-1]] = true
		}
		if len(named[file]) < 5 {
			t.Errorf("%s has only %d metrics", file, len(named[file]))
		}
		for _, name := range slices.Sorted(maps.Keys(named[file])) {
			if !exported[name] && !exported[name+"_count"] {
				t.Errorf("%s: %s is not exported", file, name)
			}
		}
	}
	for name := range exported {
		name = strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(name, "_count"), "_sum"), "_bucket")
		if !strings.HasPrefix(name, "downloadview_") {
			continue
		}
		if !named[dashboard][name] && !named[dashboard][name+"_bucket"] {
			t.Errorf("%s is not on the dashboard", name)
		}
		if !named[observeDocs][name] {
			t.Errorf("%s is not in docs/observe.md", name)
		}
	}

	if want, got := names(t, alertRules, `- alert: (\w+)`), names(t, observeDocs, "(?m)^\\| `(Downloadview\\w+)`"); !slices.Equal(got, want) {
		t.Errorf("docs/observe.md has the alerts %q, want %q", got, want)
	}

	check := testserver.Binary(t, "promqlcheck", "DOWNLOADVIEW_PROMQLCHECK")
	out, err := exec.Command(check, append([]string{dashboard, alertRules}, scrapes...)...).CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
}

// names returns what pattern finds in file.
func names(t *testing.T, file, pattern string) (found []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(text), -1) {
		found = append(found, m[1])
	}
	return found
}
