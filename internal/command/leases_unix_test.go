//go:build unix

package command

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/downloadview/downloadview/internal/natstest"
	"github.com/downloadview/downloadview/internal/redistest"
)

// Servers share the counts in a store. If it can't be asked, links with a number of
// downloads are 503, and others work. No log has the password.
func TestLeasesInStores(t *testing.T) {
	t.Parallel()
	t.Run("redis", func(t *testing.T) {
		redis := redistest.Start(t)
		testLeases(t, sharedStore{
			withPassword: redis.URL(), url: "redis://" + redis.Addr, password: redis.Password,
			right: []string{"REDISCLI_AUTH=" + redis.Password}, wrong: []string{"REDISCLI_AUTH=geheim"},
			kill: redis.Kill, named: "redislease: ",
		})
	})
	t.Run("nats", func(t *testing.T) {
		nats := natstest.Start(t, 1)[0]
		testLeases(t, sharedStore{
			withPassword: nats.URL(), url: "nats://127.0.0.1:1,nats://" + nats.Addr, password: natstest.Password,
			right: []string{"NATS_USER=app", "NATS_PASSWORD=" + natstest.Password}, wrong: []string{"NATS_USER=app", "NATS_PASSWORD=geheim"},
			kill: nats.Kill, named: "natslease: ",
		})
	})
}

// The same by TLS. A store whose certificate is not trusted is not used, and the log
// says so.
func TestLeasesInStoresByTLS(t *testing.T) {
	t.Parallel()
	t.Run("redis", func(t *testing.T) {
		redis := redistest.StartTLS(t)
		trust := "SSL_CERT_FILE=" + redis.CertFile
		url := "rediss://" + redis.Addr
		testUntrusted(t, url, "REDISCLI_AUTH="+redis.Password)
		testLeases(t, sharedStore{
			withPassword: redis.URL(), url: url, password: redis.Password, common: []string{trust},
			right: []string{"REDISCLI_AUTH=" + redis.Password}, wrong: []string{"REDISCLI_AUTH=geheim"},
			kill: redis.Kill, named: "redislease: ",
		})
	})
	t.Run("nats", func(t *testing.T) {
		nats := natstest.StartTLS(t)
		trust := "SSL_CERT_FILE=" + nats.CertFile
		url := "tls://" + nats.Addr
		testUntrusted(t, url, "NATS_USER=app", "NATS_PASSWORD="+natstest.Password)
		testLeases(t, sharedStore{
			withPassword: nats.URL(), url: url, password: natstest.Password, common: []string{trust},
			right: []string{"NATS_USER=app", "NATS_PASSWORD=" + natstest.Password}, wrong: []string{"NATS_USER=app", "NATS_PASSWORD=geheim"},
			kill: nats.Kill, named: "natslease: ",
		})
	})
}

// testUntrusted starts a server that does not trust the certificate of the store at url.
func testUntrusted(t *testing.T, url string, env ...string) {
	t.Helper()
	media := mediaWith(t, "a.txt")
	keys := filepath.Join(t.TempDir(), "links.keys")
	writeFile(t, keys, firstKey)
	p, err := startProcess(t.TempDir(), append(os.Environ(), env...), "--require-signature", "--key-file", keys, "--links", url, media)
	if err != nil {
		t.Fatal(err)
	}
	p.killAtEnd(t)
	link := signed(t, keys, "--times=2", "/a.txt")
	var line string
	for range 10 { // a slow one may not have come as far as the certificate
		p.mustAnswer(t, link, http.StatusServiceUnavailable)
		if line, _ = p.await("level=ERROR"); strings.Contains(line, "certificate") {
			return
		}
	}
	t.Errorf("the log says %s, want that the certificate is not trusted", line)
}

// A sharedStore is a store of leases that several servers use.
type sharedStore struct {
	withPassword, url, password string
	common, right, wrong        []string // the environment of serve; common is for all
	kill                        func()
	named                       string // in errors
}

