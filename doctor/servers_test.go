package doctor_test

import (
	"path/filepath"
	"testing"

	"github.com/downloadview/downloadview/doctor"
)

func TestApacheBroken(t *testing.T) {
	for _, b := range []breakage{
		{
			"X-Sendfile not enabled", edits("XSendFile On", "XSendFile Off"),
			"proxy-file", doctor.Failed, "X-Sendfile is not enabled", "`XSendFile On`",
		},
		{
			"path not allowed", edits(`XSendFilePath "DIR"`, `XSendFilePath "/srv/elsewhere"`),
			"proxy-file", doctor.Failed, "XSendFilePath doesn't cover DIR", "`XSendFilePath DIR`",
		},
		{
			"wrong directory", func(t *testing.T, s *setting) { s.rule.Destination = filepath.Dir(s.dir) + "/elsewhere" },
			"proxy-file", doctor.Failed, "another directory than the storage's", "the path that DIR",
		},
		{
			"encoded in place of raw names", func(t *testing.T, s *setting) { s.accel = "apache@1.0" },
			"proxy-names", doctor.Failed, "Apache doesn't decode them", "`apache` in place of `apache@1.0`",
		},
		{
			"request changed on the way", edits(" nocanon", ""),
			"proxy-names", doctor.Failed, "Apache changes the request's path", "`nocanon` to ProxyPass",
		},
		{
			"headers not copied", edits("XSendFile On", "XSendFile On\nHeader unset X-Content-Type-Options", "LoadModule xsendfile_module", "LoadModule headers_module /usr/lib/apache2/modules/mod_headers.so\nLoadModule xsendfile_module"),
			"whole-headers", doctor.Failed, "X-Content-Type-Options", "`Header`",
		},
		{
			"ranges disabled", edits("XSendFile On", "XSendFile On\nMaxRanges none"),
			"proxy-range", doctor.Failed, "ranges are off", "`MaxRanges none`",
		},
		{
			"errors intercepted", edits("XSendFile On", "XSendFile On\nProxyErrorOverride On"),
			"whole-error-pages", doctor.Warning, "pages of its own", "`ProxyErrorOverride Off`",
		},
	} {
		b.run(t, "apache")
	}
}

func TestLighttpdBroken(t *testing.T) {
	for _, b := range []breakage{
		{
			"X-Sendfile not enabled", edits(`"x-sendfile" => "enable"`, `"x-sendfile" => "disable"`),
			"proxy-file", doctor.Failed, "X-Sendfile is not enabled", `"x-sendfile" => "enable"`,
		},
		{
			"path not allowed", edits(`"DIR"`, `"/srv/elsewhere"`),
			"proxy-file", doctor.Failed, "x-sendfile-docroot doesn't have DIR", `"x-sendfile-docroot" => ( "DIR" )`,
		},
		{
			"wrong directory", func(t *testing.T, s *setting) {
				s.rule.Destination = s.dir + "/elsewhere"
			},
			"proxy-file", doctor.Failed, "another directory than the storage's", "DIR/",
		},
		{
			"raw in place of encoded names", func(t *testing.T, s *setting) { s.encode = decoded },
			"proxy-names", doctor.Failed, "decoded once too often", "accelerator for the application that percent-encodes",
		},
		{
			"headers not copied", edits(`server.modules += ( "mod_proxy" )`, `server.modules += ( "mod_proxy", "mod_setenv" )`+"\n"+`setenv.set-response-header = ( "X-Content-Type-Options" => "" )`),
			"whole-headers", doctor.Failed, "X-Content-Type-Options", "setenv.set-response-header",
		},
		{
			"control characters refused", edits(`server.http-parseopts := ( "url-normalize" => "disable" )`, ""),
			"proxy-names", doctor.Warning, "refuses URLs", `"url-normalize" => "disable"`,
		},
		{
			"ranges disabled", edits("server.stream-response-body := 2", "server.stream-response-body := 2\nserver.range-requests = \"disable\""),
			"proxy-range", doctor.Failed, "ranges are off", "`server.range-requests",
		},
	} {
		b.run(t, "lighttpd")
	}
}

func TestCaddyBroken(t *testing.T) {
	for _, b := range []breakage{
		{
			"no handle_response", edits("@rule0 header X-Accel-Redirect /_media/*", "@rule0 header X-Nothing *", "@elsewhere header X-Accel-Redirect *", "@elsewhere header X-Nothing *"),
			"proxy-file", doctor.Failed, "no handle_response for /_media/", "`handle_response @media`",
		},
		{
			"prefix of rule and location differ", edits("@rule0 header X-Accel-Redirect /_media/*", "@rule0 header X-Accel-Redirect /media_/*"),
			"proxy-file", doctor.Failed, "another prefix than the rule's Destination", "X-Accel-Redirect /_media/*`",
		},
		{
			"wrong directory", edits(`root "DIR"`, `root "/srv/elsewhere"`),
			"proxy-file", doctor.Failed, "another directory than the storage's", "`root * DIR/`",
		},
		{
			"prefix not stripped", edits("uri strip_prefix /_media", ""),
			"proxy-file", doctor.Failed, "Caddy looks for /_media/ below its root", "`uri strip_prefix /_media`",
		},
		{
			"headers not copied", edits("copy_response_headers {\n\t\t\t\texclude X-Accel-Redirect Content-Length\n\t\t\t}", ""),
			"whole-headers", doctor.Failed, "X-Content-Type-Options", "`copy_response_headers",
		},
		{
			"raw in place of encoded names", func(t *testing.T, s *setting) { s.accel = "caddy@2.6" },
			"proxy-names", doctor.Failed, "Caddy decodes them", "`caddy` in place of `caddy@2.6`",
		},
		{
			"gzip on", edits("reverse_proxy ", "encode gzip\n\treverse_proxy "),
			"proxy-encoding", doctor.Failed, "`encode` compresses", "from `encode`",
		},
		{
			"proxy doesn't reach the application", func(t *testing.T, s *setting) { s.site.Upstream = "127.0.0.1:1" },
			"proxy-file", doctor.Failed, "doesn't reach the application", "reverse_proxy",
		},
	} {
		b.run(t, "caddy")
	}
	breakage{
		"encoded in place of raw names", func(t *testing.T, s *setting) { s.accel = "caddy" },
		"proxy-names", doctor.Failed, "Caddy doesn't decode them", "`caddy@2.6` in place of `caddy`",
	}.run(t, "caddy@2.6")
}
