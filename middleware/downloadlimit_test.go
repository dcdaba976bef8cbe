package middleware

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downloadview/downloadview"
)

// byUser is the key of the tests.
func byUser(r *http.Request) string { return r.Header.Get("User") }

func requestOf(user string) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("User", user)
	return r
}

// A stage has downloads that are open until the test ends them.
type stage struct {
	limit *DownloadLimit
	mu    sync.Mutex
	begun []string // the names of downloads in the order in which they began
	ends  map[string]chan struct{}
	codes map[string]int
}

func newStage(o *DownloadLimitOptions) *stage {
	return &stage{limit: NewDownloadLimit(o), ends: make(map[string]chan struct{}), codes: make(map[string]int)}
}

// ask begins a download, whose name begins with its user, and returns when it is open,
// waits or is refused.
func (s *stage) ask(ctx context.Context, name string) {
	end := make(chan struct{})
	s.ends[name] = end
	h := s.limit.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		s.mu.Lock()
		s.begun = append(s.begun, name)
		s.mu.Unlock()
		<-end
	}))
	go func() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, requestOf(name[:1]).WithContext(ctx))
		s.mu.Lock()
		s.codes[name] = w.Code
		s.mu.Unlock()
	}()
	synctest.Wait()
}

func (s *stage) end(names ...string) {
	for _, name := range names {
		close(s.ends[name])
		synctest.Wait()
	}
}

// check fails the test unless these downloads have begun, in this order.
func (s *stage) check(t *testing.T, begun string) {
	t.Helper()
	if got := strings.Join(s.begun, " "); got != begun {
		t.Errorf("begun: %s, want %s", got, begun)
	}
}

// waiting returns how many requests wait.
func (s *stage) waiting() int {
	s.limit.mu.Lock()
	defer s.limit.mu.Unlock()
	return s.limit.waiting
}

// quiet fails the test if anything is left in the limit.
func (s *stage) quiet(t *testing.T) {
	t.Helper()
	l := s.limit
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open != 0 || l.waiting != 0 || len(l.keys) != 0 || len(l.turns) != 0 {
		t.Errorf("left: %d open, %d waiting, %d keys, %d turns", l.open, l.waiting, len(l.keys), len(l.turns))
	}
}

func TestDownloadsAtOnce(t *testing.T) {
	for _, tt := range []struct {
		name  string
		limit DownloadLimitOptions
		ask   string
		begun string
	}{
		{"no limit", DownloadLimitOptions{}, "a1 a2 b1", "a1 a2 b1"},
		{"in all", DownloadLimitOptions{Most: 2}, "a1 b1 c1", "a1 b1"},
		{"for each key", DownloadLimitOptions{MostPerKey: 1, Key: byUser}, "a1 a2 b1 b2", "a1 b1"},
		{"both", DownloadLimitOptions{Most: 3, MostPerKey: 2, Key: byUser}, "a1 a2 a3 b1 c1", "a1 a2 b1"},
		{"without a key", DownloadLimitOptions{MostPerKey: 2}, "a1 b1 c1", "a1 b1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(&tt.limit)
				for name := range strings.FieldsSeq(tt.ask) {
					s.ask(t.Context(), name)
				}
				s.check(t, tt.begun)
				for name := range strings.FieldsSeq(tt.ask) {
					begun := slices.Contains(s.begun, name)
					if begun {
						s.end(name)
					}
					if want := map[bool]int{true: 200, false: 503}[begun]; s.codes[name] != want {
						t.Errorf("%s: %d, want %d", name, s.codes[name], want)
					}
				}
				s.quiet(t)
			})
		})
	}
}

// Requests of a key wait in their order, and keys take turns, however many requests one
// of them has.
func TestDownloadsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(&DownloadLimitOptions{Most: 1, Key: byUser, Queue: 10})
		for name := range strings.FieldsSeq("a1 a2 a3 a4 b1 b2 c1") {
			s.ask(t.Context(), name)
		}
		s.check(t, "a1")
		s.end("a1", "a2", "b1", "c1", "a3", "b2", "a4")
		s.check(t, "a1 a2 b1 c1 a3 b2 a4")
		s.quiet(t)
	})
}

// A key that is at its own limit keeps no other one waiting.
func TestDownloadsPassAKeyAtItsLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(&DownloadLimitOptions{Most: 2, MostPerKey: 1, Key: byUser, Queue: 10})
		for name := range strings.FieldsSeq("a1 a2 b1 c1") {
			s.ask(t.Context(), name)
		}
		s.check(t, "a1 b1")
		s.end("b1")
		s.check(t, "a1 b1 c1")
		s.end("a1", "c1", "a2")
		s.check(t, "a1 b1 c1 a2")
		s.quiet(t)
	})
}