func testLeases(t *testing.T, s sharedStore) {
	media := mediaWith(t, "a.txt")
	keys := filepath.Join(t.TempDir(), "links.keys")
	writeFile(t, keys, firstKey)
	serve := func(env []string, url string) *process {
		t.Helper()
		p, err := startProcess(t.TempDir(), slices.Concat(os.Environ(), s.common, env),
			"--require-signature", "--key-file", keys, "--trusted-proxies=127.0.0.1", "--links", url, media)
		if err != nil {
			t.Fatal(err)
		}
		p.killAtEnd(t)
		return p
	}
	first, second, wrong := serve(nil, s.withPassword), serve(s.right, s.url), serve(s.wrong, s.url)
	answer := func(p *process, link, client string, want int) {
		t.Helper()
		if a := p.get(t, http.MethodGet, link, "X-Forwarded-For: "+client); a.status != want {
			t.Errorf("to %s: %d, want %d", client, a.status, want)
		}
	}
	counted, free := signed(t, keys, "--times=2", "/a.txt"), signed(t, keys, "/a.txt")
	answer(first, counted, "192.0.2.1", http.StatusOK)
	answer(second, counted, "192.0.2.2", http.StatusOK)
	answer(first, counted, "192.0.2.2", http.StatusOK)
	answer(first, counted, "192.0.2.3", http.StatusForbidden)
	answer(second, counted, "192.0.2.3", http.StatusForbidden)
	answer(wrong, counted, "192.0.2.1", http.StatusServiceUnavailable)
	answer(wrong, free, "192.0.2.1", http.StatusOK)
	s.kill()
	answer(second, counted, "192.0.2.2", http.StatusServiceUnavailable)
	answer(second, free, "192.0.2.2", http.StatusOK)

	for _, p := range []*process{first, second, wrong} {
		p.signal(t, syscall.SIGTERM)
		p.wait()
		if log := p.log.String(); strings.Contains(log, s.password) || strings.Contains(log, "geheim") {
			t.Errorf("the log has a password:\n%s", log)
		}
		for line := range strings.Lines(p.log.String()) {
			if !strings.HasPrefix(line, "listening on ") && !strings.HasPrefix(line, "time=") {
				t.Errorf("a line that is not one of the log: %s", line)
			}
		}
	}
	for p, why := range map[*process]string{first: "used up", second: s.named, wrong: s.named} {
		if log := p.log.String(); !strings.Contains(log, why) {
			t.Errorf("the log has no %q:\n%s", why, log)
		}
	}
}

// On a socket, clients have no address unless the proxy's field is used, which the log
// says at the start.
func TestLinksOnASocket(t *testing.T) {
	media := mediaWith(t, "a.txt")
	keys := filepath.Join(t.TempDir(), "links.keys")
	writeFile(t, keys, firstKey)
	for trusted, status := range map[string]int{"unix": http.StatusOK, "127.0.0.1": http.StatusForbidden} {
		p := start(t, "--listen=unix:"+filepath.Join(t.TempDir(), "s"), "--require-signature", "--key-file", keys, "--trusted-proxies", trusted, media)
		link := signed(t, keys, "--net=192.0.2.0/24", "/a.txt")
		if a := p.get(t, http.MethodGet, link, "X-Forwarded-For: 192.0.2.1"); a.status != status {
			t.Errorf("with --trusted-proxies %s: %d, want %d", trusted, a.status, status)
		}
		p.mustAnswer(t, signed(t, keys, "/a.txt"), http.StatusOK)
		p.signal(t, syscall.SIGTERM)
		p.wait()
		if warned := strings.Contains(p.log.String(), "set --trusted-proxies unix"); warned != (status != http.StatusOK) {
			t.Errorf("with --trusted-proxies %s the log says:\n%s", trusted, p.log.String())
		}
	}
}
