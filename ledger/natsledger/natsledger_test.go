package natsledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/downloadview/downloadview/internal/leaktest"
	"github.com/downloadview/downloadview/internal/natstest"
	"github.com/downloadview/downloadview/ledger"
	"github.com/downloadview/downloadview/ledger/ledgertest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func connect(t testing.TB, nodes []*natstest.Node, o *Options) *Store {
	t.Helper()
	var urls []string
	for _, n := range nodes {
		urls = append(urls, n.URL())
	}
	s, err := Connect(strings.Join(urls, ","), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// soon is a context that outlasts the election of a leader on a slow machine.
func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func run(t *testing.T, s *Store) {
	t.Helper()
	ledgertest.Run(t, ledgertest.Fixture{Store: s, Entries: func(t testing.TB, id string) []ledger.Entry {
		t.Helper()
		entries, err := s.Entries(soon(t), id)
		if err != nil {
			t.Fatal(err)
		}
		return entries
	}})
}

func TestStore(t *testing.T) { run(t, connect(t, natstest.Start(t, 1), nil)) }

// Four processes add to ten downloads, while one of three servers is killed. Each part
// counts once.
func TestOneServerOfThreeIsKilled(t *testing.T) {
	nodes := natstest.Start(t, 3)
	began := time.Now().Truncate(time.Microsecond)
	const processes, downloads, parts = 4, 10, 10
	var all sync.WaitGroup
	half := make(chan bool, processes)
	for i := range processes {
		s := connect(t, nodes, nil)
		all.Go(func() {
			for part := range parts {
				if part == parts/2 {
					half <- true
				}
				for n := range downloads {
					d := ledger.Download{Subject: "ann", Name: fmt.Sprint(n)}
					id, err := s.Open(soon(t), d.What(), began, time.Hour)
					if err != nil {
						t.Errorf("Open: %v", err)
						continue
					}
					at := int64(i*parts + part)
					p := ledger.Part{ID: id, Download: d, What: d.What(), Kind: ledger.Streamed, Began: began, Time: began, Size: processes * parts, Bytes: 1, Piece: ledger.Piece{Start: at, End: at + 1}}
					if err := s.Add(soon(t), p); err != nil {
						t.Errorf("Add: %v", err)
					}
				}
			}
		})
	}
	<-half
	s := connect(t, nodes, nil)
	stream, err := s.kv.Found(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	killed := false
	for _, n := range nodes {
		if info := stream.CachedInfo(); info.Config.Replicas == 3 && info.Cluster != nil && n.Name == info.Cluster.Leader {
			n.Kill()
			killed = true
		}
	}
	if !killed {
		t.Errorf("no server leads the bucket: %+v", stream.CachedInfo())
	}
	all.Wait()
	seen := map[string]bool{}
	if err := s.All(soon(t), func(e ledger.Entry) error {
		if seen[e.Name] = true; !e.Complete || e.Bytes != processes*parts || e.Streamed != processes*parts {
			t.Errorf("%+v", e)
		}
		return nil
	}); err != nil || len(seen) != downloads {
		t.Errorf("%d downloads, %v, want %d", len(seen), err, downloads)
	}
	full := errors.New("full")
	if err := s.All(soon(t), func(ledger.Entry) error { return full }); err != full {
		t.Errorf("All returned %v, want the error of each", err)
	}
}

// A deaf client hears no answers to changes of entries.
type deaf struct {
	jetstream.JetStream
	is    atomic.Bool
	times atomic.Int64
}

func (d *deaf) PublishMsg(ctx context.Context, m *nats.Msg, o ...jetstream.PublishOpt) (*jetstream.PubAck, error) {
	ack, err := d.JetStream.PublishMsg(ctx, m, o...)
	if err == nil && d.is.Load() && strings.Contains(m.Subject, ".id.") {
		d.times.Add(1)
		return nil, context.DeadlineExceeded
	}
	return ack, err
}

// A Queue asks again for a part after its Timeout. It counts once also then.
func TestLostAnswersOfAQueue(t *testing.T) {
	s := connect(t, natstest.Start(t, 1), nil)
	d := ledger.Download{Subject: "ann", Name: "a"}
	if _, err := s.Open(soon(t), d.What(), time.Now(), time.Hour); err != nil { // the bucket is there
		t.Fatal(err)
	}
	js := &deaf{JetStream: s.kv.JS}
	js.is.Store(true)
	s.kv.JS = js
	q := ledger.NewQueue(s, &ledger.QueueOptions{Timeout: 200 * time.Millisecond, Logger: slog.New(slog.DiscardHandler)})
	now := time.Now()
	p := ledger.Part{Download: d, What: d.What(), Kind: ledger.Streamed, Began: now, Time: now, Size: 40, Bytes: 1, Piece: ledger.Piece{End: 1}}
	var err error
	if p.ID, err = q.Open(t.Context(), p.What, p.Began, time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := q.Add(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second) // some of its tries
	js.is.Store(false)
	if err := q.Close(soon(t)); err != nil {
		t.Fatal(err)
	}
	n := 0
	if err := s.All(soon(t), func(e ledger.Entry) error {
		if n++; e.Bytes != 1 || e.Streamed != 1 {
			t.Errorf("%+v, want one part", e)
		}
		return nil
	}); err != nil || n != 1 || js.times.Load() < 2 {
		t.Errorf("%d entries after %d lost answers, %v", n, js.times.Load(), err)
	}
}

// If all servers are gone, the error comes when the context ends, and has no password.
func TestNoServer(t *testing.T) {
	nodes := natstest.Start(t, 1)
	s := connect(t, nodes, nil)
	d := ledger.Download{Name: "a"}
	if _, err := s.Open(soon(t), d.What(), time.Now(), time.Hour); err != nil {
		t.Fatal(err)
	}
	nodes[0].Kill()
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	_, err := s.Open(ctx, d.What(), time.Now(), time.Hour)
	if !errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), natstest.Password) {
		t.Errorf("%v, want the end of the context", err)
	}
}

func TestWrongOptions(t *testing.T) {
	for _, tt := range []struct {
		url  string
		o    Options
		want string
	}{
		{"nats://a:1", Options{Bucket: "a.b"}, `the bucket is called "a.b"; want letters`},
		{"nats://a:1", Options{Replicas: 6}, "6 replicas; want 0 to 5"},
		{"nats://a:1", Options{Keep: time.Minute}, "kept for 1m0s; want an hour or more"},
		{"http://user:secret@a:1", Options{}, "natsledger: http://a:1 is not a URL of NATS"},
	} {
		s, err := Connect(tt.url, &tt.o)
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("Connect(%q, %+v): %v, want %q", tt.url, tt.o, err, tt.want)
		}
	}
}
