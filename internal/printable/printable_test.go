package printable_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/downloadview/downloadview/internal/printable"
)

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"annual é你.pdf":    "annual é你.pdf",
		"a\nb\r\t":         `a\nb\r\t`,
		"\x1b[2J\x07":      `\x1b[2J\a`,
		"\u009b31m":        `\u009b31m`,
		"exe.\u202efdp":    `exe.\u202efdp`,
		"a\u200bb\u2028":   `a\u200bb\u2028`,
		"not-utf8-\xff":    `not-utf8-\xff`,
		"replaced \ufffd":  "replaced \ufffd",
		"tag \U000e0041":   `tag \U000e0041`,
		"no-break\u00a0in": `no-break\u00a0in`,
	} {
		if got := printable.Text(in); got != want {
			t.Errorf("Text(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestName(t *testing.T) {
	for in, want := range map[string]string{
		"a b%.txt": "a b%.txt",
		`a\nb`:     `a\nb`,
		"a\nb":     `"a\nb"`,
		`"a\nb"`:   `"\"a\\nb\""`,
		"":         "",
	} {
		if got := printable.Name(in); got != want {
			t.Errorf("Name(%q) = %s, want %s", in, got, want)
		}
	}
}

// FuzzPrintable checks that the output can't control a terminal, that different
// names stay different, and that JSON keeps its meaning.
func FuzzPrintable(f *testing.F) {
	for _, s := range []string{"", "a\x1b[2J", "\u202e", "\xff", `"`, "\U000e0041", "\u009b", "\n\t"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name := printable.Name(s)
		for _, out := range []string{printable.Text(s), name} {
			if i := strings.IndexFunc(out, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
				t.Errorf("%q has %q in it, of %q", out, out[i:], s)
			}
		}
		back := name
		if strings.HasPrefix(name, `"`) {
			var err error
			if back, err = strconv.Unquote(name); err != nil {
				t.Fatalf("Name(%q) = %s: %v", s, name, err)
			}
		}
		if back != s {
			t.Errorf("Name(%q) = %s, which is %q", s, name, back)
		}
		j, err := json.Marshal(map[string]string{s: s})
		if err != nil {
			t.Fatal(err)
		}
		out := printable.JSON(j)
		var want, got map[string]string
		if json.Unmarshal(j, &want) != nil || json.Unmarshal(out, &got) != nil || len(got) != 1 {
			t.Fatalf("JSON(%s) = %s", j, out)
		}
		for k, v := range want {
			if got[k] != v {
				t.Errorf("JSON(%s) = %s, which means another", j, out)
			}
		}
		for _, r := range string(out) {
			if !unicode.IsPrint(r) {
				t.Errorf("JSON(%s) = %s has %q in it", j, out, r)
			}
		}
	})
}
