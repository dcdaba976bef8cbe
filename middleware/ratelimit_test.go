package middleware

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

	"github.com/downloadview/downloadview"
)

// textView answers with size bytes.
func textView(size int) downloadview.View {
	text := strings.Repeat("x", size)
	return downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: downloadview.FromString("a.txt", text, nil)}, nil
	})
}

// took downloads from v for each user at the same time, and returns how long each took,
// in seconds, rounded.
func took(t *testing.T, v downloadview.View, users string) string {
	t.Helper()
	h := downloadview.NewHandler(v, nil)
	names := strings.Fields(users)
	seconds := make([]string, len(names))
	from := time.Now()
	var all sync.WaitGroup
	for i, name := range names {
		all.Go(func() {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, requestOf(name))
			if want := w.Header().Get("Content-Length"); want != fmt.Sprint(w.Body.Len()) {
				t.Errorf("%s got %d bytes, want %s", name, w.Body.Len(), want)
			}
			seconds[i] = fmt.Sprint(int(time.Since(from).Round(time.Second) / time.Second))
		})
	}
	all.Wait()
	return strings.Join(seconds, " ")
}

func TestDownloadsShareARate(t *testing.T) {
	perUser := func(n int64) *RateLimit { return NewRateLimit(n, &RateLimitOptions{Key: byUser}) }
	for _, tt := range []struct {
		name  string
		view  downloadview.View // 100,000 bytes
		users string
		want  string
	}{
		{"none", NewRateLimit(0, nil).View(textView(100_000)), "a b", "0 0"},
		{"all", NewRateLimit(10_000, nil).View(textView(100_000)), "a b", "20 20"},
		{"each user", perUser(10_000).View(textView(100_000)), "a a b", "20 20 10"},
		{"each user and all", NewRateLimit(15_000, nil).View(perUser(10_000).View(textView(100_000))), "a b", "13 13"},
		{"a user, and all could have more", NewRateLimit(1_000_000, nil).View(perUser(10_000).View(textView(100_000))), "a b", "10 10"},
		{"a byte a second", NewRateLimit(1, nil).View(textView(10)), "a", "9"},
		{"the view's own Pacer", NewRateLimit(100_000, nil).View(withPacer(rate.NewLimiter(10_000, 100), textView(100_000))), "a", "10"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if got := took(t, tt.view, tt.users); got != tt.want {
					t.Errorf("the downloads took %s seconds, want %s", got, tt.want)
				}
			})
		})
	}
}

func withPacer(p downloadview.Pacer, v downloadview.View) downloadview.View {
	return downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		resp, err := v.Respond(r)
		resp.Pacer = p
		return resp, err
	})
}

// A change takes effect on downloads that have begun, up and down and to no limit.
func TestRateLimitChanges(t *testing.T) {
	for _, tt := range []struct {
		to   int64
		want string
	}{{25_000, "7"}, {5_000, "15"}, {0, "5"}, {1 << 40, "5"}} {
		synctest.Test(t, func(t *testing.T) {
			l := NewRateLimit(10_000, &RateLimitOptions{Key: byUser})
			time.AfterFunc(5*time.Second, func() { l.Change(tt.to) })
			if got := took(t, l.View(textView(100_000)), "a"); got != tt.want {
				t.Errorf("to %d a second, after half of the bytes: %s seconds, want %s", tt.to, got, tt.want)
			}
		})
	}
}

// What a share saves up is an int, which may have 32 bits.
func TestShareOfAnyRate(t *testing.T) {
	for _, n := range []int64{1, 1 << 34, 1 << 40, math.MaxInt64} {
		if got := NewRateLimit(n, nil).share("").Burst(); got < 1 || got > math.MaxInt32 {
			t.Errorf("%d bytes a second save up %d, want what 32 bits hold", n, got)
		}
	}
}

