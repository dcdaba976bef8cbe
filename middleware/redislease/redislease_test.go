package redislease

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/leaktest"
	"github.com/downloadview/downloadview/internal/redistest"
	"github.com/downloadview/downloadview/middleware"
	"github.com/downloadview/downloadview/middleware/leasetest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func open(t testing.TB, url string) *Store {
	t.Helper()
	s, err := Open(url, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestStore(t *testing.T) { leasetest.Run(t, open(t, redistest.Start(t).URL())) }

// Two processes share what is in Redis; a restart of theirs forgets nothing.
func TestProcessesShareTheLeases(t *testing.T) {
	url := redistest.Start(t).URL()
	q := middleware.LeaseRequest{ID: "a", Holder: "h", Times: 1, TTL: time.Hour, Keep: time.Hour}
	if got, err := open(t, url).Lease(t.Context(), q); got != middleware.LeaseNew || err != nil {
		t.Fatalf("%v, %v, want new", got, err)
	}
	if got, err := open(t, url).Lease(t.Context(), q); got != middleware.LeaseSame || err != nil {
		t.Fatalf("%v, %v, want same", got, err)
	}
}

// Redis forgets an ID after the longest Keep, and its keys have the prefix.
func TestKeysEnd(t *testing.T) {
	server := redistest.Start(t)
	options, err := redis.ParseURL(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	t.Cleanup(func() { client.Close() })
	s := New(client, &Options{Prefix: "mine:"})
	q := middleware.LeaseRequest{ID: "a", Holder: "counted", Times: 5, TTL: time.Hour, Keep: time.Hour}
	for _, step := range []struct {
		holder            string
		keep, want        time.Duration
		provisional, keys int
		complete          bool
	}{
		{"counted", time.Hour, time.Hour, 0, 2, false},
		{"provisional", time.Minute, time.Hour, 2, 3, false},
		{"other", 3 * time.Hour, 3 * time.Hour, 2, 3, false},
		{"provisional", 3 * time.Hour, 3 * time.Hour, 2, 3, true},
		{"other", 3 * time.Hour, 3 * time.Hour, 2, 2, true},
	} {
		q.Holder, q.Keep, q.Provisional = step.holder, step.keep, step.provisional
		if step.complete {
			if err := s.Complete(t.Context(), q.ID, q.Holder); err != nil {
				t.Fatal(err)
			}
		} else if _, err := s.Lease(t.Context(), q); err != nil {
			t.Fatal(err)
		}
		keys, err := client.Keys(t.Context(), "*").Result()
		if err != nil || len(keys) != step.keys {
			t.Fatalf("after %+v there are the keys %q, %v, want %d", step, keys, err, step.keys)
		}
		for _, key := range keys {
			left, err := client.PTTL(t.Context(), key).Result()
			if err != nil || !strings.HasPrefix(key, "mine:{a}:") {
				t.Fatalf("%s: %v", key, err)
			}
			// A key of this step alone may end with its Keep; the counts end last.
			if strings.HasSuffix(key, ":counts") && (left < step.want-time.Minute || left > step.want+time.Minute) || left < 0 {
				t.Errorf("after %+v, %s ends in %v", step, key, left)
			}
		}
	}
}

// The scripts are still run after Redis forgot them.
func TestScriptsAreLoadedAgain(t *testing.T) {
	server := redistest.Start(t)
	options, err := redis.ParseURL(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	t.Cleanup(func() { client.Close() })
	s := New(client, nil)
	q := middleware.LeaseRequest{ID: "a", Holder: "h", Times: 1, TTL: time.Hour, Keep: time.Hour}
	for i, want := range []middleware.LeaseState{middleware.LeaseNew, middleware.LeaseSame} {
		if err := client.ScriptFlush(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Lease(t.Context(), q); got != want || err != nil {
			t.Errorf("lease %d: %v, %v, want %v", i+1, got, err, want)
		}
	}
}

// counted is a handler whose link for one download was used, and that link.
func counted(t *testing.T, s *Store, timeout time.Duration) func(client string) (*httptest.ResponseRecorder, string) {
	t.Helper()
	keys, err := middleware.ParseKeys("links.keys", []byte("a AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n"))
	if err != nil {
		t.Fatal(err)
	}
	links := middleware.NewLinks(keys, &middleware.LinksOptions{Leases: middleware.NewLeases(s, &middleware.LeasesOptions{Timeout: timeout})})
	link, err := links.Sign("/a", middleware.Grant{Expires: time.Now().Add(time.Hour), Times: 1})
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: downloadview.FromString("a", "secret bytes", nil)}, nil
	})
	h := links.Handler(downloadview.NewHandler(view, &downloadview.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}))
	return func(client string) (*httptest.ResponseRecorder, string) {
		log.Reset()
		r := httptest.NewRequest("GET", link, nil)
		r.RemoteAddr = client + ":1"
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w, log.String()
	}
}