// If the queue is full, the key with the most waiting requests makes room with its newest
// one for a key that has at least two fewer.
func TestDownloadQueueIsSharedFairly(t *testing.T) {
	for _, tt := range []struct {
		queue               int
		ask, refused, begun string
	}{
		{4, "a1 a2 a3 a4 a5 a6 b1 b2 b3", "a4 a5 a6 b3", "a1 a2 b1 a3 b2"},
		{3, "a1 a2 a3 a4 b1 b2", "a4 b2", "a1 a2 b1 a3"},
		{1, "a1 a2 b1", "b1", "a1 a2"},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newStage(&DownloadLimitOptions{Most: 1, Key: byUser, Queue: tt.queue})
			for name := range strings.FieldsSeq(tt.ask) {
				s.ask(t.Context(), name)
			}
			for name := range strings.FieldsSeq(tt.refused) {
				if s.codes[name] != 503 {
					t.Errorf("queue of %d: %s: %d, want 503", tt.queue, name, s.codes[name])
				}
			}
			if len(s.codes) != len(strings.Fields(tt.refused)) {
				t.Errorf("queue of %d: answered: %v, want %s", tt.queue, s.codes, tt.refused)
			}
			s.end(strings.Fields(tt.begun)...)
			s.check(t, tt.begun)
			s.quiet(t)
		})
	}
}

func TestDownloadsWaitOnlyForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(&DownloadLimitOptions{Most: 1, Queue: 10, Wait: 3 * time.Second})
		s.ask(t.Context(), "a1")
		s.ask(t.Context(), "a2")
		gone, leave := context.WithCancel(t.Context())
		s.ask(gone, "a3")
		time.Sleep(2 * time.Second)
		s.ask(t.Context(), "a4")
		leave()
		synctest.Wait()
		if s.waiting() != 2 {
			t.Errorf("%d requests wait after a client left, want 2", s.waiting())
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if s.codes["a2"] != 503 || s.waiting() != 1 {
			t.Errorf("the first one that waited: %d, %d others wait; want 503 after three seconds, 1", s.codes["a2"], s.waiting())
		}
		s.end("a1", "a4")
		s.check(t, "a1 a4")
		s.quiet(t)
	})
}

// A lower limit ends no download, and a higher one lets waiting requests in.
func TestDownloadLimitChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(&DownloadLimitOptions{Most: 2, Key: byUser, Queue: 10})
		for name := range strings.FieldsSeq("a1 a2 a3 b1") {
			s.ask(t.Context(), name)
		}
		s.limit.Change(1, 0)
		s.end("a1")
		s.check(t, "a1 a2")
		s.limit.Change(3, 1)
		synctest.Wait()
		s.check(t, "a1 a2 b1")
		s.limit.Change(0, 0)
		synctest.Wait()
		s.check(t, "a1 a2 b1 a3")
		s.ask(t.Context(), "a4")
		if s.limit.Open() != 3 {
			t.Errorf("%d downloads are counted, want 3: without a limit, none are", s.limit.Open())
		}
		s.end("a2", "b1", "a3", "a4")
		s.quiet(t)
	})
}

// However a handler ends, its download is not open any more.
func TestDownloadsEnd(t *testing.T) {
	l := NewDownloadLimit(&DownloadLimitOptions{Most: 1})
	h := l.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if l.Open() != 1 {
			t.Errorf("%s: %d downloads are open, want 1", r.URL.Path, l.Open())
		}
		switch r.URL.Path {
		case "/panic":
			panic(http.ErrAbortHandler)
		case "/exit":
			runtime.Goexit()
		case "/hijack":
			c, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			c.Close()
		default:
			io.WriteString(w, "done")
		}
	}))
	ended := make(chan int, 1) // how many downloads are open then
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { ended <- l.Open() }()
		h.ServeHTTP(w, r)
	}))
	defer app.Close()
	for _, path := range []string{"/panic", "/exit", "/hijack", "/", "/"} {
		resp, err := http.Get(app.URL + path)
		if (err == nil) != (path == "/") {
			t.Errorf("%s: %v, %v", path, resp, err)
		}
		if err == nil {
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				t.Errorf("%s: %s", path, resp.Status)
			}
		}
		// A client may see the end of a connection before its handler returns.
		if open := <-ended; open != 0 {
			t.Errorf("%s: %d downloads are open after the last one", path, open)
		}
	}
}

// A HEAD is not limited, and the handler gets the server's own writer, so that files are
// sent by sendfile(2).
func TestDownloadLimitPassesTheWriter(t *testing.T) {
	var got http.ResponseWriter
	l := NewDownloadLimit(&DownloadLimitOptions{Most: 1, HandedOver: time.Second})
	h := l.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = w
		if r.Method == "HEAD" {
			return
		}
		l.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a second download began") })).ServeHTTP(httptest.NewRecorder(), r)
		head := httptest.NewRecorder()
		l.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })).ServeHTTP(head, httptest.NewRequest("HEAD", "/", nil))
		if head.Code != 204 {
			t.Errorf("a HEAD beside a download: %d", head.Code)
		}
	}))
	for _, method := range []string{"GET", "HEAD"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, "/", nil))
		if got != w {
			t.Errorf("%s: the handler's writer is a %T, want the server's", method, got)
		}
	}
}

