package natslease

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/downloadview/downloadview/internal/leaktest"
	"github.com/downloadview/downloadview/internal/natstest"
	"github.com/downloadview/downloadview/middleware"
	"github.com/downloadview/downloadview/middleware/leasetest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func open(t testing.TB, nodes []*natstest.Node, o *Options) *Store {
	t.Helper()
	var urls []string
	for _, n := range nodes {
		urls = append(urls, n.URL())
	}
	s, err := Open(strings.Join(urls, ","), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// soon is a context that outlasts the election of a leader on a slow machine.
func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func request(id, holder string) middleware.LeaseRequest {
	return middleware.LeaseRequest{ID: id, Holder: holder, Times: 1, TTL: time.Hour, Keep: 2 * time.Hour}
}

func lease(t testing.TB, s *Store, q middleware.LeaseRequest, want middleware.LeaseState) {
	t.Helper()
	if got, err := s.Lease(soon(t), q); got != want || err != nil {
		t.Fatalf("Lease(%+v) = %v, %v, want %v", q, got, err, want)
	}
}

func TestStore(t *testing.T) { leasetest.Run(t, open(t, natstest.Start(t, 1), nil)) }

func TestStoreInACluster(t *testing.T) { leasetest.Run(t, open(t, natstest.Start(t, 3), nil)) }

// Three servers have the bucket three times. After one was killed, the next lease works,
// and what was taken stays taken.
func TestOneServerOfThreeIsKilled(t *testing.T) {
	t.Run("the leader of the bucket", func(t *testing.T) { t.Parallel(); isKilled(t, true) })
	t.Run("another one", func(t *testing.T) { t.Parallel(); isKilled(t, false) })
}

func isKilled(t *testing.T, leader bool) {
	nodes := natstest.Start(t, 3)
	s := open(t, nodes, nil)
	for i := range 20 {
		lease(t, s, request(fmt.Sprint("taken", i), "h"), middleware.LeaseNew)
	}
	stream, err := s.kv.Found(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	info, err := stream.Info(soon(t))
	if err != nil || info.Config.Replicas != 3 || info.Cluster == nil {
		t.Fatalf("%+v, %v, want three replicas", info, err)
	}
	for _, n := range nodes {
		if (n.Name == info.Cluster.Leader) == leader {
			n.Kill()
			break
		}
	}
	began := time.Now()
	lease(t, s, request("next", "h"), middleware.LeaseNew)
	t.Logf("the next lease took %v", time.Since(began))
	for i := range 20 {
		lease(t, s, request(fmt.Sprint("taken", i), "h"), middleware.LeaseSame)
		lease(t, s, request(fmt.Sprint("taken", i), "other"), middleware.LeaseUsedUp)
	}
	lease(t, s, request("next", "other"), middleware.LeaseUsedUp)
}

// If all servers are gone, a lease is an error when its context ends; the error has no
// password.
func TestNoServer(t *testing.T) {
	nodes := natstest.Start(t, 1)
	s := open(t, nodes, nil)
	lease(t, s, request("a", "h"), middleware.LeaseNew)
	nodes[0].Kill()
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	state, err := s.Lease(ctx, request("a", "h"))
	if !errors.Is(err, context.DeadlineExceeded) || state != middleware.LeaseUsedUp || strings.Contains(err.Error(), natstest.Password) {
		t.Errorf("%v, %v, want the end of the context", state, err)
	}

	// A store may be opened before its servers are there.
	late := open(t, nodes, nil)
	if _, err := late.Lease(ctx, request("a", "h")); err == nil {
		t.Error("no error without a server")
	}
}

func TestWrongPassword(t *testing.T) {
	node := natstest.Start(t, 1)[0]
	s, err := Open("nats://app:another-secret@"+node.Addr, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if _, err := s.Lease(ctx, request("a", "h")); err == nil || strings.Contains(err.Error(), "another-secret") {
		t.Errorf("error %v", err)
	}
}

// NATS forgets an ID after its Keep.
func TestForgets(t *testing.T) {
	s := open(t, natstest.Start(t, 1), nil)
	q := request("a", "h")
	q.TTL, q.Keep = time.Second, time.Second
	lease(t, s, q, middleware.LeaseNew)
	q.Holder = "other"
	lease(t, s, q, middleware.LeaseUsedUp) // looked at once before its end
	stream, err := s.kv.Found(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	for ctx := soon(t); ; {
		_, err := stream.GetLastMsgForSubject(ctx, s.kv.Subject("a"))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
	}
	lease(t, s, q, middleware.LeaseNew)
}

func TestOpenRefuses(t *testing.T) {
	for _, tt := range []struct {
		url  string
		o    Options
		want string
	}{
		{"http://user:hidden@host", Options{}, "natslease: http://host is not a URL of NATS"},
		{"nats://user:hidden@host:1", Options{Bucket: "a.b"}, `natslease: the bucket is called "a.b"`},
		{"nats://user:hidden@host:1", Options{Replicas: -1}, "natslease: -1 replicas"},
	} {
		s, err := Open(tt.url, &tt.o)
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hidden") || strings.Contains(err.Error(), "user") {
			t.Errorf("Open(%q) = %v, %v, want an error with %q", tt.url, s, err, tt.want)
		}
	}
}
