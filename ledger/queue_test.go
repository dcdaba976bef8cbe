package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/ledger"
)

// A gatedStore is a Memory that fails until it is told otherwise.
type gatedStore struct {
	*ledger.Memory
	mu      sync.Mutex
	away    bool
	refused string // a name that it never takes
	asked   int
}

func (s *gatedStore) set(away bool) {
	s.mu.Lock()
	s.away = away
	s.mu.Unlock()
}

func (s *gatedStore) Add(ctx context.Context, p ledger.Part) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.away || p.Name == s.refused {
		return errors.New("store is away")
	}
	return s.Memory.Add(ctx, p)
}

func streamed(name string) ledger.Part {
	d := ledger.Download{Subject: "ann", Name: name}
	return ledger.Part{Download: d, What: d.What(), Kind: ledger.Streamed, Began: noon, Time: noon, Size: 10, Bytes: 10, Piece: ledger.Piece{End: 10}}
}

// add gives a part to q as a Ledger does.
func add(t *testing.T, q *ledger.Queue, p ledger.Part) string {
	t.Helper()
	var err error
	if p.ID, err = q.Open(t.Context(), p.What, p.Began, time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := q.Add(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	return p.ID
}

// While the store fails, a hand-over still gets an ID, and nothing waits. What doesn't fit
// is dropped, and the log has one line each for the beginning, the first drop and the end.
func TestQueueOutlastsItsStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		s := &gatedStore{Memory: ledger.NewMemory(nil), away: true}
		stored, dropped := 0, 0
		q := ledger.NewQueue(s, &ledger.QueueOptions{Most: 20, Logger: slog.New(slog.NewTextHandler(&log, nil)), Observer: func(err error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			if err != nil {
				dropped++
			} else {
				stored++
			}
		}})
		began := time.Now()
		for i := range 25 {
			if id := add(t, q, streamed(fmt.Sprint(i))); id == "" {
				t.Error("no ID")
			}
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("adding waited for %v", took)
		}
		time.Sleep(10 * time.Minute) // so that each was tried more than once
		if n := len(s.Entries()); n != 0 || q.Waiting() != 20 || q.Dropped() != 5 {
			t.Errorf("%d entries, %d parts wait, %d dropped; want none, 20 and 5", n, q.Waiting(), q.Dropped())
		}
		s.set(false)
		if err := q.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if n := len(s.Entries()); n != 20 || stored != 20 || dropped != 5 {
			t.Errorf("%d entries, %d stored, %d dropped; want 20, 20 and 5", n, stored, dropped)
		}
		for _, want := range []string{"store fails", "will be missing", `answers again" dropped=5`} {
			if n := strings.Count(log.String(), want); n != 1 {
				t.Errorf("%q is %d times in the log:\n%s", want, n, log.String())
			}
		}
		if add(t, q, streamed("late")); q.Dropped() != 6 {
			t.Errorf("after Close, %d were dropped, want 6", q.Dropped())
		}
	})
}

// A slowStore takes a second for each part.
type slowStore struct{ *ledger.Memory }

func (s slowStore) Add(ctx context.Context, p ledger.Part) error {
	time.Sleep(time.Second)
	return s.Memory.Add(ctx, p)
}

// A store that is too slow for all requests makes one line in the log, and not one for
// each part that it takes. After a pause, there is a line again.
func TestQueueBeforeASlowStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		q := ledger.NewQueue(slowStore{ledger.NewMemory(nil)}, &ledger.QueueOptions{Most: 20, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		for rush := 1; rush <= 2; rush++ {
			for i := range 1000 {
				add(t, q, streamed(fmt.Sprint(i)))
				time.Sleep(10 * time.Millisecond)
			}
			if n := strings.Count(log.String(), "will be missing"); n != rush || q.Dropped() == 0 {
				t.Errorf("%d lines after %d times with too many parts, %d dropped", n, rush, q.Dropped())
			}
			if err := q.Flush(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if err := q.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// Close waits no longer than its context, and counts what is lost.
func TestQueueClosesInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &gatedStore{Memory: ledger.NewMemory(nil), away: true}
		q := ledger.NewQueue(s, &ledger.QueueOptions{Logger: slog.New(slog.DiscardHandler)})
		add(t, q, streamed("a"))
		add(t, q, streamed("b"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		err := q.Close(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "2 parts") || time.Since(began) != time.Second || q.Dropped() != 2 {
			t.Errorf("after %v: %v, %d dropped", time.Since(began), err, q.Dropped())
		}
	})
}

// A part that the store refuses, while it takes others, doesn't hold up those behind it.
func TestQueueGivesABadPartUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &gatedStore{Memory: ledger.NewMemory(nil), refused: "bad"}
		q := ledger.NewQueue(s, &ledger.QueueOptions{Logger: slog.New(slog.DiscardHandler)})
		add(t, q, streamed("bad"))
		for i := range 100 {
			add(t, q, streamed(fmt.Sprint(i)))
			time.Sleep(time.Second)
		}
		if err := q.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if n := len(s.Entries()); n != 100 || q.Dropped() != 1 {
			t.Errorf("%d entries, %d dropped; want 100 and 1", n, q.Dropped())
		}
	})
}

// A panic of the Observer doesn't end the program.
func TestQueueWithAPanickingObserver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, told, log := ledger.NewMemory(nil), 0, new(strings.Builder)
		q := ledger.NewQueue(s, &ledger.QueueOptions{
			Logger:   slog.New(slog.NewTextHandler(log, nil)),
			Observer: func(error) { told++; panic("a bug of the observer") },
		})
		add(t, q, streamed("a"))
		if err := q.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if n := len(s.Entries()); n != 1 || told != 1 || !strings.Contains(log.String(), "panic: a bug of the observer") {
			t.Errorf("%d entries, told %d times, log %q", n, told, log)
		}
	})
}

