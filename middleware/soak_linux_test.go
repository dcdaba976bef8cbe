package middleware_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/leaktest"
	"github.com/downloadview/downloadview/middleware"
	"github.com/downloadview/downloadview/middleware/memlease"
	"github.com/downloadview/downloadview/storage/disk"
)

// soakTime is how long TestSoak runs: two seconds, or what DOWNLOADVIEW_SOAK says.
func soakTime(t *testing.T) time.Duration {
	t.Helper()
	s := os.Getenv("DOWNLOADVIEW_SOAK")
	if s == "" {
		return 2 * time.Second
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		t.Fatalf("DOWNLOADVIEW_SOAK %q is not a duration; want one such as 10m", s)
	}
	return d
}

// A soak is a server with links, leases and limits, and what its clients ask for.
type soak struct {
	url   string
	links *middleware.Links
	files map[string][]byte
	names []string

	answers [6]atomic.Int64 // by the first digit of the status; 0: broken off by the client
}

// Clients ask for whole files, ranges and headers, with links that are valid, altered,
// counted or missing, and break off at random points. Each answer is right; after it,
// nothing is left of it: no goroutine, no descriptor, no open download, and no lease.
func TestSoak(t *testing.T) {
	left := leaktest.Watch(t)
	s := soak{files: map[string][]byte{}}
	dir := t.TempDir()
	for name, size := range map[string]int{"small": 1 << 10, "medium": 300 << 10, "large": 4 << 20} {
		content := bytes.Repeat([]byte(name+" "), size/len(name))[:size]
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
		s.files[name] = content
		s.names = append(s.names, name)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	clients := middleware.NewClients(nil)
	const most = 20_000
	store := &idStore{Store: memlease.New(&memlease.Options{Most: most}), ids: map[string]bool{}}
	s.links = middleware.NewLinks(exampleKeys, &middleware.LinksOptions{
		ClientIP: clients.IP,
		Leases:   middleware.NewLeases(store, &middleware.LeasesOptions{TTL: time.Second, Count: middleware.OnComplete}),
	})
	limit := middleware.NewDownloadLimit(&middleware.DownloadLimitOptions{Most: 8, MostPerKey: 2, Key: clients.Key, Queue: 6, Wait: 5 * time.Millisecond})
	rate := middleware.NewRateLimit(256<<20, &middleware.RateLimitOptions{Key: clients.Key})
	view := &downloadview.StorageView{Storage: disk.New(root, nil), Key: downloadview.PathKey("/")}
	server := httptest.NewServer(s.links.Handler(limit.Handler(downloadview.Use(rate.View)(downloadview.NewHandler(view, quiet)))))
	s.url = server.URL

	var running sync.WaitGroup
	ctx, cancel := context.WithTimeout(t.Context(), soakTime(t))
	defer cancel()
	for i := range 24 {
		running.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 12))
			d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(2+i%6))}}
			c := &http.Client{Transport: &http.Transport{DialContext: d.DialContext}}
			defer c.CloseIdleConnections()
			for ctx.Err() == nil {
				if err := s.ask(c, random); err != nil {
					t.Errorf("client %d: %v", i, err)
					return
				}
			}
		})
	}
	running.Wait()
	server.Close()
	root.Close()
	left()
	if n := limit.Open(); n != 0 {
		t.Errorf("%d downloads are open", n)
	}
	store.emptied(t, most)
	if len(store.ids) == 0 {
		t.Error("no link was counted")
	}
	var answers []int64
	for i := range s.answers {
		answers = append(answers, s.answers[i].Load())
	}
	t.Logf("answers by class, and first those that the client broke off: %v", answers)
	for _, class := range []int{0, 2, 4} { // a machine that is slow enough needs no 503
		if s.answers[class].Load() == 0 {
			t.Errorf("no answer of class %d", class)
		}
	}
}

// linkLife is how long links are valid.
const linkLife = 10 * time.Second

