package config_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/config"
)

// Aliases that stand for too many values are refused, however they are nested, and the
// error names the alias that passes the limit. Ordinary aliases are accepted.
func TestAliasesAreBounded(t *testing.T) {
	laughs := "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c <= 'z'; c++ {
		laughs += fmt.Sprintf("%c: &%[1]c [%s]\n", c, strings.Repeat(fmt.Sprintf("*%c, ", c-1), 9)+fmt.Sprintf("*%c", c-1))
	}
	long := strings.Repeat("owner, ", 1000) + "owner"
	many := "proxies: {front: nginx}\nrules:\n- &r {id: a, source: s3://a, destination: /_a/, signed: {hide: [" + long + "]}}\n" + strings.Repeat("- *r\n", 1000)
	for _, test := range []struct {
		name, text string
		line       int
		want       string
	}{
		{"nested", laughs, 5, "stand for more than 100000 values"},
		{"many of one", many, 102, "stand for more than 100000 values"},
		{"of its own", "storages: &s {media: {url: /srv, more: *s}}", 1, "the alias *s is part of its own value"},
		{"of its own, further down", "storages: &s\n  media: &m {url: *s}\n  other: *m\n", 2, "the alias *s is part of its own value"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := config.Parse("f", []byte(test.text))
			var wrong config.Errors
			if !errors.As(err, &wrong) || len(wrong) != 1 || wrong[0].Line != test.line || !strings.Contains(wrong[0].Error(), test.want) {
				t.Errorf("error %.300v, want one in line %d with %q", err, test.line, test.want)
			}
		})
	}
	few := "proxies:\n  a: &front {server: nginx, from: &from [127.0.0.1, 10.0.0.0/8]}\n"
	for i := range 1000 {
		few += fmt.Sprintf("  b%d: *front\n  c%[1]d: {server: nginx, from: *from}\n", i)
	}
	if c, err := config.Parse("f", []byte(few)); err != nil || len(c.Proxies) != 2001 {
		t.Errorf("%.300v, want 2001 proxies", err)
	}
}
