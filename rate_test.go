package downloadview

import (
	"context"
	"errors"
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
				// The last piece is sent without waiting until it is paid for.
				got, slack := time.Since(from), min(tt.want, max(time.Second/8, time.Second/time.Duration(max(tt.rate, 1))))
				if got > tt.want || got < tt.want-slack {
					t.Errorf("%d bytes took %v, want %v", w.Body.Len(), got, tt.want)
				}
			})
		})
	}
}

// The lower bound counts, the rule's or the view's, and a proxy that can't hold
// to it is handed nothing.
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
			p.Terms, p.LimitRate = &Terms{RateField: tt.field}, tt.rule
			w := httptest.NewRecorder()
			Send(w, httptest.NewRequest("GET", "/", nil), Response{File: f, Offloader: p, LimitRate: tt.view})
			if got := w.Header().Get("X-Accel-Limit-Rate"); got != tt.want || (w.Body.Len() == 0) != tt.offload {
				t.Errorf("limit %q and %d bytes here, want %q and handed over: %v", got, w.Body.Len(), tt.want, tt.offload)
			}
		})
	}
}

// A client that leaves while it waits for its next piece is not waited for.
func TestRateEndsWithTheClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		var seen Outcome
		v := ViewFunc(func(*http.Request) (Response, error) {
			return Response{File: newObject(strings.Repeat("x", 100_000)), LimitRate: 1000}, nil
		})
		h := NewHandler(v, &Options{Logger: discard, Observer: func(_ *http.Request, o Outcome) { seen = o }})
		from := time.Now()
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil).WithContext(ctx))
		if got := time.Since(from); got != 3*time.Second || seen.AbortedBy != Client || !errors.Is(seen.Err, context.DeadlineExceeded) {
			t.Errorf("after %v: %+v, want the client to have left after 3s", got, seen)
		}
	})
}
