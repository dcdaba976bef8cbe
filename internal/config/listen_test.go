package config

import (
	"strings"
	"testing"
)

func TestParseAddress(t *testing.T) {
	for s, want := range map[string]Address{
		"127.0.0.1:8080":                         {Network: "tcp", Name: "127.0.0.1:8080"},
		":0":                                     {Network: "tcp", Name: ":0"},
		"unix:/run/a b%3F.sock":                  {Network: "unix", Name: "/run/a b%3F.sock"},
		"unix:@abstract":                         {Network: "unix", Name: "@abstract"},
		"systemd":                                {Network: "systemd"},
		"systemd:web":                            {Network: "systemd", Name: "web"},
		"systemd:8080":                           {Network: "systemd", Name: "8080"},
		"systemd:":                               {},
		"systemd:a:b":                            {},
		"systemd:a b":                            {},
		"systemd:Ä":                              {},
		"systemd2:80":                            {Network: "tcp", Name: "systemd2:80"},
		"systemd2":                               {},
		"unix:s?mode=0600":                       {Network: "unix", Name: "s", Mode: 0o600},
		"unix:s?mode=0o666":                      {},
		"unix:/run/s?mode=660&group=www-data":    {Network: "unix", Name: "/run/s", Mode: 0o660, Group: "www-data"},
		"unix:/run/s?group=domain%20users":       {Network: "unix", Name: "/run/s", Mode: 0o660, Group: "domain users"},
		"unix:/run/s?group=33&mode=0777":         {Network: "unix", Name: "/run/s", Mode: 0o777, Group: "33"},
		"unix:/run/s?mode=0666&group=a&group=b":  {},
		"unix:/run/s?mode=0600&group=www-data":   {},
		"unix:/run/s?mode=0444":                  {},
		"unix:/run/s?mode=0":                     {},
		"unix:/run/s?mode=1777":                  {},
		"unix:/run/s?mode=-1":                    {},
		"unix:/run/s?mode=rw":                    {},
		"unix:/run/s?mode=":                      {},
		"unix:/run/s?group=":                     {},
		"unix:/run/s?":                           {},
		"unix:/run/s?owner=root":                 {},
		"unix:/run/s?mode=%zz":                   {},
		"unix:@abstract?mode=0660":               {},
		"unix:/run/\n":                           {},
		"unix:?mode=0660":                        {},
		"127.0.0.1:80?mode=0660":                 {},
		"unix:/run/s?mode=0660;group=www-data":   {},
		"unix:/run/s?mode=0660&group=a&mode=660": {},
	} {
		got, err := ParseAddress(s)
		if got != want || (err != nil) != (want == Address{}) {
			t.Errorf("ParseAddress(%q) = %+v, %v; want %+v", s, got, err, want)
		}
		if err != nil && !strings.Contains(err.Error(), "want ") && !strings.Contains(err.Error(), "control character") {
			t.Errorf("ParseAddress(%q): %q doesn't say what would be right", s, err)
		}
	}
}

// Any address that ParseAddress accepts can be connected to, and is not longer than
// the text.
func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{"unix:/run/s?mode=0660&group=www-data", "unix:s?mode=7", "[::1]:80", "unix:@a?b", "unix:$HOME/s", "systemd", "systemd:web"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseAddress(s)
		switch {
		case err != nil:
			if (a != Address{}) {
				t.Errorf("ParseAddress(%q) = %+v and %v", s, a, err)
			}
		case !strings.HasPrefix(s, a.String()) || a.Name == "" && s != "systemd":
			t.Errorf("ParseAddress(%q) = %q", s, a)
		case a.Mode != 0 && a.Mode&0o222 == 0, a.Group != "" && a.Mode&0o020 == 0, a.Mode > 0o777:
			t.Errorf("ParseAddress(%q) has the mode %#o, group %q", s, a.Mode, a.Group)
		}
	})
}