// After Redis was killed, nobody gets the file, and the log has no password.
func TestKilledServerIs503(t *testing.T) {
	server := redistest.Start(t)
	get := counted(t, open(t, server.URL()), 0)
	for i, want := range []int{200, 403} {
		if w, _ := get([]string{"192.0.2.1", "192.0.2.2"}[i]); w.Code != want {
			t.Fatalf("%d, want %d", w.Code, want)
		}
	}
	server.Kill()
	for _, client := range []string{"192.0.2.1", "192.0.2.3"} {
		w, log := get(client)
		if w.Code != 503 || w.Body.String() != "Service Unavailable\n" {
			t.Errorf("%s: %d %q, want 503", client, w.Code, w.Body)
		}
		if !strings.Contains(log, "redislease") || strings.Contains(log, server.Password) {
			t.Errorf("log %s", log)
		}
	}
}

// A wrong password is 503, and not seen anywhere.
func TestWrongPasswordIs503(t *testing.T) {
	server := redistest.Start(t)
	get := counted(t, open(t, "redis://:another-secret@"+server.Addr), 0)
	w, log := get("192.0.2.1")
	if w.Code != 503 || strings.Contains(log, "another-secret") || !strings.Contains(log, "WRONGPASS") {
		t.Errorf("%d, log %s", w.Code, log)
	}
}

// A server that accepts connections and doesn't answer is an error within the timeout.
func TestHangingServerIs503(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(io.Discard, c); c.Close() }()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	s := open(t, "redis://"+l.Addr().String())
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err = s.Lease(ctx, middleware.LeaseRequest{ID: "a", Holder: "h", Times: 1, TTL: time.Hour, Keep: time.Hour})
	if err == nil || !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("error %v, want one of a deadline", err)
	}
	if took := time.Since(began); took > 20*time.Second { // its own timeouts, with tries, are longer
		t.Errorf("it took %v", took)
	}
	if w, _ := counted(t, s, 300*time.Millisecond)("192.0.2.1"); w.Code != 503 {
		t.Errorf("%d, want 503", w.Code)
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, tt := range []struct{ url, want string }{
		{"", "is not a URL of Redis"},
		{"127.0.0.1:6379", "not a URL"},
		{"http://user:hidden@host/0", "http://host/0 is not a URL of Redis"},
		{"redis://user:hidden@host/zero", "redis://host/zero is not a URL of Redis"},
		{"redis://user:hidden@host/0?what=hidden", "redis://host/0 is not a URL of Redis"},
		{"redis://user:hidden@host:hidden/0", "not a URL"},
		{"redis://user:hidden%zz@host", "not a URL"},
	} {
		s, err := Open(tt.url, nil)
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hidden") || strings.Contains(err.Error(), "user") {
			t.Errorf("Open(%q) = %v, %v, want an error with %q", tt.url, s, err, tt.want)
		}
	}
}
