package proxies_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/proxies"
	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
)

// Every file is found by its name, if the server's field can carry it.
func TestServersNames(t *testing.T) {
	names := []string{
		"a..b", "..a", "a..", "...", "-a", "%", "%41", "lit%41.txt", "100%", "%2e%2e", "%zz", "a?b=c", "#", "~", ".htaccess", "Caddyfile",
		"a.gz", "C:a", "{env.HOME}", "{http.vars.root}", "{$HOME}", "\\{a\\}", "${HOME}", "日本語", "e\u0301", "\u2028", "\xff\xfe", "\xc3",
		strings.Repeat("ü", 100) + "/" + strings.Repeat("d/", 500) + "deep",
	}
	for i := 1; i < 256; i++ {
		if c := string([]byte{byte(i)}); c != "/" {
			names = append(names, "a"+c+"b", c+"start", "end"+c)
		}
	}
	eachServer(t, func(t *testing.T, srv server) {
		f := proxytest.NewFront(t, srv.Name, nil)
		for _, name := range names {
			if !srv.Traits.Files.Finds(name) {
				continue
			}
			proxytest.Write(t, f.Dir, name, "file "+name)
			resp := f.Send(t, "GET", f.Value(name))
			if body := proxytest.Body(t, resp); resp.StatusCode != 200 || body != "file "+name {
				t.Errorf("%q: %s %.40q, want the file", name, resp.Status, body)
			}
		}
	})
}

// Whatever the name of the directory is, either an error names it, or its files are
// found, and no files of another directory.
func TestServersDirectoryNames(t *testing.T) {
	names := []string{
		"plain", "a b", " a", "a ", "a;b", "a{b", "a}b", "{}", "{b}", "{$HOME}", "${HOME}", "{http.request.uri}", `a"b`, "a'b", "a`b", `a\b`, `a\`, `a\\b`,
		`a\nb`, `a\"b`, `a\{b`, `a\}`, "a`\"b", "a#b", "#a", "a%20b", "a?b", "a*b", "a~b", "~", "=", "@a", "ü", "\xff", "a,b:c|d", `"; } evil { "`,
		`" => "b", "c`, "</VirtualHost>", "-", "…", "$1", "%{HOST}", "a..b",
	}
	eachServer(t, func(t *testing.T, srv server) {
		s := site.Site{Upstream: proxytest.Application(t, proxytest.SendOrEcho)}
		var taken []string
		top := t.TempDir()
		for _, name := range names {
			r := srv.Rule("", fmt.Sprintf("/_%d/", len(taken)), filepath.Join(top, name))
			one := site.Site{Listen: "127.0.0.1:1", Upstream: s.Upstream, Rules: []site.Rule{r}}
			if err := proxies.Print(new(strings.Builder), srv.Name, one, site.Whole); err != nil {
				if quoted := fmt.Sprintf("%q", name); !strings.Contains(err.Error(), strings.Trim(quoted, `"`)) {
					t.Errorf("%q: error %q, want one that names it", name, err)
				}
				t.Logf("refused: %v", err)
				continue
			}
			proxytest.Write(t, top, name+"/f.txt", name)
			s.Rules, taken = append(s.Rules, r), append(taken, name)
		}
		if len(taken) < len(names)*3/4 {
			t.Errorf("%d of %d names can be written", len(taken), len(names))
		}
		proxy := proxytest.Start(t, srv.Name, s, proxytest.Options{})
		for i, name := range taken {
			f := &proxytest.Front{Server: proxy, Kind: srv.Kind, Dir: filepath.Join(top, name)}
			value := fmt.Sprintf("/_%d/f.txt", i)
			if !srv.Locations {
				value = f.Value("f.txt")
			}
			if body := proxytest.Body(t, f.Send(t, "GET", value)); body != name {
				t.Errorf("in directory %q, by %s: %q, want its file", name, value, body)
			}
		}
	})
}