func TestRefusedDownloads(t *testing.T) {
	var told error
	for _, tt := range []struct {
		name    string
		refused func(http.ResponseWriter, *http.Request, error)
		code    int
		body    string
	}{
		{"usual", nil, 503, "Service Unavailable\n"},
		{"the application's", func(w http.ResponseWriter, _ *http.Request, err error) {
			told = err
			w.WriteHeader(429)
			io.WriteString(w, "later")
		}, 429, "later"},
	} {
		l := NewDownloadLimit(&DownloadLimitOptions{Most: 1, RetryAfter: 1500 * time.Millisecond, Refused: tt.refused})
		w := httptest.NewRecorder()
		l.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			l.Handler(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		if w.Code != tt.code || w.Body.String() != tt.body || w.Header().Get("Retry-After") != "2" {
			t.Errorf("%s: %d %q, %v", tt.name, w.Code, w.Body, w.Header())
		}
	}
	if !errors.Is(told, ErrTooManyDownloads) || downloadview.StatusCode(told) != 503 {
		t.Errorf("the hook gets %v", told)
	}
}

// likeNginx hands everything over.
type likeNginx struct{ status int }

func (p likeNginx) Offload(*http.Request, downloadview.Source) (downloadview.Handover, bool) {
	h := downloadview.Handover{Rule: "all", Field: "X-Accel-Redirect", Value: "/_media/a"}
	if p.status != 0 {
		h.Field, h.Link = "Location", &downloadview.Link{Field: "Location", Status: p.status, Sign: func(context.Context, downloadview.File, downloadview.SignOptions) (string, time.Time, error) {
			return "https://store.test/a", time.Time{}, nil
		}}
	}
	return h, true
}

// A download that a proxy sends counts as open for the time that is set, and any other
// one until the handler returns.
func TestHandedOverDownloadsStayOpen(t *testing.T) {
	for _, tt := range []struct {
		name      string
		offloader downloadview.Offloader
		coding    string
		keep      time.Duration
		want      int
	}{
		{"handed over", likeNginx{}, "", time.Minute, 1},
		{"handed over, not counted", likeNginx{}, "", 0, 0},
		{"streamed", nil, "", time.Minute, 0},
		{"offered, but streamed", likeNginx{}, "br", time.Minute, 0},
		{"sent to the store", likeNginx{302}, "", time.Minute, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := NewDownloadLimit(&DownloadLimitOptions{Most: 1, HandedOver: tt.keep})
				h := l.Handler(downloadview.NewHandler(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
					resp := downloadview.Response{File: downloadview.FromString("a", "0123", nil), Offloader: tt.offloader}
					if tt.coding != "" {
						resp = resp.WithHeader("Content-Encoding", tt.coding)
					}
					return resp, nil
				}), nil))
				w := httptest.NewRecorder()
				h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
				if l.Open() != tt.want {
					t.Errorf("%d downloads are open after %d %v, want %d", l.Open(), w.Code, w.Header(), tt.want)
				}
				time.Sleep(tt.keep - time.Nanosecond)
				synctest.Wait()
				if l.Open() != tt.want {
					t.Errorf("%d downloads are open before the time has passed, want %d", l.Open(), tt.want)
				}
				time.Sleep(time.Nanosecond)
				synctest.Wait()
				if l.Open() != 0 {
					t.Errorf("%d downloads are open after the time has passed", l.Open())
				}
			})
		})
	}
}

// Many clients that come, wait and go away at the same time never have more downloads
// open than the limits allow, and leave nothing behind.
func TestDownloadLimitHolds(t *testing.T) {
	const most, mostPerKey, users = 5, 2, 7
	s := newStage(&DownloadLimitOptions{Most: most, MostPerKey: mostPerKey, Key: byUser, Queue: 20, Wait: time.Hour})
	var open, served atomic.Int32
	var ofUser [users]atomic.Int32
	var all sync.WaitGroup
	for i := range 400 {
		ctx, leave := context.WithCancel(t.Context())
		user := i % users
		h := s.limit.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			if n := open.Add(1); n > most {
				t.Errorf("%d downloads are open", n)
			}
			if n := ofUser[user].Add(1); n > mostPerKey {
				t.Errorf("%d downloads of a user are open", n)
			}
			runtime.Gosched()
			served.Add(1)
			ofUser[user].Add(-1)
			open.Add(-1)
		}))
		all.Go(func() {
			h.ServeHTTP(httptest.NewRecorder(), requestOf(string(rune('a'+user))).WithContext(ctx))
		})
		all.Go(func() {
			if i%3 == 0 {
				runtime.Gosched()
				leave()
			}
		})
		defer leave()
	}
	all.Wait()
	if served.Load() == 0 {
		t.Error("no download was let in")
	}
	s.quiet(t)
}
