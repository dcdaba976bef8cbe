package matrix_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	printed "github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
)

// Small downloads, with all costs: nginx with the printed configuration and the
// application on a unix socket, compared with a minimal nginx and a handler that sets
// the fields by hand, over TCP. They take turns, with enough clients to keep both busy.
func BenchmarkWholeOffload(b *testing.B) {
	for _, c := range []struct {
		name   string
		change func(*printed.Site)
	}{
		{"printed", nil},
		{"following-symlinks", func(s *printed.Site) { s.Symlinks = printed.FollowSymlinks }},
		{"open_file_cache", func(s *printed.Site) { s.OpenFiles = 30 * time.Second }},
	} {
		b.Run(c.name, func(b *testing.B) {
			dir := benchFile(b, 1<<10)
			compareCrowds(b, 16, 25,
				start(b, "ours", "unix", dir, c.change, nil),
				start(b, "by-hand", "tcp", dir, nil, minimal(dir)))
		})
	}
}

// The same for the other servers, with both applications on TCP: the printed
// configuration and a view, compared with a minimal configuration and a handler. The
// view looks at the file, since these servers go by its entity tag; the handler doesn't.
func BenchmarkWholeOffloadOf(b *testing.B) {
	for _, c := range []struct {
		server  string
		minimal func(dir, addr, printed string) string
	}{{"apache", minimalApache}, {"lighttpd", minimalLighttpd}, {"caddy", minimalCaddy}} {
		b.Run(c.server, func(b *testing.B) {
			dir := benchFile(b, 1<<10)
			kind := proxytest.KindOf(b, c.server)
			run := func(app string, edit func(addr string) func(string) string) *contender {
				addr, pid := startApp(b, app+"-"+c.server, "tcp", dir)
				wantHandover(b, addr, kind.Field())
				srv := proxytest.Start(b, c.server, printed.Site{
					Upstream: addr, Folder: b.TempDir(), Rules: []printed.Rule{kind.Rule("media", "/_media/", dir)},
				}, proxytest.Options{Edit: edit(addr)})
				return &contender{addr: srv.Addr, pids: []int{pid, srv.Process.PID()}}
			}
			compareCrowds(b, 16, 25,
				run("ours", func(string) func(string) string { return nil }),
				run("by-hand", func(addr string) func(string) string {
					return func(printed string) string { return c.minimal(dir, addr, printed) }
				}))
		})
	}
}

// wantHandover checks that the application at addr hands the file over.
func wantHandover(b *testing.B, addr, field string) {
	b.Helper()
	req, err := http.NewRequest("GET", "http://"+addr+"/report.pdf", nil)
	if err != nil {
		b.Fatal(err)
	}
	req.Close = true // a connection that stays open would outlive the application
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	resp.Body.Close()
	if resp.Header.Get(field) == "" {
		b.Fatalf("the application's answer has no %s: %v", field, resp.Header)
	}
}

// minimal is a configuration as people write it by hand: a kept connection over TCP
// and an internal location. It doesn't restore header fields, refuse symbolic links or
// hide folders.
func minimal(dir string) func(string) string {
	return func(printed string) string {
		part := func(pattern string) string {
			return regexp.MustCompile(`(?s)` + pattern).FindString(printed)
		}
		return part(`daemon .*?events \{.*?\}`) + ` http {
			default_type application/octet-stream;
			access_log off;
			sendfile on;
			client_body_temp_path client_body;
			proxy_temp_path proxy;
			fastcgi_temp_path fastcgi;
			uwsgi_temp_path uwsgi;
			scgi_temp_path scgi;
			` + part(`upstream downloadview \{.*?\n\s*\}`) + `
			server {
				` + part(`listen [^;]*;`) + `
				location / {
					proxy_pass http://downloadview;
					proxy_http_version 1.1;
					proxy_set_header Connection "";
				}
				location /_media/ { internal; alias ` + dir + `/; }
			}
		}`
	}
}

// minimalApache is what mod_xsendfile's own page shows, with a proxy.
func minimalApache(dir, addr, printed string) string {
	before, _, _ := strings.Cut(printed, "<VirtualHost")
	return before + `
		ProxyPass "/" "http://` + addr + `/"
		XSendFile On
		XSendFilePath "` + dir + `"
	`
}

// minimalLighttpd leaves everything at its default, except that files are handed over.
func minimalLighttpd(dir, addr, printed string) string {
	before, _, _ := strings.Cut(printed, "# Every request")
	host, port, _ := strings.Cut(addr, ":")
	return before + `
		server.modules += ( "mod_proxy" )
		proxy.server = ( "" => ( (
			"host" => "` + host + `", "port" => ` + port + `,
			"x-sendfile" => "enable", "x-sendfile-docroot" => ( "` + dir + `" )
		) ) )
	`
}

// minimalCaddy is the example of Caddy's documentation of handle_response, with the
// application's fields.
func minimalCaddy(dir, addr, printed string) string {
	before, _, _ := strings.Cut(printed, "# Every request")
	return before + `
		reverse_proxy ` + addr + ` {
			@accel header X-Accel-Redirect *
			handle_response @accel {
				copy_response_headers {
					exclude X-Accel-Redirect Content-Length
				}
				root * ` + dir + `
				rewrite * {rp.header.X-Accel-Redirect}
				uri strip_prefix /_media
				method * GET
				file_server
			}
		}
	}`
}
