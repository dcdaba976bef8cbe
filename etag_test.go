package downloadview

import (
	"testing"
	"time"
)

func TestTagStyles(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	second := time.Unix(0x6553f100, 0)
	for _, tt := range []struct {
		name    string
		style   TagStyle
		modTime time.Time
		size    int64
		want    string
	}{
		// nginx 1.22 sent these for a file of ten bytes with that time.
		{"nginx", NginxTag, second, 10, `"6553f100-a"`},
		{"nginx drops nanoseconds", NginxTag, second.Add(5), 10, `"6553f100-a"`},
		{"nanoseconds", NanosecondTag, second.Add(5), 10, `"17979cfe362a0005-a"`},
		{"empty file", NginxTag, second, 0, `"6553f100-0"`},
		{"no time", NanosecondTag, time.Time{}, 10, ""},
		{"the epoch", NanosecondTag, time.Unix(0, 0), 10, ""},
		{"second after the epoch", NanosecondTag, time.Unix(1, 0), 10, ""},
		{"container image", NginxTag, time.Date(1980, 12, 31, 23, 59, 59, 0, time.UTC), 10, ""},
		{"the first useful second", NginxTag, time.Date(1981, 1, 1, 0, 0, 0, 0, time.UTC), 10, `"14b12b00-a"`},
		{"no size", NanosecondTag, second, -1, ""},
		{"nginx, may change within the second", NginxTag, now.Add(-1999 * time.Millisecond), 10, ""},
		{"nginx, two seconds old", NginxTag, now.Add(-2 * time.Second), 10, `"69f495be-a"`},
		{"whole seconds, fresh", NanosecondTag, now.Add(-time.Second), 10, ""},
		{"fresh", NanosecondTag, now.Add(-1), 10, `"18ab6f4053a97fff-a"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.style.tag(tt.modTime, tt.size, now)
			if got != tt.want {
				t.Errorf("tag %s, want %s", got, tt.want)
			}
		})
	}
}

func TestCutTag(t *testing.T) {
	for _, tt := range []struct{ s, tag, rest string }{
		{`"a"`, `"a"`, ``},
		{`W/"a", "b"`, `W/"a"`, `, "b"`},
		{`""`, `""`, ``},
		{`"é"x`, `"é"`, `x`},
		{`a`, ``, `a`},
		{`"a`, ``, `"a`},
		{`w/"a"`, ``, `w/"a"`},
		{`"a b"`, ``, `"a b"`},
		{``, ``, ``},
	} {
		if tag, rest := cutTag(tt.s); tag != tt.tag || rest != tt.rest {
			t.Errorf("cutTag(%q) = %q, %q; want %q, %q", tt.s, tag, rest, tt.tag, tt.rest)
		}
	}
}
