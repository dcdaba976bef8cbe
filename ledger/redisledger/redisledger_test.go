package redisledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/downloadview/downloadview/internal/leaktest"
	"github.com/downloadview/downloadview/internal/redistest"
	"github.com/downloadview/downloadview/ledger"
	"github.com/downloadview/downloadview/ledger/ledgertest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func open(t testing.TB, url string, o *Options) *Store {
	t.Helper()
	s, err := Connect(url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestStore(t *testing.T) {
	s := open(t, redistest.Start(t).URL(), nil)
	ledgertest.Run(t, ledgertest.Fixture{Store: s, Entries: func(t testing.TB, id string) []ledger.Entry {
		t.Helper()
		entries, err := s.Entries(context.WithoutCancel(t.Context()), id)
		if err != nil {
			t.Fatal(err)
		}
		return entries
	}})
}

// streamed is one byte of a file, with that of a download.
func streamed(id string, d ledger.Download, at int64) ledger.Part {
	now := time.Now()
	return ledger.Part{ID: id, Download: d, What: d.What(), Kind: ledger.Streamed, Began: now, Time: now, Size: 40, Bytes: 1, Piece: ledger.Piece{Start: at, End: at + 1}}
}

// Four processes add to ten downloads. Each part counts once, and All returns each entry
// once.
func TestProcessesShareTheEntries(t *testing.T) {
	server := redistest.Start(t)
	const processes, downloads, parts = 4, 10, 10
	var all sync.WaitGroup
	for i := range processes {
		s := open(t, server.URL(), &Options{Prefix: "a*[b]-\\?:"})
		all.Go(func() {
			for part := range parts {
				for n := range downloads {
					d := ledger.Download{Subject: "ann", Name: fmt.Sprint(n)}
					id, err := s.Open(t.Context(), d.What(), time.Now(), time.Hour)
					if err == nil {
						err = s.Add(t.Context(), streamed(id, d, int64(i*parts+part)))
					}
					if err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
	seen := map[string]int{}
	s := open(t, server.URL(), &Options{Prefix: "a*[b]-\\?:"})
	if err := s.All(t.Context(), func(e ledger.Entry) error {
		if seen[e.Name]++; !e.Complete || e.Bytes != processes*parts || e.Streamed != processes*parts {
			t.Errorf("%+v", e)
		}
		return nil
	}); err != nil || len(seen) != downloads {
		t.Errorf("%d downloads, %v, want %d", len(seen), err, downloads)
	}
	for name, n := range seen {
		if n != 1 {
			t.Errorf("%d entries for %s, want 1", n, name)
		}
	}
	full := errors.New("full")
	if err := s.All(t.Context(), func(ledger.Entry) error { return full }); err != full {
		t.Errorf("All returned %v, want the error of each", err)
	}
	if err := open(t, server.URL(), nil).All(t.Context(), func(e ledger.Entry) error { return fmt.Errorf("%+v", e) }); err != nil {
		t.Errorf("another prefix has entries: %v", err)
	}
}

// A lossy client loses the first answers of scripts.
type lossy struct{ lost int }

func (l *lossy) DialHook(next redis.DialHook) redis.DialHook { return next }
func (l *lossy) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (l *lossy) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if err == nil && l.lost > 0 && strings.HasPrefix(cmd.Name(), "eval") {
			l.lost--
			return io.EOF
		}
		return err
	}
}

// A part that was taken, but whose answer was lost, counts once; and so does a download
// that was opened.
func TestLostAnswer(t *testing.T) {
	s := open(t, redistest.Start(t).URL(), nil)
	l := new(lossy)
	s.client.AddHook(l)
	d := ledger.Download{Subject: "ann", Name: "a"}
	l.lost = 2
	id, err := s.Open(t.Context(), d.What(), time.Now(), time.Hour)
	if err != nil || l.lost != 0 {
		t.Fatal(err)
	}
	if again, err := s.Open(t.Context(), d.What(), time.Now(), time.Hour); err != nil || again != id {
		t.Errorf("%q, %v, want %q", again, err, id)
	}
	for i := range int64(2) {
		l.lost = 4
		if err := s.Add(t.Context(), streamed(id, d, i)); err != nil {
			t.Fatal(err)
		}
	}
	if e, err := s.Entries(t.Context(), id); err != nil || len(e) != 1 || e[0].Bytes != 2 || l.lost != 0 {
		t.Errorf("%+v, %v, %d answers to lose; want two bytes of two parts", e, err, l.lost)
	}
}

// A deaf client hears no answers to changes of entries.
type deaf struct {
	lossy
	is    atomic.Bool
	times atomic.Int64
}

func (d *deaf) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if args := cmd.Args(); err == nil && d.is.Load() && len(args) > 3 && strings.Contains(fmt.Sprint(args[3]), ":id:{") {
			d.times.Add(1)
			return io.EOF
		}
		return err
	}
}

// A Queue asks again for a part after its Timeout. It counts once also then.
func TestLostAnswersOfAQueue(t *testing.T) {
	s := open(t, redistest.Start(t).URL(), nil)
	hook := new(deaf)
	s.client.AddHook(hook)
	hook.is.Store(true)
	q := ledger.NewQueue(s, &ledger.QueueOptions{Timeout: 50 * time.Millisecond, Logger: slog.New(slog.DiscardHandler)})
	p := streamed("", ledger.Download{Subject: "ann", Name: "a"}, 0)
	var err error
	if p.ID, err = q.Open(t.Context(), p.What, p.Began, time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := q.Add(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	time.Sleep(500 * time.Millisecond) // some of its tries
	hook.is.Store(false)
	if err := q.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	n := 0
	if err := s.All(t.Context(), func(e ledger.Entry) error {
		if n++; e.Bytes != 1 || e.Streamed != 1 {
			t.Errorf("%+v, want one part", e)
		}
		return nil
	}); err != nil || n != 1 || hook.times.Load() < 2 {
		t.Errorf("%d entries after %d lost answers, %v", n, hook.times.Load(), err)
	}
}

// All keys have the prefix, and end after Keep.
func TestKeysEnd(t *testing.T) {
	server := redistest.Start(t)
	s := open(t, server.URL(), &Options{Prefix: "mine:", Keep: 2 * time.Hour})
	d := ledger.Download{Subject: "ann", Name: "a"}
	id, err := s.Open(t.Context(), d.What(), time.Now(), time.Hour)
	if err == nil {
		err = s.Add(t.Context(), streamed(id, d, 0))
	}
	if err != nil {
		t.Fatal(err)
	}
	keys, err := s.client.Keys(t.Context(), "*").Result()
	if err != nil || len(keys) != 3 {
		t.Fatalf("keys %q, %v, want those of the download, of its entries and of the change", keys, err)
	}
	for _, key := range keys {
		left, err := s.client.PTTL(t.Context(), key).Result()
		want := 2 * time.Hour
		if strings.HasPrefix(key, s.keyOfID(id)+":") {
			want = onceFor
		}
		if err != nil || left > want || left < want-time.Minute || !strings.HasPrefix(key, "mine:") {
			t.Errorf("%s ends in %v, %v, want %v", key, left, err, want)
		}
	}
}

// A server that is gone, that doesn't answer, or that refuses the password is an error,
// which has no password.
func TestNoServer(t *testing.T) {
	server := redistest.Start(t)
	s := open(t, server.URL(), nil)
	what := ledger.Download{Name: "a"}.What()
	if _, err := s.Open(t.Context(), what, time.Now(), time.Hour); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, "redis://:geheim@"+server.Addr, nil).Open(t.Context(), what, time.Now(), time.Hour); err == nil || !strings.Contains(err.Error(), "WRONGPASS") || strings.Contains(err.Error(), "geheim") {
		t.Errorf("%v, want that the password is wrong", err)
	}
	server.Kill()
	silent, err := net.Listen("tcp", "127.0.0.1:0") // connections are accepted by the kernel
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for _, s := range []*Store{s, open(t, "redis://:geheim@"+silent.Addr().String(), nil)} {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		_, err := s.Open(ctx, what, time.Now(), time.Hour)
		if cancel(); !errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), server.Password) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%v, want the end of the context", err)
		}
	}
}

func TestConnectRefuses(t *testing.T) {
	for _, tt := range []struct {
		url  string
		o    Options
		want string
	}{
		{"", Options{}, "is not a URL of Redis"},
		{"http://user:hidden@host/0", Options{}, "redisledger: http://host/0 is not a URL of Redis"},
		{"redis://user:hidden@host/0?what=hidden", Options{}, "redis://host/0 is not a URL of Redis"},
		{"redis://user:hidden%zz@host", Options{}, "not a URL"},
		{"redis://user:hidden@host/0", Options{Keep: time.Minute}, "kept for 1m0s; want an hour or more"},
	} {
		s, err := Connect(tt.url, &tt.o)
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hidden") || strings.Contains(err.Error(), "user") {
			t.Errorf("Connect(%q) = %v, %v, want an error with %q", tt.url, s, err, tt.want)
		}
	}
}
