package config_test

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/config"
)

// example is the documented configuration file. It has every key.
const example = "../../cmd/downloadview/testdata/downloadview.yaml"

func TestExample(t *testing.T) {
	c, err := config.Read(example)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.Mounts[1], (config.Mount{
		Path: "/reports/", Storage: "reports", Inline: true, Index: true, Hidden: true, Precompressed: true, Archive: true, CacheControl: "private, max-age=60",
		LimitRate: 5e6, MaxDownloads: 20, RequireSignature: true, KeyFile: "links.keys", Line: c.Mounts[1].Line,
	}); got != want {
		t.Errorf("mount %+v, want %+v", got, want)
	}
	if got, want := c.Rules[1].Signed, (&accel.Signed{Expiry: 5 * 60e9, Hidden: []string{"owner"}}); !cmp.Equal(got, want) {
		t.Errorf("signed %+v, want %+v", got, want)
	}
	if r := c.Rules[1]; r.Cache != 10e9 || r.Slice != 1<<20 {
		t.Errorf("cache %d, slice %d, want 10 GB in pieces of 1 MiB", r.Cache, r.Slice)
	}
	if got, want := c.Limits.Downloads, (config.DownloadLimits{
		Max: 200, MaxPerClient: 4, Waiting: 100, Wait: 10e9, OffloadTime: 30e9, Rate: 100e6, RatePerClient: 10e6,
	}); got != want {
		t.Errorf("limits.downloads %+v, want %+v", got, want)
	}
	if got := c.Rules[1].Proxy; got != "front" {
		t.Errorf("rule %s has the proxy %q, want the only one", c.Rules[1].Name, got)
	}
}

// The example uses every key: each field of Config is set somewhere in it, and each
// key that an error message lists stands in it.
func TestExampleIsComplete(t *testing.T) {
	c, err := config.Read(example)
	if err != nil {
		t.Fatal(err)
	}
	c.Blind = true               // the example has the default, false
	c.ProxyProtocol = true       // also false there
	c.BasePath = "/media"        // the example has the default, /
	said := fields(*c)           // by type and name
	said["Proxy.Version"] = true // in a comment of the example, and in TestAnchors
	for _, name := range []string{"Config.TLS", "TLS.Cert", "TLS.Key", "TLS.CertLine", "TLS.KeyLine"} {
		said[name] = true // in a comment of the example, whose proxy doesn't ask with TLS, and in TestTLS
	}
	for _, name := range []string{"Rule.Store", "Site.Authorities", "Site.BasePath", "Site.Ledger", "Site.Links", "Site.Rules", "Tier.Role"} {
		if said[name] {
			t.Errorf("%s is set, which a file can't say", name)
		}
		said[name] = true
	}
	for name, ok := range said {
		if !ok {
			t.Errorf("nothing in the example sets %s", name)
		}
	}
	text, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []string{
		"qqqqqq: 1", "storages: {a: {qqqqqq: 1}}", "mounts: {/: {qqqqqq: 1}}", "proxies: {a: {qqqqqq: 1}}", "proxies: {a: {tier: {qqqqqq: 1}}}",
		"rules: [{qqqqqq: 1}]", "rules: [{signed: {qqqqqq: 1}}]", "limits: {qqqqqq: 1}", "limits: {buckets: {qqqqqq: 1}}",
	} {
		_, err := config.Parse("f", []byte(wrong))
		_, list, ok := strings.Cut(err.Error(), "want one of ")
		if !ok {
			t.Fatalf("%s: %v, want the list of keys", wrong, err)
		}
		list, _, _ = strings.Cut(list, "\n")
		for _, key := range strings.Split(list, ", ") {
			key = strings.Trim(key, `"`)
			before := `[^#]*\b`
			if key == "tls_cert" || key == "tls_key" {
				before = `# `
			}
			if !regexp.MustCompile(`(?m)^` + before + key + `:`).Match(text) {
				t.Errorf("%s: the example doesn't have the key %q", wrong, key)
			}
		}
	}
}

// fields returns, for each field below v, whether any of its values isn't zero.
func fields(v any) map[string]bool {
	said := make(map[string]bool)
	var walk func(reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Pointer:
			if !v.IsNil() {
				walk(v.Elem())
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Struct:
			for i := range v.NumField() {
				name := v.Type().Name() + "." + v.Type().Field(i).Name
				said[name] = said[name] || !v.Field(i).IsZero()
				walk(v.Field(i))
			}
		}
	}
	walk(reflect.ValueOf(v))
	return said
}

// The blocks of the page, joined, are the example without the lines that are comments
// alone.
func TestPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/config.md")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	var blocks strings.Builder
	for _, b := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(page, -1) {
		blocks.Write(b[1])
	}
	if diff := cmp.Diff(statements(string(text)), statements(blocks.String())); diff != "" {
		t.Errorf("docs/config.md says something else than the example (-example +page):\n%s", diff)
	}
}

func statements(yaml string) []string {
	var lines []string
	for line := range strings.Lines(yaml) {
		if s := strings.TrimSpace(line); s != "" && s[0] != '#' {
			lines = append(lines, strings.TrimRight(line, "\n"))
		}
	}
	return lines
}
