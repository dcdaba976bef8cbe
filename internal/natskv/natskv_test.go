package natskv

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/downloadview/downloadview/internal/leaktest"
	"github.com/downloadview/downloadview/internal/natstest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

var numbers = Options{Caller: "test", Of: "numbers", Name: "numbers"}

func connect(t testing.TB, urls string) *Bucket {
	t.Helper()
	b, err := Connect(urls, numbers)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func increase(n *int) time.Duration { *n++; return time.Hour }

// A lossy server takes a message, and its first answers are lost.
type lossy struct {
	jetstream.JetStream
	lost int
}

func (l *lossy) PublishMsg(ctx context.Context, m *nats.Msg, o ...jetstream.PublishOpt) (*jetstream.PubAck, error) {
	ack, err := l.JetStream.PublishMsg(ctx, m, o...)
	if err == nil && l.lost > 0 {
		l.lost--
		return nil, context.DeadlineExceeded
	}
	return ack, err
}

// Many changes at once are all made, once each, also if answers are lost. A change of
// nothing writes nothing.
func TestChange(t *testing.T) {
	node := natstest.Start(t, 1)[0]
	var all sync.WaitGroup
	for range 4 {
		b := connect(t, node.URL())
		b.JS = &lossy{b.JS, 2}
		all.Go(func() {
			for range 10 {
				if err := Change(soon(t), b, "a", increase); err != nil {
					t.Error(err)
				}
			}
			if lost := b.JS.(*lossy).lost; lost != 0 {
				t.Errorf("%d answers were not lost", lost)
			}
		})
	}
	all.Wait()
	b := connect(t, node.URL())
	if err := Change(soon(t), b, "a", func(n *int) time.Duration { *n = 0; return 0 }); err != nil {
		t.Error(err)
	}
	n := -1
	if err := b.Get(soon(t), "a", &n); err != nil || n != 40 {
		t.Errorf("%d, %v, want 40", n, err)
	}
	n = -1
	if err := b.Get(soon(t), "b", &n); err != nil || n != -1 {
		t.Errorf("a key that isn't there: %d, %v", n, err)
	}
	for _, key := range []string{"b", "c.1", "c.2"} {
		if err := Change(soon(t), b, key, increase); err != nil {
			t.Fatal(err)
		}
	}
	var got []int
	if err := Each(soon(t), b, "c.*", func(n int) error { got = append(got, n); return nil }); err != nil || !slices.Equal(got, []int{1, 1}) {
		t.Errorf("%v, %v, want two values", got, err)
	}
	full := errors.New("full")
	if err := Each(soon(t), b, ">", func(int) error { return full }); err != full {
		t.Errorf("Each returned %v, want the error of each", err)
	}
	if err := Each(soon(t), b, ">", func(string) error { return nil }); err == nil || !strings.Contains(err.Error(), "not one of the numbers") {
		t.Errorf("values of another kind: %v", err)
	}
}

// A bucket that is gone, because somebody deleted it or the server lost its disk, is made
// again, as after a restart of the program.
func TestBucketIsGone(t *testing.T) {
	b := connect(t, natstest.Start(t, 1)[0].URL())
	n := 0
	for name, use := range map[string]func(context.Context) error{
		"Change": func(ctx context.Context) error { return Change(ctx, b, "a", increase) },
		"Get":    func(ctx context.Context) error { return b.Get(ctx, "a", &n) },
		"Each":   func(ctx context.Context) error { return Each(ctx, b, ">", func(int) error { return nil }) },
	} {
		if err := Change(soon(t), b, "a", increase); err != nil {
			t.Fatal(err)
		}
		if err := b.JS.DeleteStream(soon(t), "KV_"+numbers.Name); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		if err := use(ctx); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
	}
}

// Many requests at once don't wait for one another at a server that doesn't answer.
func TestHangingServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() { _, _ = io.Copy(io.Discard, c); c.Close() })
		}
	})
	t.Cleanup(func() { l.Close(); conns.Wait() })
	b := connect(t, "nats://"+l.Addr().String())
	const timeout, requests = 500 * time.Millisecond, 200
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	began := time.Now()
	var wg sync.WaitGroup
	for range requests {
		wg.Go(func() {
			if err := Change(ctx, b, "a", increase); !errors.Is(err, context.DeadlineExceeded) || !strings.HasPrefix(err.Error(), "test: ") {
				t.Errorf("error %v, want the end of the context", err)
			}
		})
	}
	wg.Wait()
	if took := time.Since(began); took > requests*timeout/4 {
		t.Errorf("all together took %v", took)
	}
	b.Close() // before the server
}

// A bucket that other programs made may not be fit; New refuses what can't work.
func TestUnfit(t *testing.T) {
	node := natstest.Start(t, 1)[0]
	nc, err := nats.Connect(node.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateKeyValue(soon(t), jetstream.KeyValueConfig{Bucket: "other"}); err != nil {
		t.Fatal(err)
	}
	b, err := New(js, Options{Caller: "test", Name: "other"})
	if err != nil {
		t.Fatal(err)
	}
	if err := Change(soon(t), b, "a", increase); err == nil || !strings.Contains(err.Error(), "the bucket other allows direct reads") {
		t.Errorf("a bucket with direct reads: %v", err)
	}
	inDomain, err := jetstream.NewWithDomain(nc, "hub")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		js   jetstream.JetStream
		o    Options
		want string
	}{
		{js, Options{Name: "a.b"}, `"a.b"`},
		{js, Options{Replicas: 6}, "6 replicas"},
		{js, Options{Replicas: -1}, "-1 replicas"},
		{inDomain, Options{}, "domain"},
	} {
		if _, err := New(tt.js, tt.o); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("New with %+v: %v, want an error with %s", tt.o, err, tt.want)
		}
	}
}

func TestConnectRefuses(t *testing.T) {
	for _, tt := range []struct{ url, want string }{
		{"", "is not a URL of NATS"},
		{"127.0.0.1:4222", "not a URL"},
		{"http://user:hidden@host", "http://host is not a URL of NATS"},
		{"nats://user:hidden@", "is not a URL of NATS"},
		{"nats://host,redis://user:hidden@other", "redis://other is not a URL of NATS"},
		{"nats://user:hidden@host:hidden", "not a URL"},
		{"nats://user:hidden%zz@host", "not a URL"},
	} {
		b, err := Connect(tt.url, numbers)
		if text := fmt.Sprint(err); err == nil || !strings.HasPrefix(text, "test: ") || !strings.Contains(text, tt.want) || strings.Contains(text, "hidden") || strings.Contains(text, "user") {
			t.Errorf("Connect(%q) = %v, %v, want an error with %q", tt.url, b, err, tt.want)
		}
	}
}
