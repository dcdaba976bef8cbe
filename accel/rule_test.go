package accel_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
)

func TestNewRefuses(t *testing.T) {
	rule := func(source, destination string) []accel.Rule {
		return []accel.Rule{{Name: "r", Source: source, Destination: destination}}
	}
	for _, tt := range []struct {
		name  string
		rules []accel.Rule
		want  []string // in the message: the value, and what would be right
	}{
		{"empty source", rule("", "/_media/"), []string{`""`, "empty", `"/srv/media"`}},
		{"relative source", rule("srv/media", "/_media/"), []string{`"srv/media"`, "absolute", `"/srv/media"`}},
		{"relative source with a dot", rule("./media", "/_media/"), []string{`"./media"`, "absolute"}},
		{"scheme alone", rule("s3:bucket", "/_media/"), []string{`"s3:bucket"`, `"s3://bucket/prefix/"`}},
		{"no scheme", rule("://bucket", "/_media/"), []string{`"://bucket"`, "scheme"}},
		{"upper-case scheme", rule("S3://bucket", "/_media/"), []string{`"S3://bucket"`, "lower-case"}},
		{"no bucket", rule("s3://", "/_media/"), []string{`"s3://"`, "bucket"}},
		{"no bucket but a key", rule("s3:///key", "/_media/"), []string{`"s3:///key"`, "bucket"}},
		{"two slashes", rule("file://srv/media", "/_media/"), []string{`"file://srv/media"`, "three slashes"}},
		{"file without path", rule("file://", "/_media/"), []string{`"file://"`, "path"}},
		{"query in the host", rule("https://h?x=1", "/_media/"), []string{`"https://h?x=1"`, "host"}},
		{"user in the host", rule("https://u:p@h/", "/_media/"), []string{"host"}},
		{"parent", rule("/srv/../etc", "/_media/"), []string{`"/srv/../etc"`, `".."`}},
		{"parent at the end", rule("/srv/..", "/_media/"), []string{`".."`}},
		{"dot", rule("/srv/./media", "/_media/"), []string{`"."`}},
		{"empty segment", rule("/srv//media", "/_media/"), []string{`"/srv//media"`, `segment ""`}},
		{"two slashes at the end", rule("/srv/media//", "/_media/"), []string{`segment ""`}},
		{"two slashes at the start", rule("//srv/media", "/_media/"), []string{`segment ""`}},
		{"two slashes alone", rule("//", "/_media/"), []string{`"//"`, `segment ""`}},
		{"two slashes alone, as a URL", rule("file:////", "/_media/"), []string{`segment ""`}},
		{"two slashes after the bucket", rule("s3://b//", "/_media/"), []string{`"s3://b//"`, `segment ""`}},
		{"dots in a key", rule("s3://b/a/../c", "/_media/"), []string{`".."`}},
		{"NUL", rule("/srv/\x00", "/_media/"), []string{`"/srv/\x00"`, "NUL"}},
		{"empty destination", rule("/srv", ""), []string{`destination ""`, `"/_media/"`}},
		{"relative destination", rule("/srv", "_media/"), []string{`"_media/"`, "slash", `"/_media/"`}},
		{"URL as destination", rule("/srv", "http://h/_media/"), []string{`"http://h/_media/"`, "slash"}},
		{"query in the destination", rule("/srv", "/_media/?a"), []string{`"/_media/?a"`, `"?"`}},
		{"fragment in the destination", rule("/srv", "/_media/#a"), []string{`"#"`}},
		{"line break in the destination", rule("/srv", "/_media/\r\nX: y"), []string{`"/_media/\r\nX: y"`, "control"}},
		{"DEL in the destination", rule("/srv", "/\x7f"), []string{"control"}},
		{"parent in the destination", rule("/srv", "/_media/../"), []string{`".."`}},
		{"dot in the destination", rule("/srv", "/./_media"), []string{`"."`}},
		{"empty segment in the destination", rule("/srv", "/_media//"), []string{`segment ""`}},
		{"two slashes as the destination", rule("/srv", "//"), []string{`"//"`, `segment ""`}},
		{"long destination", rule("/srv", "/"+strings.Repeat("é", 400)), []string{"2048"}},
		{"one name twice", []accel.Rule{
			{Name: "a", Source: "/srv/a", Destination: "/_a/"},
			{Name: "a", Source: "/srv/b", Destination: "/_b/"},
		}, []string{`"a"`, `"/srv/a"`, `"/srv/b"`}},
		{"one source twice", []accel.Rule{
			{Name: "a", Source: "/srv/media", Destination: "/_a/"},
			{Name: "b", Source: "/srv/media", Destination: "/_b/"},
		}, []string{`rule "b"`, `rule "a"`, `"/srv/media"`}},
		{"one source in two spellings", []accel.Rule{
			{Source: "/srv/media", Destination: "/_a/"},
			{Source: "file:///srv/media/", Destination: "/_b/"},
		}, []string{`"/srv/media"`, `"file:///srv/media/"`}},
		{"one bucket twice", []accel.Rule{
			{Source: "s3://b", Destination: "/_a/"},
			{Source: "s3://b/", Destination: "/_b/"},
		}, []string{`"s3://b"`, `"s3://b/"`}},
		{"good before bad", []accel.Rule{
			{Source: "/srv", Destination: "/_a/"},
			{Name: "second", Source: "x", Destination: "/_b/"},
		}, []string{`rule "second"`, `"x"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, err := accel.New(accel.Nginx(), tt.rules, nil)
			if err == nil || a != nil {
				t.Fatalf("New = %v, %v, want an error alone", a, err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %s", err, want)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q has more than one line", err)
			}
		})
	}
}

func TestNewRefusesProxy(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*accel.Proxy)
		want   string
	}{
		{"zero value", func(p *accel.Proxy) { *p = accel.Proxy{} }, "Name"},
		{"no field", func(p *accel.Proxy) { p.Field = "" }, `""`},
		{"field not canonical", func(p *accel.Proxy) { p.Field = "x-sendfile" }, `"x-sendfile"`},
		{"no encoder", func(p *accel.Proxy) { p.Encode = nil }, "Encode"},
		{"no destination", func(p *accel.Proxy) { p.Destination = nil }, "Destination"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := accel.Nginx()
			tt.change(&p)
			_, err := accel.New(p, nil, nil)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("New: %v, want an error that says %s", err, tt.want)
			}
		})
	}
}

func TestWindowsSource(t *testing.T) {
	src := downloadview.Source{Scheme: "file", Path: "/C:/srv/media/a.txt"}
	for _, tt := range []struct {
		source  string
		windows bool // a path on Windows alone
	}{
		{`file:///C:/srv/media`, false},
		{`/C:/srv/media`, false},
		{`C:\srv\media`, true},
		{`C:\srv\media\`, true},
		{`C:/srv/media`, true},
		{`C:\`, true},
	} {
		a, err := accel.New(accel.Nginx(), []accel.Rule{{Source: tt.source, Destination: "/_media/"}}, nil)
		if tt.windows && runtime.GOOS != "windows" {
			if err == nil {
				t.Errorf("New with source %q: no error, want one where this is no absolute path", tt.source)
			}
			continue
		}
		if err != nil {
			t.Errorf("New with source %q: %v", tt.source, err)
			continue
		}
		if _, ok := a.Match(src); !ok {
			t.Errorf("rule for %q does not cover %v", tt.source, src)
		}
	}
	for _, source := range []string{`C:srv`, `\\host\share\media`, `c:`} {
		if _, err := accel.New(accel.Nginx(), []accel.Rule{{Source: source, Destination: "/_media/"}}, nil); err == nil {
			t.Errorf("New with source %q: no error", source)
		}
	}
}
