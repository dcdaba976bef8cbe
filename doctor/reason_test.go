package doctor_test

import (
	"context"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/doctor"
	"github.com/downloadview/downloadview/internal/testserver"
)

// TestExplainReason: for every obstacle, Explain gives the reason why a file is
// streamed; and it names the nearest rule.
func TestExplainReason(t *testing.T) {
	from, err := accel.ParseFrom("10.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	media := accel.Rule{Name: "media", Source: "DIR", Destination: "/_media/"}
	dirs := media
	dirs.Destination = "/srv/media"
	signed := accel.Rule{Name: "s3", Source: "s3://bucket", Destination: "/_s3/", Signed: &accel.Signed{}}
	for _, test := range []struct {
		name    string
		proxy   string
		options accel.Options
		rules   []accel.Rule
		resp    downloadview.Response
		file    string // in place of a.txt
		age     time.Duration
		wrap    func(downloadview.File) downloadview.File
		field   [2]string
		reason  []string // parts of it; none: it is handed over
	}{
		{name: "handed over", proxy: "nginx", rules: []accel.Rule{media}},
		{name: "no accelerator", reason: []string{"there is no accelerator", "--rule"}},
		{name: "opted out", proxy: "nginx", rules: []accel.Rule{media}, resp: downloadview.Response{Offloader: downloadview.NeverOffload}, reason: []string{"opts out"}},
		{name: "no rule", proxy: "nginx", rules: []accel.Rule{{Name: "deep", Source: "DIR/deep", Destination: "/_d/"}, {Name: "far", Source: "/far", Destination: "/_f/"}}, reason: []string{"no rule covers DIR/a.txt", "the nearest is deep, for DIR/deep"}},
		{name: "rules without names", proxy: "nginx", rules: []accel.Rule{{Source: "DIR/deep", Destination: "/_d/"}}, reason: []string{"the nearest is that for DIR/deep"}},
		{name: "no rules", proxy: "nginx", reason: []string{"no rule covers DIR/a.txt; there are no rules"}},
		{name: "nowhere", proxy: "nginx", rules: []accel.Rule{media}, wrap: func(f downloadview.File) downloadview.File { return nowhere{f} }, reason: []string{"doesn't say where a proxy can find"}},
		{name: "another store", proxy: "nginx", rules: []accel.Rule{{Source: "s3://bucket", Destination: "/_s3/", Store: "https://s3.test/bucket"}}, wrap: func(f downloadview.File) downloadview.File { return refusing{f} }, reason: []string{"for another store"}},
		{name: "not the proxy", proxy: "nginx", options: accel.Options{From: from}, rules: []accel.Rule{media}, reason: []string{"doesn't come from an address of the proxy"}},
		{name: "odd name", proxy: "caddy@2.6", rules: []accel.Rule{media}, file: "a?.txt", reason: []string{"can't carry"}},
		{name: "content coding", proxy: "nginx", rules: []accel.Rule{media}, resp: downloadview.Response{Header: http.Header{"Content-Encoding": {"gzip"}}}, reason: []string{"Content-Encoding"}},
		{name: "rate of the view", proxy: "caddy", rules: []accel.Rule{media}, resp: downloadview.Response{LimitRate: 1}, reason: []string{"the rate is limited"}},
		{name: "rate of the rule", proxy: "apache", rules: []accel.Rule{{Source: "DIR", Destination: "/srv", LimitRate: 1}}, reason: []string{"the rate is limited"}},
		{name: "odd range", proxy: "caddy", rules: []accel.Rule{media}, field: [2]string{"Range", "bytes=x"}, reason: []string{"would answer this Range differently"}},
		{name: "several ranges", proxy: "lighttpd", rules: []accel.Rule{dirs}, field: [2]string{"Range", "bytes=0-0,2-2"}, reason: []string{"would answer this Range differently"}},
		{name: "own tag", proxy: "nginx", rules: []accel.Rule{media}, resp: downloadview.Response{ETag: `"v1"`}, field: [2]string{"If-None-Match", `"v0"`}, reason: []string{"not by the application's own"}},
		{name: "useless time", proxy: "nginx", rules: []accel.Rule{media}, resp: downloadview.Response{CheckFirst: true}, age: 50 * 365 * 24 * time.Hour, reason: []string{"before 1981"}},
		{name: "useless time, and the application's tag", proxy: "apache", rules: []accel.Rule{dirs}, age: 50 * 365 * 24 * time.Hour, reason: []string{"before 1981"}},
		{name: "young", proxy: "apache", rules: []accel.Rule{dirs}, age: -1, reason: []string{"no entity tag"}},
		{name: "unchanged", proxy: "apache", rules: []accel.Rule{dirs}, field: [2]string{"If-None-Match", "*"}, reason: []string{"without the file's bytes"}},
		{name: "inline", proxy: "nginx", rules: []accel.Rule{media}, resp: downloadview.Response{Disposition: downloadview.Inline}, reason: []string{"shown inline", "headers: safety"}},
		{name: "unsigned", proxy: "nginx", rules: []accel.Rule{signed}, wrap: func(f downloadview.File) downloadview.File { return refusing{f} }, reason: []string{"signs no URL"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSetting(t, "nginx")
			name := filepath.Join(s.dir, "a.txt")
			if test.file != "" {
				name = filepath.Join(s.dir, test.file)
			}
			if err := os.WriteFile(name, []byte("content"), 0o600); err != nil {
				testserver.Lacking(t, "needs such a file: %v", err)
			}
			then := time.Now().Add(-time.Hour - test.age)
			if test.age < 0 {
				then = time.Now().Truncate(time.Second)
			}
			if err := os.Chtimes(name, then, then); err != nil {
				t.Fatal(err)
			}
			f, err := s.storage(t).File(filepath.Base(name))
			if err != nil {
				t.Fatal(err)
			}
			if test.wrap != nil {
				f = test.wrap(f)
			}
			resp := test.resp
			resp.File = f
			view := downloadview.View(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) { return resp, nil }))
			if test.proxy != "" {
				for i := range test.rules {
					test.rules[i].Source = strings.ReplaceAll(test.rules[i].Source, "DIR", s.dir)
				}
				a, err := accel.New(mustNamed(t, test.proxy), test.rules, &test.options)
				if err != nil {
					t.Fatal(err)
				}
				view = a.Middleware(view)
			}
			r := httptest.NewRequest("GET", "/", nil)
			if test.field[0] != "" {
				r.Header.Set(test.field[0], test.field[1])
			}
			x := doctor.Explain(view, r)
			if (x.Mode == "stream") != (test.reason != nil) || (x.Reason == "") != (test.reason == nil) {
				t.Errorf("mode %q, reason %q; want %q", x.Mode, x.Reason, test.reason)
			}
			for _, part := range test.reason {
				if part = strings.ReplaceAll(part, "DIR", s.dir); !strings.Contains(x.Reason, part) {
					t.Errorf("reason %q, want %q in it", x.Reason, part)
				}
			}
		})
	}
}

// nowhere is a file without a source.
type nowhere struct{ file downloadview.File }

func (n nowhere) Name() string { return n.file.Name() }

func (n nowhere) Open(ctx context.Context) (fs.File, error) { return n.file.Open(ctx) }
