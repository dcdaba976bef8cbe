package doctor_test

import (
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/doctor"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/ledger"
)

// A breakage is a set-up with one mistake, and the finding that the doctor must report.
type breakage struct {
	name   string
	broken func(t *testing.T, s *setting)

	check         string
	result        doctor.Result
	cause, change string // parts of them
}

func (b breakage) run(t *testing.T, server string) {
	t.Run(b.name, func(t *testing.T) {
		t.Parallel()
		s := newSetting(t, server)
		b.broken(t, s)
		setup := s.start(t)
		report := run(t, setup, s.dir)
		b.expect(t, report, s.dir)
		if strings.HasPrefix(b.check, "proxy-") { // what is wrong there is seen without the application, too
			setup.App = ""
			if c := check(t, run(t, setup, s.dir), b.check); c.Result != b.result {
				t.Errorf("without the application's address, %s: %v, want %v", b.check, c.Result, b.result)
			}
		}
	})
}

func (b breakage) expect(t *testing.T, report doctor.Report, dir string) {
	t.Helper()
	c := check(t, report, b.check)
	if c.Result != b.result {
		t.Errorf("%s: %v, want %v", b.check, c.Result, b.result)
	}
	cause, change := strings.ReplaceAll(b.cause, "DIR", dir), strings.ReplaceAll(b.change, "DIR", dir)
	if !strings.Contains(c.Cause, cause) || !strings.Contains(c.Change, change) {
		t.Errorf("%s: cause %q, change %q\nwant %q and %q in them", b.check, c.Cause, c.Change, b.cause, change)
	}
	for _, other := range report.Checks { // one mistake has one cause
		if other.Name != b.check && (other.Result == doctor.Failed || other.Result == doctor.Warning) && other.Name != "proxy-symlinks" && !(b.check == "whole-cache" && other.Name == "proxy-sends") {
			t.Errorf("%s: %v, with the cause %q; want %s alone", other.Name, other.Result, other.Cause, b.check)
		}
	}
	if report.OK() != (b.result == doctor.Warning) {
		t.Errorf("the report is OK: %v, and %s is %v", report.OK(), b.check, b.result)
	}
}

// edits returns a breakage of the printed configuration.
func edits(pairs ...string) func(*testing.T, *setting) {
	return func(t *testing.T, s *setting) {
		own := slices.Clone(pairs)
		for i := range own {
			own[i] = strings.ReplaceAll(own[i], "DIR", s.dir)
		}
		s.edit = replace(t, own...)
	}
}

// looks makes the application look at files before it hands them over.
func looks(next func(*testing.T, *setting)) func(*testing.T, *setting) {
	return func(t *testing.T, s *setting) {
		s.view.CheckFirst = true
		next(t, s)
	}
}

const proxied = "location / {"

