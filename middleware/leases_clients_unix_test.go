//go:build unix

package middleware_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/nginxtest"
	"github.com/downloadview/downloadview/internal/testserver"
	"github.com/downloadview/downloadview/middleware"
	"github.com/downloadview/downloadview/middleware/memlease"
	"github.com/downloadview/downloadview/storage/disk"
)

// A witness is a store that counts what it answers.
type witness struct {
	middleware.LeaseStore
	mu     sync.Mutex
	states map[middleware.LeaseState]int
}

func (s *witness) Lease(ctx context.Context, q middleware.LeaseRequest) (middleware.LeaseState, error) {
	state, err := s.LeaseStore.Lease(ctx, q)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.states[state]++
	return state, err
}

// told returns how often a state was told.
func (s *witness) told(state middleware.LeaseState) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.states[state]
}

// A shop sells big.bin.
type shop struct {
	url     string
	links   *middleware.Links
	store   *witness
	content []byte

	mu       sync.Mutex
	outcomes []downloadview.Outcome
}

// openShop starts an application, and nginx in front of it if behind is set.
func openShop(t *testing.T, behind bool) *shop {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "media")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	s := &shop{store: &witness{LeaseStore: memlease.New(nil), states: map[middleware.LeaseState]int{}}, content: make([]byte, 16<<20)}
	chacha := rand.NewChaCha8([32]byte{})
	_, _ = chacha.Read(s.content)
	file := filepath.Join(dir, "big.bin")
	old := time.Now().Add(-time.Hour)
	if err := os.WriteFile(file, s.content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(file, old, old); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	view := downloadview.View(&downloadview.StorageView{Storage: disk.New(root, nil), Key: downloadview.PathKey("/")})
	if behind {
		a, err := accel.New(accel.Nginx(), []accel.Rule{{Source: dir, Destination: "/_media/"}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		view = a.Middleware(view)
	}
	s.links = middleware.NewLinks(exampleKeys, &middleware.LinksOptions{Leases: middleware.NewLeases(s.store, nil)})
	app := httptest.NewServer(s.links.Handler(downloadview.NewHandler(view, &downloadview.Options{
		Logger: quiet.Logger,
		Observer: func(_ *http.Request, o downloadview.Outcome) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.outcomes = append(s.outcomes, o)
		},
	})))
	t.Cleanup(app.Close)
	s.url = app.URL
	if behind {
		s.url = nginxtest.Start(t, nginxtest.Options{
			Upstream: app.Listener.Addr().String(), Directory: dir,
			Extra: "proxy_bind $remote_addr;\n", // the application sees the client's address
		}).URL
	}
	return s
}

// run runs a client in dir. limit is for the shell that starts it.
func run(t *testing.T, dir, limit, binary string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", append([]string{"-c", limit + ` exec "$@"`, "sh", binary}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// Real clients break off and come back, and fetch by four connections: that is one
// download. Then another person is refused, and HEAD is not.
func TestClientsDownloadOnce(t *testing.T) {
	const short = "ulimit -c 0; ulimit -f 1000;" // on the size of the file, which breaks the download off
	for _, c := range []struct {
		name, envVar, limit string
		args, first         []string
	}{
		{"curl", "DOWNLOADVIEW_CURL", short, []string{"--silent", "--show-error", "--fail", "--continue-at", "-", "--output", "big.bin"}, nil},
		{"wget", "DOWNLOADVIEW_WGET", short, []string{"--no-verbose", "--tries=1", "--no-config", "--continue", "--output-document", "big.bin"}, nil},
		{
			"aria2c", "DOWNLOADVIEW_ARIA2C", "",
			[]string{"-c", "-x4", "-s4", "-k1M", "--no-conf", "--file-allocation=none", "--allow-overwrite=false", "--auto-file-renaming=false", "--out", "big.bin"},
			[]string{"--stop=1", "--max-overall-download-limit=1M"},
		},
	} {
		for name, behind := range map[string]bool{"alone": false, "behind nginx": true} {
			t.Run(c.name+"/"+name, func(t *testing.T) {
				binary, curl := testserver.Binary(t, c.name, c.envVar), testserver.Binary(t, "curl", "DOWNLOADVIEW_CURL")
				s, dir := openShop(t, behind), t.TempDir()
				link := s.url + sign(t, s.links, "/big.bin", middleware.Grant{Times: 1})

				out, err := run(t, dir, c.limit, binary, append(append(c.args, c.first...), link)...)
				if begun, statErr := os.Stat(filepath.Join(dir, "big.bin")); err == nil || statErr != nil || begun.Size() == 0 {
					t.Fatalf("the first run did not break off within the file: %v, %s", statErr, out)
				}
				if out, err = run(t, dir, "", binary, append(c.args, link)...); err != nil {
					t.Fatalf("the second run: %v: %s", err, out)
				}
				got, err := os.ReadFile(filepath.Join(dir, "big.bin"))
				if err != nil || !bytes.Equal(got, s.content) {
					t.Errorf("%d bytes, %v, want the %d of the file", len(got), err, len(s.content))
				}
				if n, again := s.store.told(middleware.LeaseNew), s.store.told(middleware.LeaseSame); n != 1 || again == 0 {
					t.Errorf("%d new leases and %d more requests within them, want 1 and some", n, again)
				}

				// Another person has another address.
				other := []string{"--silent", "--show-error", "--interface", "127.0.0.2", "--output", "other", "--write-out", "%{http_code}", link}
				if out, err = run(t, dir, "", curl, other...); err != nil || out != "403" {
					t.Errorf("another person: %v, %s, want 403", err, out)
				}
				if out, err = run(t, dir, "", curl, append(other, "--head")...); err != nil || out != "200" {
					t.Errorf("HEAD of another person: %v, %s, want 200", err, out)
				}
				if body, err := os.ReadFile(filepath.Join(dir, "other")); err != nil || strings.Contains(string(body), string(s.content[:100])) {
					t.Errorf("another person got %d bytes, %v", len(body), err)
				}
				s.mu.Lock()
				defer s.mu.Unlock()
				for _, o := range s.outcomes {
					if (o.Mode == downloadview.Offloaded) != behind && o.Status < 300 {
						t.Errorf("mode %v, obstacle %q, behind nginx: %v", o.Mode, o.Obstacle, behind)
					}
				}
			})
		}
	}
}

// The answers without bytes that nginx would give are given here, and not counted.
func TestBehindNginxA304IsNotCounted(t *testing.T) {
	s := openShop(t, true)
	link := s.url + sign(t, s.links, "/big.bin", middleware.Grant{Times: 1})
	send := func(method string, fields ...string) (*http.Response, error) {
		r, err := http.NewRequestWithContext(t.Context(), method, link, nil)
		if err != nil {
			return nil, err
		}
		for i := 0; i < len(fields); i += 2 {
			r.Header.Set(fields[i], fields[i+1])
		}
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err == nil {
			resp.Body.Close()
		}
		return resp, err
	}
	head, err := send("HEAD")
	if err != nil || head.StatusCode != 200 || head.Header.Get("Etag") == "" {
		t.Fatalf("HEAD: %v, %v", head, err)
	}
	for _, tt := range []struct {
		field, value string
		status       int
	}{
		{"If-None-Match", head.Header.Get("Etag"), 304},
		{"If-Modified-Since", head.Header.Get("Last-Modified"), 304},
		{"If-Match", `"x"`, 412},
		{"Range", "bytes=99999999-", 416},
		{"Sec-Purpose", "prefetch", 403},
	} {
		resp, err := send("GET", tt.field, tt.value)
		if err != nil || resp.StatusCode != tt.status {
			t.Errorf("%s: %s: %v, %v, want %d", tt.field, tt.value, resp.Status, err, tt.status)
		}
	}
	if n := len(s.store.states); n != 0 {
		t.Errorf("leases: %v, want none", s.store.states)
	}
	resp, err := send("GET", "Range", "bytes=0-0")
	if err != nil || resp.StatusCode != 206 || s.store.told(middleware.LeaseNew) != 1 {
		t.Errorf("%v, %v, leases %v, want one", resp, err, s.store.states)
	}
}
