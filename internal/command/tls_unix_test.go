//go:build unix

package command

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/downloadview/downloadview/internal/testserver"
)

// Clients get files over TLS, by HTTP/1.1 and HTTP/2, from an address and from a socket.
func TestTLS(t *testing.T) {
	curl := testserver.Binary(t, "curl", "DOWNLOADVIEW_CURL")
	socket := filepath.Join(socketDir(t), "s")
	flags := newPair(t, 1, time.Now().Add(60*day)).write(t, t.TempDir())
	for name, listen := range map[string]string{"tcp": "127.0.0.1:0", "unix": "unix:" + socket} {
		p := serveOne(t, append(flags, "--listen", listen)...)
		where, ok := strings.CutPrefix(p.url, "https://")
		if !ok {
			t.Fatalf("it listens on %s", p.url)
		}
		ask := []string{"-sS", "--cacert", flags[1], "-w", " HTTP/%{http_version}"}
		if name == "unix" {
			ask = append(ask, "--unix-socket", strings.TrimPrefix(where, "unix:"))
			where = "localhost"
		}
		for version, flag := range map[string]string{"1.1": "--http1.1", "2": "--http2"} {
			out, err := exec.Command(curl, append(ask, flag, "https://"+where+"/a.txt")...).CombinedOutput()
			if want := "text HTTP/" + version; string(out) != want || err != nil {
				t.Errorf("%s: curl %s: %q, %v; want %q", name, flag, out, err, want)
			}
		}
		if out, err := exec.Command(curl, append(ask, "--tls-max", "1.1", "https://"+where+"/a.txt")...).CombinedOutput(); err == nil {
			t.Errorf("%s: TLS 1.1 is accepted: %s", name, out)
		}
	}
}

// A client that speaks HTTP without TLS is told so.
func TestPlainHTTPWhereTLSIs(t *testing.T) {
	p := serveOne(t, newPair(t, 1, time.Now().Add(60*day)).write(t, t.TempDir())...)
	c, err := net.Dial("tcp", strings.TrimPrefix(p.url, "https://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n")
	answer, _ := io.ReadAll(c)
	if want := "Client sent an HTTP request to an HTTPS server."; !strings.HasPrefix(string(answer), "HTTP/1.0 400 ") || !strings.Contains(string(answer), want) {
		t.Errorf("it is answered %q, want 400 and %q", answer, want)
	}
	p.mustAwait(t, "client sent an HTTP request to an HTTPS server")
}

// clientOf returns a client that trusts any of the pairs, with connections of its own. It
// speaks HTTP/2 if the server does.
func clientOf(t *testing.T, pairs ...pair) (*http.Client, *http.Transport) {
	t.Helper()
	pool := x509.NewCertPool()
	for _, p := range pairs {
		pool.AppendCertsFromPEM(p.cert)
	}
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}, tr
}

// On SIGHUP, the certificate is replaced while clients connect all the time, and none of
// them fails. A wrong file changes nothing.
func TestTLSReload(t *testing.T) {
	dir := t.TempDir()
	pairs := []pair{newPair(t, 1, time.Now().Add(60*day)), newPair(t, 2, time.Now().Add(60*day))}
	p := serveOne(t, append(pairs[0].write(t, dir), "--log-level=info")...)
	many, tr := clientOf(t, pairs...)
	tr.DisableKeepAlives = true // a handshake for each request, or for several at a time by HTTP/2
	one, tr := clientOf(t, pairs...)
	tr.DisableKeepAlives = true
	serial := func(client *http.Client) (int64, error) {
		resp, err := client.Head(p.url + "/a.txt")
		if err != nil {
			return 0, err
		}
		resp.Body.Close()
		return resp.TLS.PeerCertificates[0].SerialNumber.Int64(), nil
	}
	ctx, stop := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			for ctx.Err() == nil {
				if n, err := serial(many); err != nil || n != 1 && n != 2 {
					t.Errorf("certificate %d, %v", n, err)
					return
				}
			}
		})
	}
	hangUp := func(awaited string) string {
		t.Helper()
		p.signal(t, syscall.SIGHUP)
		line, ok := p.await(awaited)
		if !ok {
			t.Fatalf("it ended without saying %q", awaited)
		}
		return line
	}
	for i := range 6 {
		next := pairs[(i+1)%2]
		next.write(t, dir)
		hangUp("certificate read again")
		if n, err := serial(one); n != next.serial || err != nil {
			t.Errorf("after SIGHUP: certificate %d, %v; want %d", n, err, next.serial)
		}
	}
	writePEM(t, filepath.Join(dir, "key.pem"), pairs[1].key) // of another than the one in use
	if line := hangUp("the old one stays in use"); !strings.Contains(line, "is not the key of the certificate") {
		t.Errorf("the log says %s", line)
	}
	if n, err := serial(one); n != 1 || err != nil {
		t.Errorf("after a wrong file: certificate %d, %v; want 1", n, err)
	}
	stop()
	go func() { // the lines of the last requests
		for range p.lines {
		}
	}()
	clients.Wait()
}