// A panickingStore panics at the first part that it gets.
type panickingStore struct {
	*ledger.Memory
	once sync.Once
}

func (s *panickingStore) Add(ctx context.Context, p ledger.Part) error {
	s.once.Do(func() { panic("a bug of the store") })
	return s.Memory.Add(ctx, p)
}

// A panic of the store, which would end one answer without a Queue, doesn't end the
// program: it is as an error.
func TestQueueOutlastsAPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		s := &panickingStore{Memory: ledger.NewMemory(nil)}
		q := ledger.NewQueue(s, &ledger.QueueOptions{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		add(t, q, streamed("a"))
		if err := q.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if n := len(s.Entries()); n != 1 || q.Dropped() != 0 || !strings.Contains(log.String(), "panic: a bug of the store") {
			t.Errorf("%d entries, %d dropped, want 1 and none; the log:\n%s", n, q.Dropped(), log.String())
		}
	})
}

// Two processes with queues, one of which hands over, and a proxy's log: one entry. If a
// process is killed before its queue is empty, the log's lines still belong there.
func TestQueuesOfTwoProcesses(t *testing.T) {
	s := ledger.NewMemory(nil)
	view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: downloadview.FromString("a.bin", "0123456789", &downloadview.Attributes{ETag: `"v1"`})}, nil
	})
	id := ""
	for _, store := range []ledger.Store{s, ledger.NewMemory(nil)} { // the second is killed: nothing of it is left
		q := ledger.NewQueue(store, nil)
		l := ledger.New(q, &ledger.Options{Subject: func(r *http.Request) string { return r.Header.Get("User") }})
		h := l.Handler(downloadview.NewHandler(view, &downloadview.Options{Observer: l.Observe}))
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/", http.NoBody)
		r.Header.Set("User", "ann")
		r.Header.Set("Range", "bytes=0-4")
		h.ServeHTTP(httptest.NewRecorder(), r)
		d := ledger.Download{Subject: "ann", Name: "a.bin"}
		var err error
		again := id
		if id, err = q.Open(t.Context(), d.What(), time.Now(), time.Hour); err != nil || again != "" && again != id {
			t.Errorf("IDs %q and %q, %v; want the same", again, id, err)
		}
		if err := q.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	line := fmt.Sprintf(`downloadview/nginx %d.000 0.001 %s GET 206 5 - "OK" "bytes 5-9/10" "5" "\x22v1\x22" 192.0.2.7 "/_media/a.bin"`, time.Now().Unix(), id)
	if err := ledger.AddLine(t.Context(), s, []byte(line)); err != nil {
		t.Fatal(err)
	}
	all := s.Entries()
	if len(all) != 1 || !all[0].Complete || all[0].Bytes != 10 || all[0].Streamed != 1 || all[0].Logged != 1 || all[0].Subject != "ann" || all[0].ID == id {
		t.Errorf("entries %+v", all)
	}
}

// A window in a proxy's log is that of the application; after it, the next download of
// the same file is another entry.
func TestLinesOfAQueue(t *testing.T) {
	s := ledger.NewMemory(nil)
	what := ledger.Download{Subject: "ann", Name: "a"}.What()
	for _, tt := range []struct {
		id       string
		minute   int
		entries  int
		isTicket bool
	}{
		{what + ".600", 0, 1, true},
		{what + ".600", 10, 1, true},
		{what + ".600", 21, 2, true},
		{what + ".60", 23, 3, true},
		{ledger.Download{Subject: "bob", Name: "a"}.What() + ".600", 23, 4, true},
		{what, 23, 5, false},
		{what + ".", 23, 6, false},
		{what + ".x", 23, 7, false},
		{what + ".99999999999", 23, 8, false},
		{what[1:] + ".600", 23, 9, false},
		{strings.ToLower(what) + ".600", 23, 10, false},
	} {
		line := fmt.Sprintf(`downloadview/nginx %d.000 0.000 %s GET 200 1 - "OK" "-" "10" "-" 192.0.2.7 "/a"`, at(tt.minute).Unix(), tt.id)
		if err := ledger.AddLine(t.Context(), s, []byte(line)); err != nil {
			t.Fatal(err)
		}
		all := s.Entries()
		if len(all) != tt.entries || (all[len(all)-1].ID == tt.id) == tt.isTicket {
			t.Errorf("%s after %d minutes: %d entries, want %d; the ID is %q", tt.id, tt.minute, len(all), tt.entries, all[len(all)-1].ID)
		}
	}
}

// A Queue keeps downloads from waiting for a database that is slow or away. A program
// that ends gives it some time.
func ExampleQueue() {
	entries := ledger.NewMemory(nil) // such as a sqlledger.Store
	queue := ledger.NewQueue(entries, nil)
	l := ledger.New(queue, nil)
	view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: downloadview.FromString("report.txt", "0123456789", nil)}, nil
	})
	files := l.Handler(downloadview.NewHandler(view, &downloadview.Options{Observer: l.Observe}))
	resp := httptest.NewRecorder()
	files.ServeHTTP(resp, httptest.NewRequest("GET", "/report.txt", http.NoBody))
	io.Copy(io.Discard, resp.Body)

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := queue.Close(ctx); err != nil {
		fmt.Println(err, queue.Dropped(), "requests are missing")
	}
	for _, e := range entries.Entries() {
		fmt.Println(e.Subject, e.Name, e.Bytes, e.Complete)
	}
	// Output:
	// 192.0.2.1 report.txt 10 true
}
