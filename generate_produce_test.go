package downloadview

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"
)

// The producer runs in the handler's goroutine.
func TestNoGoroutineStandsBetween(t *testing.T) {
	f := FromFunc("a", func(_ context.Context, w io.Writer) error {
		_, err := w.Write(debug.Stack())
		return err
	}, nil)
	w := httptest.NewRecorder()
	NewHandler(fileView(f), nil).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if !strings.Contains(w.Body.String(), "(*handler).ServeHTTP") {
		t.Errorf("the producer is called by\n%s", w.Body)
	}
}

func TestFlush(t *testing.T) {
	for name, wrap := range recoverers {
		t.Run(name, func(t *testing.T) {
			read := make(chan struct{})
			f := FromFunc("a", func(ctx context.Context, w io.Writer) error {
				if _, err := io.WriteString(w, "first\n"); err != nil {
					return err
				}
				w.(http.Flusher).Flush()
				select {
				case <-read:
				case <-ctx.Done():
					return ctx.Err()
				}
				_, err := io.WriteString(w, "second\n")
				return err
			}, nil)
			s := serve(t, wrap(NewHandler(fileView(f), &Options{Logger: discard})))
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, "GET", s.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			first := make([]byte, 6)
			if _, err := io.ReadFull(resp.Body, first); err != nil || string(first) != "first\n" {
				t.Fatalf("%q, %v; want what was flushed", first, err)
			}
			close(read)
			if rest, err := io.ReadAll(resp.Body); string(rest) != "second\n" || err != nil {
				t.Errorf("%q, %v", rest, err)
			}
		})
	}
}

func TestAPanicIsTheEnd(t *testing.T) {
	calls := 0
	h, err := FromFunc("a", func(context.Context, io.Writer) error { calls++; panic("lost") }, nil).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	func() {
		defer func() { recover() }()
		io.Copy(io.Discard, h)
	}()
	if _, err := io.ReadAll(h); !errors.Is(err, errBrokeOff) || calls != 1 {
		t.Errorf("after a panic: %v, called %d times", err, calls)
	}
}

func TestCloseEndsTheProducer(t *testing.T) {
	var ends []string
	say := func(what string) { ends = append(ends, what) }
	for name, f := range map[string]File{
		"func": FromFunc("a", func(ctx context.Context, w io.Writer) error {
			defer say("func")
			for {
				if _, err := io.WriteString(w, line); err != nil {
					if ctx.Err() == nil || !errors.Is(err, fs.ErrClosed) {
						t.Errorf("Write: %v, context: %v", err, ctx.Err())
					}
					return err
				}
			}
		}, nil),
		"seq": FromSeq("a", func(yield func(string) bool) {
			defer say("seq")
			for yield(line) {
			}
		}, nil),
		"panics": FromFunc("a", func(_ context.Context, w io.Writer) error {
			defer say("panics")
			io.WriteString(w, line)
			panic("told to end")
		}, nil),
	} {
		h, err := f.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(h, make([]byte, 5)); err != nil {
			t.Fatal(err)
		}
		if err := h.Close(); (err != nil) != (name == "panics") {
			t.Errorf("%s: Close: %v", name, err)
		}
		if _, err := h.Read(make([]byte, 5)); !errors.Is(err, fs.ErrClosed) && name != "panics" {
			t.Errorf("%s: Read after Close: %v", name, err)
		}
	}
	slices.Sort(ends)
	if want := []string{"func", "panics", "seq"}; !slices.Equal(ends, want) {
		t.Errorf("ended %q, want %q", ends, want)
	}
}