// Behind a proxy with the PROXY protocol, whose header comes before TLS, the log has the
// client.
func TestTLSWithProxyProtocol(t *testing.T) {
	pair := newPair(t, 1, time.Now().Add(60*day))
	p := serveOne(t, append(pair.write(t, t.TempDir()), "--proxy-protocol", "--trusted-proxies=127.0.0.1")...)
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
		client, tr := clientOf(t, pair)
		tr.ForceAttemptHTTP2 = protocol == "HTTP/2.0"
		tr.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := new(net.Dialer).DialContext(ctx, network, addr)
			if err == nil {
				_, err = io.WriteString(c, "PROXY TCP4 192.0.2.1 10.0.0.1 4096 80\r\n")
			}
			return c, err
		}
		resp, err := client.Get(p.url + "/a.txt")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if string(body) != "text" || err != nil || resp.Proto != protocol {
			t.Errorf("%s: %q, %v, want %s", resp.Proto, body, err, protocol)
		}
		if line, _ := p.await("msg=request"); !strings.Contains(line, " remote=192.0.2.1") {
			t.Errorf("%s: the log says %s", protocol, line)
		}
	}
}

// A download that breaks off, because its file becomes shorter, is an error for clients
// over TLS. With HTTP/2, other downloads of the connection go on.
func TestTLSBrokenDownload(t *testing.T) {
	t.Parallel()
	pair := newPair(t, 1, time.Now().Add(60*day))
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(protocol, func(t *testing.T) {
			dir := t.TempDir()
			for _, name := range []string{"shrinks", "stays"} {
				if err := os.WriteFile(filepath.Join(dir, name), bytes.Repeat([]byte("x"), large), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			p := start(t, append(pair.write(t, t.TempDir()), dir)...)
			client, tr := clientOf(t, pair)
			tr.ForceAttemptHTTP2 = protocol == "HTTP/2.0"
			bodies := make(map[string]io.Reader)
			for _, name := range []string{"stays", "shrinks"} {
				resp, err := client.Get(p.url + "/" + name)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				if resp.Proto != protocol || resp.ContentLength != large {
					t.Fatalf("%s with %d bytes, want %s with %d", resp.Proto, resp.ContentLength, protocol, large)
				}
				bodies[name] = resp.Body
			}
			if err := os.Truncate(filepath.Join(dir, "shrinks"), 1000); err != nil {
				t.Fatal(err)
			}
			if n, err := io.Copy(io.Discard, bodies["shrinks"]); err == nil {
				t.Errorf("the broken download ended well after %d bytes", n)
			}
			p.mustAwait(t, "aborted_by=origin")
			if n, err := io.Copy(io.Discard, bodies["stays"]); n != large || err != nil {
				t.Errorf("the other download: %d bytes, %v", n, err)
			}
		})
	}
}

// Clients over TLS that stop reading are ended, by HTTP/1.1 and by HTTP/2, and so are
// those that read too slowly.
func TestTLSStalledDownload(t *testing.T) {
	pair := newPair(t, 1, time.Now().Add(60*day))
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "large"), bytes.Repeat([]byte("x"), large), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
		for name, tt := range map[string]struct {
			flags []string
			pause time.Duration // after each piece; 0: nothing is read
		}{
			"stall": {[]string{"--stall-timeout=200ms"}, 0},
			"slow":  {[]string{"--stall-timeout=1s", "--least-rate=1GB"}, 10 * time.Millisecond},
		} {
			t.Run(protocol+"/"+name, func(t *testing.T) {
				t.Parallel()
				if name == "slow" && runtime.GOOS != "linux" {
					t.Skip("--least-rate needs Linux")
				}
				p := start(t, slices.Concat(pair.write(t, t.TempDir()), tt.flags, []string{dir})...)
				client, tr := clientOf(t, pair)
				tr.ForceAttemptHTTP2 = protocol == "HTTP/2.0"
				resp, err := client.Get(p.url + "/large")
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				if resp.Proto != protocol {
					t.Fatalf("%s, want %s", resp.Proto, protocol)
				}
				if tt.pause > 0 {
					go func() {
						for tick := time.Tick(tt.pause); err == nil; <-tick {
							_, err = io.CopyN(io.Discard, resp.Body, 64<<10)
						}
					}()
				}
				p.mustAwait(t, "aborted_by=stall")
			})
		}
	}
}

