package downloadview

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestRateOfStreams(t *testing.T) {
	for _, tt := range []struct {
		name  string
		file  File
		rate  int64
		field string
		want  time.Duration
	}{
		{"copied", newObject(strings.Repeat("x", 100_000)), 10_000, "", 10 * time.Second},
		{"ranges", newObject(strings.Repeat("x", 100_000)), 10_000, "bytes=0-9999", time.Second},
		{"by itself", FromString("a.txt", strings.Repeat("x", 50_000), nil), 10_000, "", 5 * time.Second},
		{"small", newObject("0123456789"), 1, "", 10 * time.Second},
		{"without", newObject(strings.Repeat("x", 100_000)), 0, "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := httptest.NewRecorder()
				r := httptest.NewRequest("GET", "/", nil)
				if tt.field != "" {
					r.Header.Set("Range", tt.field)
				}
				from := time.Now()
				Send(w, r, Response{File: tt.file, LimitRate: tt.rate})
				// After the last piece the handler doesn't wait.
				got, slack := time.Since(from), min(tt.want, max(time.Second/8, time.Second/time.Duration(max(tt.rate, 1))))
				if got > tt.want || got < tt.want-slack {
					t.Errorf("%d bytes took %v, want %v", w.Body.Len(), got, tt.want)
				}
			})
		})
	}
}

// The lower of the rule's and the view's rate limit is used. If a proxy can't limit
// the rate, the file is streamed.
func TestRateOfProxies(t *testing.T) {
	f := newLocalFile(t, "a.txt", "0123456789")
	for _, tt := range []struct {
		name       string
		view, rule int64
		field      string
		want       string
		offload    bool
	}{
		{"neither", 0, 0, "X-Accel-Limit-Rate", "", true},
		{"of the view", 10, 0, "X-Accel-Limit-Rate", "10", true},
		{"of the rule", 0, 20, "X-Accel-Limit-Rate", "20", true},
		{"the view's is lower", 10, 20, "X-Accel-Limit-Rate", "10", true},
		{"the rule's is lower", 30, 20, "X-Accel-Limit-Rate", "20", true},
		{"can't hold to it", 1000, 0, "", "", false},
		{"needn't", 0, 0, "", "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := likeNginx
			p.Terms = &Terms{RateField: tt.field, LimitRate: tt.rule}
			w := httptest.NewRecorder()
			Send(w, httptest.NewRequest("GET", "/", nil), Response{File: f, Offloader: p, LimitRate: tt.view})
			if got := w.Header().Get("X-Accel-Limit-Rate"); got != tt.want || (w.Body.Len() == 0) != tt.offload {
				t.Errorf("limit %q and %d bytes here, want %q and handed over: %v", got, w.Body.Len(), tt.want, tt.offload)
			}
		})
	}
}

// If the request's context ends while its download waits for the next piece, the
// handler returns at once. After a deadline, the client must not take the part for the
// whole download.
func TestRateEndsWithTheRequest(t *testing.T) {
	for _, tt := range []struct {
		name  string
		cause error
		want  AbortedBy
	}{
		{"the client leaves", nil, AbortedByClient},
		{"a deadline", context.DeadlineExceeded, AbortedByServer},
		{"the server stops", ErrShutdown, AbortedByShutdown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				if tt.cause == context.DeadlineExceeded {
					var end context.CancelFunc
					ctx, end = context.WithTimeout(ctx, 3*time.Second)
					defer end()
				} else {
					time.AfterFunc(3*time.Second, func() { cancel(tt.cause) })
				}
				var seen Outcome
				v := ViewFunc(func(*http.Request) (Response, error) {
					return Response{File: newObject(strings.Repeat("x", 100_000)), LimitRate: 1000}, nil
				})
				var logged bytes.Buffer
				h := NewHandler(v, &Options{Logger: loggerTo(&logged), Observer: func(_ *http.Request, o Outcome) { seen = o }})
				from := time.Now()
				func() {
					defer func() {
						if p := recover(); p != http.ErrAbortHandler {
							t.Errorf("panic %v, want http.ErrAbortHandler", p)
						}
					}()
					h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil).WithContext(ctx))
				}()
				if got := time.Since(from); got != 3*time.Second || seen.AbortedBy != tt.want || seen.Err == nil {
					t.Errorf("after %v: %+v, want it to be ended by %q after 3s", got, seen, tt.want)
				}
				if (logged.Len() == 0) != (tt.want == AbortedByClient) {
					t.Errorf("logged %q", &logged)
				}
			})
		})
	}
}

// The rate is right for every size of writes. Small writes don't wait for a timer each,
// since timers are too coarse for that.
func TestRateOfSmallWrites(t *testing.T) {
	for _, size := range []int{1, 10, 1000, 100_000} {
		synctest.Test(t, func(t *testing.T) {
			const rate, total = 1 << 20, 1 << 20
			moments := make(map[time.Time]bool)
			f := FromFunc("a", func(_ context.Context, w io.Writer) error {
				for sent := 0; sent < total; sent += size {
					if _, err := w.Write(make([]byte, min(size, total-sent))); err != nil {
						return err
					}
					moments[time.Now()] = true
				}
				return nil
			}, nil)
			from := time.Now()
			Send(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil), Response{File: f, LimitRate: rate})
			took := time.Since(from)
			if want := time.Second; took > want || took < want-want/4 {
				t.Errorf("%d bytes at a time took %v, want about %v", size, took, want)
			}
			if len(moments) > 101 {
				t.Errorf("%d bytes at a time waited %d times within a second", size, len(moments))
			}
		})
	}
}
