package downloadview_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/fcgi"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/testserver"
)

// A download over FastCGI that fails is aborted at once, and the process goes on. The
// package net/http/fcgi doesn't recover panics, so one would end the process.
func TestABrokenDownloadThroughFastCGI(t *testing.T) {
	for _, size := range []int64{1 << 20, -1} {
		broken := downloadview.NewHandler(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
			return downloadview.Response{File: breaking{size}}, nil
		}), &downloadview.Options{Logger: slog.New(slog.DiscardHandler)})
		mux := http.NewServeMux()
		mux.Handle("/broken", broken)
		mux.HandleFunc("/swallowed", func(w http.ResponseWriter, r *http.Request) {
			defer func() { recover() }()
			broken.ServeHTTP(struct{ http.ResponseWriter }{w}, r)
		})
		mux.HandleFunc("/whole", func(w http.ResponseWriter, r *http.Request) {
			downloadview.SendFile(w, r, downloadview.FromString("a.txt", "whole", nil))
		})
		for _, network := range []string{"tcp", "unix"} {
			for server, start := range map[string]func(*testing.T, net.Listener) string{"lighttpd": lighttpdFastCGI, "nginx": nginxFastCGI} {
				t.Run(fmt.Sprintf("%s/%s/size %d", server, network, size), func(t *testing.T) {
					address := "127.0.0.1:0"
					if network == "unix" {
						address = filepath.Join(t.TempDir(), "s")
					}
					l, err := net.Listen(network, address)
					if err != nil {
						t.Fatal(err)
					}
					done := make(chan error, 1)
					go func() { done <- fcgi.Serve(l, mux) }()
					t.Cleanup(func() { l.Close(); <-done })
					url := start(t, l)
					client := &http.Client{Transport: &http.Transport{}, Timeout: 20 * time.Second}
					defer client.CloseIdleConnections()
					for _, path := range []string{"/broken", "/swallowed"} {
						n, err := fetched(client, url+path)
						if err == nil {
							t.Errorf("%s: the client takes %d bytes for a complete download", path, n)
						} else if timedOut, ok := errors.AsType[net.Error](err); ok && timedOut.Timeout() {
							t.Errorf("%s: the client still waits after %v", path, client.Timeout)
						}
						if n, err := fetched(client, url+"/whole"); n != 5 || err != nil {
							t.Errorf("after that: %d bytes, %v; want the whole file", n, err)
						}
					}
				})
			}
		}
	}
}

func fetched(client *http.Client, url string) (int64, error) {
	resp, err := client.Get(url)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	n, err := io.Copy(io.Discard, resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = errors.New(resp.Status)
	}
	return n, err
}

func lighttpdFastCGI(t *testing.T, l net.Listener) string {
	binary := testserver.Binary(t, "lighttpd", "DOWNLOADVIEW_LIGHTTPD")
	host, port := fastCGIAddress(l)
	address := fmt.Sprintf("%q => %q", "socket", host)
	if port != "" {
		address = fmt.Sprintf("%q => %q, %q => %s", "host", host, "port", port)
	}
	listen := testserver.FreePort(t)
	conf := fmt.Sprintf(`server.port = %d
server.bind = "127.0.0.1"
server.document-root = %q
server.stream-response-body = 1 # else it sends what it has as the whole
server.modules += ( "mod_fastcgi" )
fastcgi.server = ( "/" => ( ( %s, "check-local" => "disable" ) ) )
`, listen, t.TempDir(), address)
	path := write(t, "lighttpd.conf", conf)
	at := fmt.Sprintf("127.0.0.1:%d", listen)
	testserver.Start(t, at, exec.Command(binary, "-D", "-f", path))
	return "http://" + at
}

func nginxFastCGI(t *testing.T, l net.Listener) string {
	binary := testserver.Binary(t, "nginx", "DOWNLOADVIEW_NGINX")
	host, port := fastCGIAddress(l)
	upstream := "unix:" + host
	if port != "" {
		upstream = net.JoinHostPort(host, port)
	}
	at := fmt.Sprintf("127.0.0.1:%d", testserver.FreePort(t))
	folder := t.TempDir()
	conf := fmt.Sprintf(`daemon off; master_process off; pid %[1]s/pid; error_log stderr; user root;
events {}
http {
	access_log off; fastcgi_temp_path %[1]s/f; proxy_temp_path %[1]s/p; client_body_temp_path %[1]s/b; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
	server {
		listen %[2]s;
		location / {
			fastcgi_pass %[3]s;
			fastcgi_param REQUEST_METHOD $request_method; fastcgi_param REQUEST_URI $request_uri; fastcgi_param SERVER_PROTOCOL $server_protocol;
			fastcgi_param HTTP_HOST $http_host; fastcgi_param REMOTE_ADDR $remote_addr;
		}
	}
}
`, folder, at, upstream)
	path := write(t, "nginx.conf", conf)
	testserver.Start(t, at, exec.Command(binary, "-p", folder, "-c", path))
	return "http://" + at
}

// fastCGIAddress returns the host and port of l, or the path of its socket.
func fastCGIAddress(l net.Listener) (host, port string) {
	if l.Addr().Network() == "unix" {
		return l.Addr().String(), ""
	}
	host, port, _ = net.SplitHostPort(l.Addr().String())
	return host, port
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