// Downloads over TLS finish after SIGTERM. A second signal cuts them off, and their
// clients don't take the part for the whole.
func TestTLSShutdown(t *testing.T) {
	t.Parallel()
	pair := newPair(t, 1, time.Now().Add(60*day))
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "large"), bytes.Repeat([]byte("x"), large), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
		for _, cut := range []bool{false, true} {
			t.Run(fmt.Sprint(protocol, " ", cut), func(t *testing.T) {
				p := start(t, append(pair.write(t, t.TempDir()), "--grace=24h", dir)...)
				client, tr := clientOf(t, pair)
				tr.ForceAttemptHTTP2 = protocol == "HTTP/2.0"
				resp, err := client.Get(p.url + "/large")
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				if resp.Proto != protocol {
					t.Fatalf("%s, want %s", resp.Proto, protocol)
				}
				p.signal(t, syscall.SIGTERM)
				p.mustAwait(t, "stopping")
				if cut {
					p.signal(t, syscall.SIGTERM)
					p.mustAwait(t, "running downloads are cut off")
				}
				n, err := io.Copy(io.Discard, resp.Body)
				if whole := n == large && err == nil; whole == cut {
					t.Errorf("the client has %d bytes, %v", n, err)
				}
				if got := p.wait(); got != exitOK {
					t.Errorf("exit status = %d", got)
				}
			})
		}
	}
}

// One file of the two, or wrong ones, are errors at the start.
func TestTLSNeedsBoth(t *testing.T) {
	dir := t.TempDir()
	flags := newPair(t, 1, time.Now().Add(60*day)).write(t, dir)
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	for _, tt := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"serve", "--tls-cert", "c.pem", dir}, exitUsage, `downloadview: --tls-cert "c.pem" needs --tls-key with the file of its private key; want both`},
		{[]string{"serve", "--tls-key", "k.pem", dir}, exitUsage, `downloadview: --tls-key "k.pem" needs --tls-cert with the file of its certificate; want both`},
		{[]string{"serve", "--tls-key=", dir}, exitUsage, "downloadview: --tls-key is empty"},
		{[]string{"serve", "--tls-cert", "$HOME/c.pem", "--tls-key", "k", dir}, exitUsage, `downloadview: --tls-cert "$HOME/c.pem" has $HOME in it, and variables of the environment are not expanded`},
		{[]string{"serve", "--tls-cert", dir + "/none.pem", "--tls-key", flags[3], dir}, exitFailure, "downloadview: --tls-cert: open " + dir + "/none.pem: no such file"},
		{[]string{"serve", "--config", write("one.yaml", "grace: 1s\ntls_cert: cert.pem\n"), dir}, exitUsage, "one.yaml:2: tls_cert: needs tls_key, the file of its private key; want both"},
		{[]string{"serve", "--config", write("other.yaml", "tls_key: key.pem\n"), dir}, exitUsage, "other.yaml:1: tls_key: needs tls_cert, the file of its certificate; want both"},
		{[]string{"serve", "--config", write("swapped.yaml", "tls_cert: key.pem\ntls_key: cert.pem\n"), dir}, exitFailure, `swapped.yaml:1: tls_cert: "key.pem" has no certificate`},
		{[]string{"config", "check", write("checked.yaml", "tls_cert: cert.pem\ntls_key: none.pem\n")}, exitFailure, "checked.yaml:2: tls_key: open " + dir + "/none.pem: no such file"},
		{[]string{"config", "nginx", "--config", write("behind.yaml", "tls_cert: cert.pem\ntls_key: key.pem\nproxies: {front: nginx}\nrules: [{id: a, source: /srv, destination: /_a/}]\n")}, exitUsage, "has tls_cert, and the printed configuration asks downloadview without TLS"},
	} {
		var stdout, stderr bytes.Buffer
		status := Run(t.Context(), tt.args, &stdout, &stderr, openLocal)
		if status != tt.status || !strings.Contains(stderr.String(), tt.want) {
			t.Errorf("%q: status %d, %swant %d, %s", tt.args, status, &stderr, tt.status, tt.want)
		}
	}
}