func TestNginxBroken(t *testing.T) {
	for _, b := range []breakage{
		{
			"location not internal", edits("    internal;\n", "\n"),
			"proxy-location", doctor.Failed, "every client can request", "`internal;` in `location /_media/`",
		},
		{
			"alias without slash", edits("alias DIR/;", "alias DIR;"),
			"proxy-file", doctor.Failed, "no slash at its end", "`alias DIR/;`",
		},
		{
			"root for alias", edits("alias DIR/;", "root DIR/;"),
			"proxy-file", doctor.Failed, "`root` in place of `alias`", "`alias DIR/;` in place of `root`",
		},
		{
			"wrong directory", edits("alias DIR/;", "alias /srv/elsewhere/;"),
			"proxy-file", doctor.Failed, "another directory than the storage's", "`alias DIR/;`",
		},
		{
			"prefix of rule and location differ", edits(" /_media/ {", " /media_/ {"),
			"proxy-file", doctor.Failed, "not that of the rule's Destination", "`location /_media/ { internal; alias DIR/; }`",
		},
		{
			"location missing", looks(func(t *testing.T, s *setting) { s.site.Rules = nil }),
			"proxy-file", doctor.Failed, "no location /_media/: it is missing", "add `location /_media/ { internal; alias DIR/; }`",
		},
		{
			"location missing, the application hands over what comes back", func(t *testing.T, s *setting) {
				s.site.Rules = nil
				s.app = everythingIsAFile
			},
			"proxy-file", doctor.Failed, "no location /_media/: it is missing", "add `location /_media/",
		},
		{
			"header buffer too small", edits("proxy_buffer_size 16k;", "proxy_buffer_size 1k;", "proxy_buffers 8 16k;", "proxy_buffers 8 1k; proxy_busy_buffers_size 2k;"),
			"proxy-long-header", doctor.Failed, "larger than nginx's buffer", "`proxy_buffer_size 16k;`",
		},
		{
			"raw in place of encoded names", func(t *testing.T, s *setting) { s.encode = decoded },
			"proxy-names", doctor.Failed, "decoded once too often", "accelerator for the application that percent-encodes",
		},
		{
			"names encoded twice", func(t *testing.T, s *setting) { s.encode = twice },
			"proxy-names", doctor.Failed, "the application percent-encodes X-Accel-Redirect twice", "accelerator for the application that encodes once",
		},
		{
			"the application encodes in its own way", func(t *testing.T, s *setting) { s.encode, s.misled = twice, true },
			"app-names", doctor.Failed, "encodes names for another server", "--accel",
		},
		{
			"header ignored", edits(proxied, proxied+" proxy_ignore_headers X-Accel-Redirect;"),
			"proxy-file", doctor.Failed, "nginx ignores X-Accel-Redirect", "`proxy_ignore_headers`",
		},
		{
			"headers not copied", edits("add_header Content-Disposition $upstream_http_x_download_content_disposition;", "", "add_header X-Content-Type-Options $upstream_http_x_content_type_options;", ""),
			"whole-headers", doctor.Failed, "Content-Disposition, X-Content-Type-Options", "`add_header Content-Disposition $upstream_http_x_download_content_disposition;`",
		},
		{
			"headers that the rule doesn't count on", func(t *testing.T, s *setting) {
				s.rule.Headers = accel.PassDefault
				edits("add_header X-Content-Type-Options $upstream_http_x_content_type_options;", "",
					"add_header Content-Disposition $upstream_http_x_download_content_disposition;", "",
					"add_header Cache-Control $upstream_http_x_download_cache_control;", "")(t, s)
				s.view.CheckFirst = true
			},
			"whole-headers", doctor.Warning, "X-Content-Type-Options", "`add_header X-Content-Type-Options $upstream_http_x_content_type_options;`",
		},
		{
			"expires", edits("expires off;", "expires 1h;"),
			"whole-headers", doctor.Failed, "both send the field", "remove the add_header or expires",
		},
		{
			"private fields shown", edits("proxy_hide_header X-Download-Content-Disposition;", "", "add_header Content-Disposition $upstream_http_x_download_content_disposition;",
				"add_header Content-Disposition $upstream_http_x_download_content_disposition; add_header X-Download-Content-Disposition $upstream_http_x_download_content_disposition;"),
			"whole-headers", doctor.Failed, "only for nginx", "`proxy_hide_header`",
		},
		{
			"always on the error page", edits("add_header Content-Disposition $upstream_http_x_download_content_disposition;", "add_header Content-Disposition $upstream_http_x_download_content_disposition always;"),
			"whole-missing", doctor.Warning, "name and the cache policy of the download", "remove `always`",
		},
		{
			"ranges disabled", edits("etag on;", "etag on; max_ranges 0;"),
			"proxy-range", doctor.Failed, "ranges are off", "`max_ranges 0;`",
		},
		{
			"gzip on", edits("gzip off;", "gzip on;"),
			"proxy-encoding", doctor.Failed, "gzip is on", "`gzip off;` in `location /_media/`",
		},
		{
			"entity tags off", edits("etag on;", "etag off; if_modified_since off;"),
			"proxy-conditional", doctor.Failed, "doesn't evaluate", "`etag on;`",
		},
		{
			"errors intercepted", looks(edits(proxied, proxied+" proxy_intercept_errors on; error_page 404 /sorry; location = /sorry { internal; return 404 sorry; }")),
			"whole-error-pages", doctor.Warning, "pages of its own", "`proxy_intercept_errors off;`",
		},
		{
			"errors become something else", looks(edits(proxied, "location = /sorry { internal; return 200 sorry; }\n"+proxied+" proxy_intercept_errors on; error_page 404 =200 /sorry;")),
			"whole-error-pages", doctor.Failed, "pages of its own", "`proxy_intercept_errors off;`",
		},
		{
			"HTTP/1.0", edits("proxy_http_version 1.1;", "proxy_http_version 1.0;"),
			"proxy-connection", doctor.Warning, "HTTP/1.0", "`proxy_http_version 1.1;`",
		},
		{
			"no keepalive", edits(`proxy_set_header Connection "";`, "proxy_set_header Connection close;"),
			"proxy-connection", doctor.Warning, "closes each connection", "`keepalive 32;`",
		},
		{
			"error pages cached", looks(func(t *testing.T, s *setting) {
				folder := filepath.Join(t.TempDir(), "cache")
				edits("server {\n        listen", "proxy_cache_path "+folder+" keys_zone=pages:1m;\n    server {\n        listen",
					proxied, proxied+" proxy_cache pages; proxy_ignore_headers Cache-Control; proxy_cache_valid 404 10m;")(t, s)
			}),
			"whole-cache", doctor.Failed, "keeps error pages", "`proxy_cache_valid`",
		},
		{
			"downloads cached", func(t *testing.T, s *setting) {
				s.rule.Source, s.site.Rules[0].Source = "/srv/elsewhere", "/srv/elsewhere"
				folder := filepath.Join(t.TempDir(), "cache")
				edits("server {\n        listen", "proxy_cache_path "+folder+" keys_zone=pages:1m;\n    server {\n        listen",
					proxied, proxied+" proxy_cache pages; proxy_ignore_headers Cache-Control; proxy_cache_valid 200 10m;")(t, s)
			},
			"whole-cache", doctor.Failed, "keeps downloads", "`proxy_ignore_headers`",
		},
		{
			"symbolic links followed", edits("disable_symlinks on from=$downloadview_from;", ""),
			"proxy-symlinks", doctor.Warning, "follows symbolic links", "`disable_symlinks on from=$document_root;` in `location /_media/`",
		},
		{
			"folders shown", edits("if (-d $request_filename) { return 404; }", ""),
			"whole-directory", doctor.Failed, "redirect that shows the internal location", "`if (-d $request_filename) { return 404; }`",
		},
		{
			"proxy doesn't reach the application", func(t *testing.T, s *setting) { s.site.Upstream = "127.0.0.1:1" },
			"proxy-file", doctor.Failed, "doesn't reach the application", "proxy_pass",
		},
	} {
		b.run(t, "nginx")
	}
}

