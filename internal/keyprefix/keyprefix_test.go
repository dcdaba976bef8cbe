package keyprefix_test

import (
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/keyprefix"
	"github.com/downloadview/downloadview/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestCheck(t *testing.T) {
	for prefix, want := range map[string]string{
		"":               "",
		"tenant1/":       "",
		"a/b c/":         "",
		"/":              "", // keys that begin with a slash
		"/a/":            "",
		"a//":            "",
		"a../":           "",
		"...":            "want .../",
		"tenant1":        "want tenant1/",
		"a-":             "want a-/",
		"a/b":            "want a/b/",
		"/a":             "want /a/",
		"./":             `the segment "."`,
		"../":            `the segment ".."`,
		"tenant1/../":    `the segment ".."`,
		"tenant1/./":     `the segment "."`,
		"/../":           `the segment ".."`,
		"tenant1\x00/":   "NUL",
		"tenant1\xff/":   "UTF-8",
		"tenant1/..":     "does not end in a slash",
		"tenant1/../../": `the segment ".."`,
	} {
		err := keyprefix.Check(prefix)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("Check(%q) = %v, want %q", prefix, err, want)
		}
	}
}

// Any key that is appended to a prefix is below it, segment by segment.
func FuzzCheck(f *testing.F) {
	f.Add("tenant1/", "a.txt")
	f.Add("tenant1", "0/a.txt")
	f.Add("a/../", "b")
	f.Fuzz(func(t *testing.T, prefix, key string) {
		if keyprefix.Check(prefix) != nil || prefix == "" {
			return
		}
		whole := strings.Split(prefix+key, "/")
		for i, segment := range strings.Split(strings.TrimSuffix(prefix, "/"), "/") {
			if i >= len(whole) || whole[i] != segment || segment == "." || segment == ".." {
				t.Errorf("%q with the key %q is not below it", prefix, key)
			}
		}
	})
}