// ask sends a random request and checks the answer.
func (s *soak) ask(c *http.Client, random *rand.Rand) error {
	name := s.names[random.IntN(len(s.names))]
	content := s.files[name]
	g := middleware.Grant{Expires: time.Now().Add(linkLife)}
	counted := random.IntN(4) == 0
	if counted {
		g.Times = 1 + random.IntN(2)
	}
	link, err := s.links.Sign("/"+name, g)
	if err != nil {
		return err
	}
	valid := true
	switch random.IntN(8) {
	case 0:
		link, valid = "/"+name, false
	case 1:
		link, valid = link+"x", false
	}
	for range 1 + random.IntN(3) { // a counted link is asked for again by the same client
		ctx, cancel := context.WithCancel(context.Background())
		err := s.once(ctx, c, random, link, content, valid)
		cancel()
		if err != nil {
			return fmt.Errorf("%s (counted %v): %w", name, counted, err)
		}
	}
	return nil
}

func (s *soak) once(ctx context.Context, c *http.Client, random *rand.Rand, link string, content []byte, valid bool) error {
	method, want := http.MethodGet, content
	r, err := http.NewRequestWithContext(ctx, method, s.url+link, http.NoBody)
	if err != nil {
		return err
	}
	status := http.StatusOK
	switch random.IntN(4) {
	case 0:
		r.Method, want = http.MethodHead, nil
	case 1:
		from := random.IntN(len(content))
		to := from + random.IntN(len(content)-from)
		r.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", from, to))
		status, want = http.StatusPartialContent, content[from:to+1]
	}
	resp, err := c.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	switch {
	case !valid && resp.StatusCode != http.StatusForbidden:
		return fmt.Errorf("%s without a link, want 403", resp.Status)
	case resp.StatusCode == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") == "":
		return errors.New("503 without Retry-After")
	case resp.StatusCode < 400 && resp.StatusCode != status:
		return fmt.Errorf("%s, want %d", resp.Status, status)
	}
	if resp.StatusCode < 400 && len(want) > 0 && random.IntN(3) == 0 { // break off
		part := make([]byte, random.IntN(len(want)))
		if _, err := io.ReadFull(resp.Body, part); err != nil {
			return fmt.Errorf("%d of %d bytes: %w", len(part), len(want), err)
		}
		if !bytes.HasPrefix(want, part) {
			return errors.New("other bytes")
		}
		s.answers[0].Add(1)
		return nil
	}
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("%s: %d of %d bytes: %w", resp.Status, len(got), len(want), err)
	}
	if resp.StatusCode < 400 && !bytes.Equal(got, want) {
		return fmt.Errorf("%s: %d bytes that differ, want %d", resp.Status, len(got), len(want))
	}
	s.answers[resp.StatusCode/100].Add(1)
	return nil
}

// An idStore remembers the IDs of leases.
type idStore struct {
	*memlease.Store
	mu  sync.Mutex
	ids map[string]bool
}

func (s *idStore) Lease(ctx context.Context, q middleware.LeaseRequest) (middleware.LeaseState, error) {
	s.mu.Lock()
	s.ids[q.ID] = true
	s.mu.Unlock()
	return s.Store.Lease(ctx, q)
}

// emptied fails unless the store has room for all but the IDs, which are kept until a
// minute after the links have expired.
func (s *idStore) emptied(t *testing.T, most int) {
	t.Helper()
	room := most - len(s.ids)
	deadline := time.Now().Add(10 * time.Second)
	for taken := 0; taken+2 <= room; {
		_, err := s.Store.Lease(context.Background(), middleware.LeaseRequest{ID: fmt.Sprint(taken), Holder: "h", Times: 1, TTL: time.Hour, Keep: time.Hour})
		switch {
		case err == nil:
			taken += 2 // an ID and its lease
		case time.Now().After(deadline):
			t.Errorf("room for %d more IDs and leases, want %d: %v", taken, room, err)
			return
		default:
			<-time.After(50 * time.Millisecond) // until the leases are over
		}
	}
}