// everythingIsAFile makes the application hand over every key.
func everythingIsAFile(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/files/") {
			w.Header().Set("X-Accel-Redirect", "/_media"+r.URL.EscapedPath())
			return
		}
		next.ServeHTTP(w, r)
	})
}

// TestRouter: a router that decodes the path once more loses names.
// The ID of a download, for the ledger, is one of the fields that are only for the proxy,
// but for servers that can't hide what they log.
func TestIDOfADownload(t *testing.T) {
	for _, server := range proxytest.Names() {
		t.Run(server, func(t *testing.T) {
			s := newSetting(t, server)
			s.app = func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set(ledger.Field, "any")
					next.ServeHTTP(w, r)
				})
			}
			want := doctor.Failed
			if server == "nginx" || proxytest.KindOf(t, server).ShowsID { // nginx hides it
				want = doctor.OK
			}
			if c := check(t, run(t, s.start(t), s.dir), "whole-headers"); c.Result != want {
				t.Errorf("%v, %q, want %v", c.Result, c.Detail, want)
			}
		})
	}
}

func TestRouter(t *testing.T) {
	breakage{
		"decodes twice", func(_ *testing.T, s *setting) {
			s.app = func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					r.URL.Path = decoded(r.URL.Path)
					next.ServeHTTP(w, r)
				})
			}
		},
		"app-names", doctor.Failed, "one of its routers or middlewares", "as net/http decoded it",
	}.run(t, "nginx")
}