// The memory of keys is bounded by those with running downloads, and a key that comes
// back meets its old share until that is full again.
func TestSharesOfARateAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewRateLimit(8000, &RateLimitOptions{Key: byUser})
		ctx, end := context.WithCancel(t.Context())
		defer end()
		var running sync.WaitGroup
		running.Go(func() {
			for l.wait(ctx, "running", 1000) == nil {
			}
		})
		synctest.Wait()
		first := l.shares["running"]
		for i := range 100_000 {
			if err := l.wait(t.Context(), fmt.Sprint(i), 1000); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Millisecond)
		}
		synctest.Wait()
		// A share is full again after an eighth of a second.
		if n := len(l.shares); n > 4*125 || l.shares["running"] != first {
			t.Errorf("%d keys are known, and the share of running is another one: %v; want a few hundred, and the same", n, l.shares["running"] != first)
		}
		end()
		running.Wait()
		from := time.Now()
		for range 2 {
			if err := l.wait(t.Context(), "99999", 1000); err != nil {
				t.Fatal(err)
			}
		}
		if got := time.Since(from); got < 240*time.Millisecond {
			t.Errorf("a key that comes back right away waits %v for two pieces, want what is left of its share", got)
		}
	})
}

func (l *RateLimit) wait(ctx context.Context, key string, n int) error {
	return (&sharedPace{limit: l, key: key}).WaitN(ctx, n)
}

// A download with a shared rate is not handed over.
func TestSharedRateIsNotHandedOver(t *testing.T) {
	for bytesPerSecond, want := range map[int64]downloadview.Mode{0: downloadview.Offloaded, 1 << 20: downloadview.Streamed} {
		var seen downloadview.Outcome
		v := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
			return downloadview.Response{File: downloadview.FromString("a", "0123", nil), Offloader: likeNginx{}}, nil
		})
		h := downloadview.Use(NewRateLimit(bytesPerSecond, nil).View)(downloadview.NewHandler(v, &downloadview.Options{
			Observer: func(_ *http.Request, o downloadview.Outcome) { seen = o },
		}))
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		if seen.Mode != want || (seen.Obstacle == downloadview.UntoldRate) != (want == downloadview.Streamed) {
			t.Errorf("%d bytes a second: %+v, want %v", bytesPerSecond, seen, want)
		}
	}
}

// A download whose client goes away stops to wait, and takes nothing more of the rate.
func TestRateLimitOfAClientThatLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewRateLimit(1000, nil)
		ctx, leave := context.WithTimeout(t.Context(), 2*time.Second)
		defer leave()
		var seen downloadview.Outcome
		h := downloadview.NewHandler(l.View(textView(100_000)), &downloadview.Options{Logger: slog.New(slog.DiscardHandler), Observer: func(_ *http.Request, o downloadview.Outcome) { seen = o }})
		from := time.Now()
		func() {
			defer func() { recover() }()
			h.ServeHTTP(httptest.NewRecorder(), requestOf("a").WithContext(ctx))
		}()
		if got := time.Since(from); got > 2*time.Second || seen.AbortedBy == downloadview.NotAborted || seen.Bytes > 2125 {
			t.Errorf("after %v: %+v", got, seen)
		}
		<-ctx.Done()
		if got := took(t, l.View(textView(1000)), "b"); got != "1" {
			t.Errorf("1000 bytes for the next client took %s seconds, want 1", got)
		}
	})
}

func TestWrongLimitsPanic(t *testing.T) {
	for name, f := range map[string]func(){
		"RateLimit: -1 bytes":     func() { NewRateLimit(-1, nil) },
		"DownloadLimit: -1":       func() { NewDownloadLimit(&DownloadLimitOptions{Most: -1}) },
		"0 downloads, -2 for":     func() { NewDownloadLimit(nil).Change(0, -2) },
		"NewDownloadLimit: Queue": func() { NewDownloadLimit(&DownloadLimitOptions{Wait: -1}) },
	} {
		func() {
			defer func() {
				if p := fmt.Sprint(recover()); !strings.Contains(p, name) {
					t.Errorf("panic %q, want it to contain %q", p, name)
				}
			}()
			f()
		}()
	}
}

var errView = errors.New("no such file")

// The error of a view passes.
func TestRateLimitPassesErrors(t *testing.T) {
	v := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) { return downloadview.Response{}, errView })
	if resp, err := NewRateLimit(1, nil).View(v).Respond(requestOf("a")); err != errView || resp.Pacer != nil {
		t.Errorf("%v, %v", resp, err)
	}
}
