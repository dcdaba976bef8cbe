package downloadview

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A sharedRate is a Pacer that lets rate bytes pass in a second, in the order in which
// they are asked for.
type sharedRate struct {
	t     *testing.T
	rate  int
	burst int

	mu   sync.Mutex
	next time.Time
}

func (p *sharedRate) Burst() int { return p.burst }

func (p *sharedRate) WaitN(ctx context.Context, n int) error {
	if n > max(p.burst, 1) {
		p.t.Errorf("%d bytes at once, and the burst is %d", n, p.burst)
	}
	p.mu.Lock()
	if now := time.Now(); p.next.Before(now) {
		p.next = now
	}
	due := p.next
	p.next = due.Add(time.Duration(n) * time.Second / time.Duration(p.rate))
	p.mu.Unlock()
	select {
	case <-time.After(time.Until(due)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// copyingWriter has ReadFrom, as the server's own writer has, and counts its calls.
type copyingWriter struct {
	*httptest.ResponseRecorder
	copies int
}

func (w *copyingWriter) ReadFrom(r io.Reader) (int64, error) {
	w.copies++
	return io.Copy(struct{ io.Writer }{w.ResponseRecorder}, r)
}

// Downloads with the same Pacer share its rate, and each also keeps to its own.
func TestDownloadsShareAPacer(t *testing.T) {
	text := strings.Repeat("x", 100_000)
	local := newLocalFile(t, "a.txt", text)
	for _, tt := range []struct {
		name      string
		file      File
		n         int // downloads at the same time
		burst     int
		own       int64 // rate
		byteRange string
		want      time.Duration
		copies    int // of the writer below, for each download
	}{
		{"one", newObject(text), 1, 1000, 0, "", 10 * time.Second, 0},
		{"three", FromString("a.txt", text, nil), 3, 1000, 0, "", 30 * time.Second, 0},
		{"local files", local, 2, 5000, 0, "", 20 * time.Second, 20},
		{"a range of a local file", local, 1, 10_000, 0, "bytes=1-30000", 3 * time.Second, 3},
		{"several ranges", local, 1, 10_000, 0, "bytes=0-19999,30000-49999", 4 * time.Second, 4},
		{"a small file", newObject("0123456789"), 1, 0, 0, "", time.Millisecond, 0},
		{"its own rate is lower", local, 1, 10_000, 4000, "", 25 * time.Second, 200},
		{"its own rate is higher", local, 1, 10_000, 40_000, "", 10 * time.Second, 20},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &sharedRate{t: t, rate: 10_000, burst: tt.burst}
				from := time.Now()
				var all sync.WaitGroup
				defer all.Wait()
				for range tt.n {
					all.Go(func() {
						w := &copyingWriter{ResponseRecorder: httptest.NewRecorder()}
						r := httptest.NewRequest("GET", "/", nil)
						if tt.byteRange != "" {
							r.Header.Set("Range", tt.byteRange)
						}
						Send(w, r, Response{File: tt.file, Pacer: p, LimitRate: tt.own})
						if want := w.Header().Get("Content-Length"); want != formatInt(int64(w.Body.Len())) {
							t.Errorf("%d bytes, want %s", w.Body.Len(), want)
						}
						if w.copies != tt.copies {
							t.Errorf("%d copies, want %d", w.copies, tt.copies)
						}
						// The last piece of each is sent before its time is over.
						slack := time.Second/10 + 2*time.Second*time.Duration(tt.burst*tt.n)/10_000
						if got := time.Since(from); got > tt.want+slack || got < tt.want-slack {
							t.Errorf("%d bytes took %v, want %v", w.Body.Len(), got, tt.want)
						}
					})
				}
			})
		})
	}
}

// A proxy can't know what other downloads get, so the file is streamed.
func TestSharedRateIsStreamed(t *testing.T) {
	p := likeNginx
	p.Terms = &Terms{RateField: "X-Accel-Limit-Rate"}
	var seen Outcome
	h := NewHandler(ViewFunc(func(*http.Request) (Response, error) {
		return Response{File: newLocalFile(t, "a.txt", "0123456789"), Offloader: p, Pacer: &sharedRate{t: t, rate: 1000, burst: 100}}, nil
	}), &Options{Observer: func(_ *http.Request, o Outcome) { seen = o }})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if seen.Mode != Streamed || seen.Obstacle != UntoldRate || w.Body.String() != "0123456789" {
		t.Errorf("%+v, %q", seen, w.Body)
	}
}

// A failingPacer fails after a first piece.
type failingPacer struct{ calls int }

func (*failingPacer) Burst() int { return 1000 }

func (p *failingPacer) WaitN(context.Context, int) error {
	if p.calls++; p.calls > 1 {
		return errors.New("would exceed context deadline") // as a rate.Limiter says before the deadline
	}
	return nil
}

// A download that its Pacer ends is aborted by the server, never taken for the whole.
func TestPacerEndsADownload(t *testing.T) {
	text := strings.Repeat("x", 5000)
	for name, f := range map[string]File{"copied": newObject(text), "local": newLocalFile(t, "a.txt", text)} {
		t.Run(name, func(t *testing.T) {
			outcomes := make(chan Outcome, 1)
			s := httptest.NewServer(NewHandler(ViewFunc(func(*http.Request) (Response, error) {
				return Response{File: f, Pacer: new(failingPacer)}, nil
			}), &Options{Logger: loggerTo(io.Discard), Observer: func(_ *http.Request, o Outcome) { outcomes <- o }}))
			defer s.Close()
			resp, err := http.Get(s.URL)
			if err == nil {
				var n int64
				n, err = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				if n > 1000 {
					t.Errorf("%d bytes were sent", n)
				}
			}
			if o := <-outcomes; err == nil || o.AbortedBy != AbortedByServer || o.Bytes != 1000 {
				t.Errorf("the client sees %v; %+v", err, o)
			}
		})
	}
}
