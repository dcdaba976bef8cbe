//go:build unix

package command

import (
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/downloadview/downloadview/internal/testserver"
)

// Headers of version 2: signature, version and command, family, length, addresses.
const (
	v2Signature = "0d0a0d0a000d0a515549540a"
	v2TCP4      = v2Signature + "21" + "11" + "000c" + "c0000201" + "0a000001" + "1000" + "0050"
	v2TCP6      = v2Signature + "21" + "21" + "0024" + "20010db8000000000000000000000001" + "20010db8000000000000000000000002" + "1000" + "0050"
	v2Local     = v2Signature + "20" + "00" + "0000"
)

func bytesOf(hexadecimal string) string {
	b, err := hex.DecodeString(hexadecimal)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// serveOne starts a server of a file a.txt.
func serveOne(t *testing.T, args ...string) *process {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.txt"), []byte("text"), 0o666); err != nil {
		t.Fatal(err)
	}
	return start(t, append(args, dir)...)
}

// say sends text on a new connection, and returns all that is answered.
func say(t *testing.T, p *process, text string) string {
	t.Helper()
	c, err := dial(p.url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	answer, _ := io.ReadAll(c) // an error if the server closes before it has read all
	return string(answer)
}

// The log has the client that a trusted proxy names by the PROXY protocol. Its other
// connections are closed without an answer.
func TestProxyProtocol(t *testing.T) {
	t.Parallel()
	socket := "--listen=unix:" + filepath.Join(socketDir(t), "s")
	for name, p := range map[string]*process{
		"tcp":  serveOne(t, "--proxy-protocol", "--trusted-proxies=127.0.0.1,10.0.0.0/8"),
		"unix": serveOne(t, "--proxy-protocol", "--trusted-proxies=unix,10.0.0.0/8", socket),
	} {
		itself := map[string]string{"tcp": "127.0.0.1", "unix": "unix"}[name]
		for _, tt := range []struct{ name, header, forwarded, want string }{
			{"version 1", "PROXY TCP4 192.0.2.1 10.0.0.1 4096 80\r\n", "", "192.0.2.1"},
			{"version 1, IPv6", "PROXY TCP6 2001:db8::1 2001:db8::2 4096 80\r\n", "", "2001:db8::1"},
			{"version 2", bytesOf(v2TCP4), "", "192.0.2.1"},
			{"version 2, IPv6", bytesOf(v2TCP6), "", "2001:db8::1"},
			{"a field of the client", bytesOf(v2TCP4), "203.0.113.9", "192.0.2.1"},
			{"a field of a proxy in front", "PROXY TCP4 10.0.0.9 10.0.0.1 4096 80\r\n", "203.0.113.9, 192.0.2.2", "192.0.2.2"},
			{"no address", "PROXY UNKNOWN\r\n", "203.0.113.9", "0.0.0.0"},
			{"no IP address", bytesOf(v2Signature+"21"+"31"+"00d8") + strings.Repeat("\x00", 216), "203.0.113.9", "0.0.0.0"},
			{"the proxy itself", bytesOf(v2Local), "", itself},
			{"no header", "", "", "closed"},
			{"half a header", "PROXY TCP4 192.0.2.1\r\n", "", "closed"},
			{"another version", bytesOf(v2Signature + "31" + "11" + "000c" + "c0000201" + "0a000001" + "1000" + "0050"), "", "closed"},
			{"two headers", bytesOf(v2TCP4) + "PROXY TCP4 192.0.2.9 10.0.0.1 4096 80\r\n", "", "bad request"},
		} {
			t.Run(name+"/"+tt.name, func(t *testing.T) {
				request := "GET /a.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
				if tt.forwarded != "" {
					request += "X-Forwarded-For: " + tt.forwarded + "\r\n"
				}
				answer := say(t, p, tt.header+request+"\r\n")
				switch tt.want {
				case "closed":
					if answer != "" {
						t.Errorf("it is answered %q, want nothing", answer)
					}
				case "bad request":
					if !strings.HasPrefix(answer, "HTTP/1.1 400 ") {
						t.Errorf("it is answered %q, want 400", answer)
					}
				default:
					if !strings.HasSuffix(answer, "\r\n\r\ntext") {
						t.Errorf("it is answered %q, want the file", answer)
					}
					if line, _ := p.await("msg=request"); !strings.Contains(line, " remote="+tt.want) {
						t.Errorf("the log says %s, want the client %s", line, tt.want)
					}
				}
			})
		}
		p.signal(t, syscall.SIGTERM)
		p.wait()
		if strings.Count(p.log.String(), "without a header of the PROXY protocol") != 1 {
			t.Errorf("%s: the log doesn't say once that a header was missing", name)
		}
	}
}

// A peer that isn't trusted is a client. Its header is no request.
func TestProxyProtocolOfStrangers(t *testing.T) {
	p := serveOne(t, "--proxy-protocol", "--trusted-proxies=192.0.2.1,unix")
	const request = "GET /a.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n"
	for _, header := range []string{"PROXY TCP4 192.0.2.1 10.0.0.1 4096 80\r\n", bytesOf(v2TCP4), bytesOf(v2Local)} {
		if got := say(t, p, header+request); !strings.HasPrefix(got, "HTTP/1.1 400 ") {
			t.Errorf("%q is answered %q, want 400", header, got)
		}
	}
	if got := say(t, p, request); !strings.HasSuffix(got, "text") {
		t.Errorf("a client is answered %q", got)
	}
	if line, _ := p.await("msg=request"); !strings.Contains(line, " remote=127.0.0.1") {
		t.Errorf("the log says %s", line)
	}
}

// A header must arrive within the time for a request's header.
func TestProxyProtocolHeaderInTime(t *testing.T) {
	file := filepath.Join(t.TempDir(), "dv.yaml")
	if err := os.WriteFile(file, []byte("proxy_protocol: true\ntrusted_proxies: 127.0.0.1\nlimits: {header: 100ms}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	p := serveOne(t, "--config", file)
	for _, text := range []string{"", bytesOf(v2TCP4)[:20]} {
		if got := say(t, p, text); got != "" { // returns when the server closes the connection
			t.Errorf("%q is answered %q", text, got)
		}
	}
}

// The real HAProxy passes the client's address on, over TCP and a socket, in both
// versions.
func TestProxyProtocolOfHAProxy(t *testing.T) {
	haproxy := testserver.Binary(t, "haproxy", "DOWNLOADVIEW_HAPROXY")
	socket := filepath.Join(socketDir(t), "s")
	for _, tt := range []struct{ name, listen, trusted, server, option string }{
		{"version 1", "127.0.0.1:0", "127.0.0.1", "", "send-proxy"},
		{"version 2", "127.0.0.1:0", "127.0.0.1", "", "send-proxy-v2"},
		{"a socket", "unix:" + socket, "unix", "unix@" + socket, "send-proxy-v2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := serveOne(t, "--proxy-protocol", "--trusted-proxies", tt.trusted, "--listen", tt.listen)
			if tt.server == "" {
				tt.server = strings.TrimPrefix(p.url, "http://")
			}
			addr := fmt.Sprintf("127.0.0.1:%d", testserver.FreePort(t))
			conf := filepath.Join(t.TempDir(), "haproxy.cfg")
			if err := os.WriteFile(conf, []byte(`
defaults
	mode tcp
	timeout connect 10s
	timeout client 1m
	timeout server 1m
listen front
	bind `+addr+`
	server app `+tt.server+` `+tt.option+`
`), 0o666); err != nil {
				t.Fatal(err)
			}
			testserver.Start(t, addr, exec.Command(haproxy, "-db", "-f", conf))
			checkClient(t, p, addr)
		})
	}
}

// nginx passes the client's address on where it passes connections on, by its module
// stream, over TCP and a socket. It writes version 1.
func TestProxyProtocolOfNginxStream(t *testing.T) {
	nginx := testserver.Binary(t, "nginx", "DOWNLOADVIEW_NGINX")
	const module = "/usr/lib/nginx/modules/ngx_stream_module.so"
	if _, err := os.Stat(module); err != nil {
		testserver.Lacking(t, "needs libnginx-mod-stream: %v", err)
	}
	socket := filepath.Join(socketDir(t), "s")
	for _, tt := range []struct{ name, listen, trusted, server string }{
		{"TCP", "127.0.0.1:0", "127.0.0.1", ""},
		{"a socket", "unix:" + socket, "unix", "unix:" + socket},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := serveOne(t, "--proxy-protocol", "--trusted-proxies", tt.trusted, "--listen", tt.listen)
			if tt.server == "" {
				tt.server = strings.TrimPrefix(p.url, "http://")
			}
			addr := fmt.Sprintf("127.0.0.1:%d", testserver.FreePort(t))
			folder := t.TempDir()
			if err := os.WriteFile(filepath.Join(folder, "nginx.conf"), []byte(`
load_module `+module+`;
daemon off;
master_process off;
pid nginx.pid;
error_log stderr;
events { }
stream {
	server {
		listen `+addr+`;
		proxy_pass `+tt.server+`;
		proxy_protocol on;
	}
}
`), 0o666); err != nil {
				t.Fatal(err)
			}
			testserver.Start(t, addr, exec.Command(nginx, "-p", folder+"/", "-c", "nginx.conf", "-e", "stderr"))
			checkClient(t, p, addr)
		})
	}
}

// checkClient downloads a file from 127.0.0.5 through a proxy at addr, and checks that
// the log of p has that client, and not the one that the request names.
func checkClient(t *testing.T, p *process, addr string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{
		DialContext:       (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 5)}}).DialContext,
		DisableKeepAlives: true,
	}}
	r, err := http.NewRequest("GET", "http://"+addr+"/a.txt", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Forwarded-For", "203.0.113.9")
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if string(body) != "text" || err != nil {
		t.Errorf("%q, %v", body, err)
	}
	if line, _ := p.await("msg=request"); !strings.Contains(line, " remote=127.0.0.5") {
		t.Errorf("the log says %s, want the client 127.0.0.5", line)
	}
}
