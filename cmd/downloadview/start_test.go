package main

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/downloadview/downloadview/internal/command"
	"github.com/downloadview/downloadview/internal/faultproxy"
)

// Without credentials in the environment, the servers that might issue some are asked at
// the first request, and not before. If they don't, the answer is 502, with a line in
// the log.
func TestNobodyIsAskedToStart(t *testing.T) {
	var asked atomic.Int64
	machine := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		http.Error(w, "no role here", http.StatusNotFound)
	}))
	defer machine.Close()
	for _, name := range []string{
		"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_EC2_METADATA_DISABLED", "STORAGE_EMULATOR_HOST",
		"GOOGLE_APPLICATION_CREDENTIALS", "AZURE_STORAGE_KEY", "AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_CONNECTION_STRING",
	} {
		t.Setenv(name, "")
	}
	t.Setenv("HOME", t.TempDir())
	t.Setenv("AWS_CONFIG_FILE", "none")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "none")
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", machine.URL)
	t.Setenv("GCE_METADATA_HOST", address(machine.URL))
	t.Setenv("IDENTITY_ENDPOINT", machine.URL)
	t.Setenv("IDENTITY_HEADER", "x")
	t.Setenv("AZURE_STORAGE_ACCOUNT", "account")
	t.Setenv("PATH", "")
	for _, where := range []string{
		"s3://reports?region=us-east-1&endpoint=http%3A%2F%2F127.0.0.1%3A1",
		"gs://reports",
		"azblob://reports",
	} {
		t.Run(where, func(t *testing.T) {
			asked.Store(0)
			l := serve(t, "--tries=1", where)
			if n := asked.Load(); n != 0 {
				t.Errorf("%d requests to start", n)
			}
			if got := l.get(t, "/a"); got.StatusCode != http.StatusBadGateway {
				t.Errorf("%d, want 502", got.StatusCode)
			}
			if n := asked.Load(); n == 0 {
				t.Error("nobody was asked for credentials")
			}
			if !strings.Contains(l.log(), "download failed") {
				t.Error("the log says nothing of it")
			}
		})
	}
}

// A wrong command line is reported in one line, without text that may be secret.
func TestWrongCommandLine(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"s3://b?secret_access_key=hunter2"}, `the unknown parameter "secret_access_key"`},
		{[]string{"s3://id:hunter2@b"}, "has a user; want"},
		{[]string{"s3://b?endpoint=127.0.0.1:9000"}, "http://127.0.0.1:9000"},
		{[]string{"gs://b?token=hunter2"}, `the unknown parameter "token"`},
		{[]string{"--tries=0", "s3://b"}, `"0"; want a whole number of at least 1`},
		{[]string{"--connect-timeout=0s", "s3://b"}, `"0s"; want a duration such as 30s or 5m`},
		{[]string{"--silence-timeout=5", "s3://b"}, `"5"; want a duration`},
		{[]string{"--read-ahead=2", "--read-ahead-memory=1MB", "s3://b"}, "want memory for one part at least"},
		{[]string{"--read-ahead-part=1MB", "s3://b"}, "without --read-ahead"},
	} {
		var stdout, stderr bytes.Buffer
		status := command.Run(t.Context(), append([]string{"serve", "--listen=127.0.0.1:0"}, tt.args...), &stdout, &stderr, open)
		if said := stderr.String(); status != 2 || strings.Count(said, "\n") != 1 || !strings.Contains(said, tt.want) || stdout.Len() > 0 {
			t.Errorf("%q: status %d, says %q; want 2 and %q", tt.args, status, said, tt.want)
		}
		if strings.Contains(stderr.String(), "hunter2") {
			t.Errorf("%q: %s", tt.args, &stderr)
		}
	}
}

// A server that accepts a connection and then doesn't speak TLS counts as not reached.
func TestConnectTimeout(t *testing.T) {
	c := startS3(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close() // nobody accepts: the system does
	l := serve(t, "--connect-timeout=100ms", "--tries=2", "s3://b"+c.at(t, "https://"+ln.Addr().String()))
	if got := l.get(t, "/a"); got.StatusCode != http.StatusBadGateway {
		t.Errorf("%d, want 502", got.StatusCode)
	}
}

// Connections to the store are reused, and as many are kept as there were downloads at a
// time.
func TestConnectionsAreKept(t *testing.T) {
	const together = 24
	c := startS3(t)
	var opened, waiting atomic.Int64
	all := make(chan struct{}, together)
	store := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if waiting.Add(1)%together == 0 { // they are all there
			for range together {
				all <- struct{}{}
			}
		}
		<-all
		fmt.Fprint(w, "x")
	}))
	store.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			opened.Add(1)
		}
	}
	store.Start()
	defer store.Close()
	l := serve(t, "s3://b"+c.at(t, store.URL))
	for range 3 {
		var wg sync.WaitGroup
		for range together {
			wg.Go(func() {
				if got := l.get(t, "/a"); got.body != "x" {
					t.Errorf("%d %q", got.StatusCode, got.body)
				}
			})
		}
		wg.Wait()
	}
	if n := opened.Load(); n > together+together/2 {
		t.Errorf("%d connections for %d downloads at a time, want as many", n, together)
	}
}

// The limits of the file are obeyed, for listings as well.
func TestLimitsOfTheFile(t *testing.T) {
	clouds(t, func(t *testing.T, c *cloud) {
		c.put(t, "folder/a", digits)
		file := filepath.Join(t.TempDir(), "dv.yaml")
		text := fmt.Sprintf("index: true\nstorages: {b: %q}\nlimits: {buckets: {first_byte: 500ms, tries: 2}}\n", c.url(t))
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		l := serve(t, "--config", file)
		if got := l.get(t, "/folder/"); got.StatusCode != 200 || !strings.Contains(got.body, `href="./a"`) {
			t.Errorf("folder: %d %s", got.StatusCode, got.body)
		}
		c.faults.Reset()
		c.faults.On(0, nil, faultproxy.Mute())
		if got := l.get(t, "/folder/a"); got.StatusCode != 504 {
			t.Errorf("silent: %d, want 504", got.StatusCode)
		}
		if n := len(c.faults.Requests()); n != 2 {
			t.Errorf("%d requests, want the 2 tries of the file", n)
		}
		if got := l.get(t, "/folder/"); got.StatusCode != 504 {
			t.Errorf("silent folder: %d, want 504", got.StatusCode)
		}
	})
}