// The certificate and its key may be credentials of systemd, and the configuration file
// may name them.
func TestTLSFromCredentials(t *testing.T) {
	credentials := t.TempDir()
	pair := newPair(t, 1, time.Now().Add(60*day))
	pair.write(t, credentials)
	dir := t.TempDir()
	for name, text := range map[string]string{"a.txt": "text", "dv.yaml": "listen: 127.0.0.1:0\ntls_cert: cert.pem\ntls_key: key.pem\nstorages: {media: .}\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("downloadview", "serve", "--config", filepath.Join(dir, "dv.yaml"))
	cmd.Env = append(os.Environ(), "CREDENTIALS_DIRECTORY="+credentials)
	p, err := startCommand(cmd)
	if err != nil {
		t.Fatal(err)
	}
	p.killAtEnd(t)
	client, _ := clientOf(t, pair)
	resp, err := client.Get(p.url + "/a.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); string(body) != "text" || err != nil {
		t.Errorf("%q, %v", body, err)
	}
}

// systemd copies credentials when the service starts, so SIGHUP doesn't see later changes.
// The log says so, and what to do.
func TestHangupOfCredentials(t *testing.T) {
	credentials := t.TempDir()
	newPair(t, 1, time.Now().Add(7*day)).write(t, credentials)
	writeFile(t, filepath.Join(credentials, "links.keys"), firstKey)
	cmd := exec.Command("downloadview", "serve", "--listen=127.0.0.1:0", "--tls-cert=cert.pem", "--tls-key=key.pem", "--require-signature", "--key-file=links.keys", t.TempDir())
	cmd.Env = append(os.Environ(), "CREDENTIALS_DIRECTORY="+credentials)
	p, err := startCommand(cmd)
	if err != nil {
		t.Fatal(err)
	}
	p.killAtEnd(t)
	p.hangUp(t, "keys read again, from the copy", "certificate expires soon; replace its files, and restart the service", "certificate read again, from the copy")
}

// The doctor asks an application with TLS, at its address and on its socket.
func TestDoctorOfTLS(t *testing.T) {
	socket := filepath.Join(socketDir(t), "s")
	flags := newPair(t, 1, time.Now().Add(60*day)).write(t, t.TempDir())
	media := handedFiles(t)
	site := start(t, append(flags, media)...)
	onSocket := start(t, append(flags, "--listen=unix:"+socket, media)...)
	for _, app := range []string{site.url, onSocket.url} {
		report := run(t, "doctor", site.url, "--app", app, "--ca-file", flags[1], media)
		if !strings.Contains(report, "ok ") || strings.Contains(report, "failed") {
			t.Errorf("of %s the doctor says\n%s", app, fmt.Sprint(report))
		}
	}
}
