package command

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// writes remembers each write.
type writes struct {
	mu  sync.Mutex
	all []string
}

func (w *writes) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, string(p))
	return len(p), nil
}

func (w *writes) text() string { return strings.Join(w.all, "|") }

func TestLinesAreWrittenTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w writes
		b := newLineBuffer(&w)
		defer b.stopWaiting()
		expect := func(when, want string) {
			t.Helper()
			synctest.Wait()
			w.mu.Lock()
			defer w.mu.Unlock()
			if got := w.text(); got != want {
				t.Errorf("%s: %q was written, want %q", when, got, want)
			}
			w.all = nil
		}
		b.add([]byte("1\n"))
		expect("the first", "1\n")
		b.add([]byte("2\n"))
		b.add([]byte("3\n"))
		expect("those behind it", "")
		time.Sleep(linesWait + 1)
		expect("a moment later", "2\n3\n")
		time.Sleep(3 * linesWait)
		b.add([]byte("4\n"))
		b.add([]byte("5\n"))
		io.WriteString(b, "urgent\n")
		expect("a line that doesn't wait", "4\n|5\nurgent\n")
		time.Sleep(3 * linesWait)
		b.add([]byte("6\n"))
		expect("a line by itself", "6\n")
		b.add([]byte("7\n"))
		b.stopWaiting()
		b.add([]byte("8\n"))
		b.add([]byte("9\n"))
		expect("nothing waits", "7\n|8\n|9\n")
	})
}

// For any lines at any times, each line is written whole, in order and within a second,
// and no write is longer than a pipe accepts in one piece.
func TestNoLineIsLostOrLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w writes
		b := newLineBuffer(&w)
		random := rand.New(rand.NewPCG(1, 2))
		const writers, each = 8, 500
		var all sync.WaitGroup
		for i := range writers {
			pauses := make([]time.Duration, each)
			for j := range pauses {
				pauses[j] = time.Duration(random.ExpFloat64() * float64(time.Millisecond) * 5)
			}
			all.Go(func() {
				for j, pause := range pauses {
					time.Sleep(pause)
					b.add(fmt.Appendf(nil, "%d %d %s\n", i, j, strings.Repeat("x", j%300)))
				}
			})
		}
		all.Wait()
		time.Sleep(time.Second)
		synctest.Wait()
		next := make([]int, writers)
		for _, part := range w.all {
			if len(part) > chunk || !strings.HasSuffix(part, "\n") {
				t.Errorf("a write of %d bytes, want whole lines in at most %d", len(part), chunk)
			}
			for line := range strings.Lines(part) {
				var i, j int
				var x string
				fmt.Sscanf(line, "%d %d %s", &i, &j, &x)
				if j != next[i] || len(x) != j%300 {
					t.Fatalf("line %q, want number %d of %d", line, next[i], i)
				}
				next[i]++
			}
		}
		for i, n := range next {
			if n != each {
				t.Errorf("%d lines of writer %d, want %d", n, i, each)
			}
		}
		if len(w.all) > writers*each/4 {
			t.Errorf("%d writes for %d lines", len(w.all), writers*each)
		}
		b.stopWaiting()
	})
}

// add doesn't wait for a slow writer until there is no more room. Then it waits, and no
// line is lost.
func TestSlowReaderOfTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		b := newLineBuffer(w)
		line := []byte(strings.Repeat("x", 127) + "\n")
		go b.add(line) // which is alone, and written at once
		synctest.Wait()
		const lines = 3 * mostLines / 128
		added := 1
		go func() {
			for ; added < lines; added++ {
				b.add(line)
			}
			b.stopWaiting()
			w.Close()
		}()
		synctest.Wait()
		if n := added * 128; n < mostLines || n > mostLines+chunk {
			t.Errorf("%d bytes were added while nobody read, want %d", n, mostLines)
		}
		got, err := io.ReadAll(r)
		if string(got) != strings.Repeat(string(line), lines) || err != nil {
			t.Errorf("%d bytes of lines, %v; want %d", len(got), err, lines*128)
		}
	})
}

// hanging is a writer whose writes wait until it is released.
type hanging struct {
	writes
	released chan struct{}
}

func (h *hanging) Write(p []byte) (int, error) {
	<-h.released
	return h.writes.Write(p)
}

// While the reader of the log hangs, messages go on, and the server can end. As soon as it
// reads again, it has all lines in order. No goroutines gather meanwhile.
func TestHangingReaderOfTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hanging{released: make(chan struct{})}
		b := newLineBuffer(h)
		go b.add([]byte("1\n")) // which is alone, and written at once
		synctest.Wait()
		b.add([]byte("2\n"))
		start := time.Now()
		for _, line := range []string{"3\n", "4\n", "5\n"} {
			io.WriteString(b, line)
		}
		if took := time.Since(start); took != messageWait {
			t.Errorf("messages waited %v, want %v", took, messageWait)
		}
		before := goroutinesOfBubble(t)
		time.Sleep(time.Hour)
		if now := goroutinesOfBubble(t); now > before+1 {
			t.Errorf("%d goroutines, and %d an hour before", now, before)
		}
		close(h.released)
		synctest.Wait()
		if got, want := h.text(), "1\n|2\n3\n4\n5\n"; got != want {
			t.Errorf("%q was written, want %q", got, want)
		}
		io.WriteString(b, "6\n")
		b.add([]byte("7\n"))
		b.stopWaiting()
		if got, want := h.text(), "1\n|2\n3\n4\n5\n|6\n|7\n"; got != want {
			t.Errorf("%q was written, want %q", got, want)
		}
	})
}

// goroutinesOfBubble counts the goroutines of this synctest bubble, since other tests run
// beside it. The first line of each has the bubble.
func goroutinesOfBubble(t *testing.T) int {
	t.Helper()
	own := make([]byte, 200)
	own = own[:runtime.Stack(own, false)]
	bubble := regexp.MustCompile(`synctest bubble \d+\b`).Find(own)
	if bubble == nil {
		t.Fatalf("%s has no bubble", own)
	}
	all := make([]byte, 4<<20)
	all = all[:runtime.Stack(all, true)]
	return len(regexp.MustCompile(`(?m)^goroutine .*\b`+string(bubble)+`\b`).FindAll(all, -1))
}

// full is a writer that accepts some bytes and then none, as a full disk does.
type full struct {
	room *int
	got  strings.Builder
}

func (f *full) Write(p []byte) (int, error) {
	if f.room == nil || len(p) <= *f.room {
		if f.room != nil {
			*f.room -= len(p)
		}
		return f.got.Write(p)
	}
	n := *f.room
	*f.room = 0
	f.got.Write(p[:n])
	return n, errors.New("no space left")
}

// If a disk is full for a while, lines are lost, but none is torn.
func TestFullDiskTearsNoLine(t *testing.T) {
	for room := range 200 {
		left := room
		w := &full{room: &left}
		b := newLineBuffer(w)
		line := strings.Repeat("x", 69) + "\n"
		for i := range 300 {
			if i%3 == 0 {
				io.WriteString(b, line)
			} else {
				b.add([]byte(line))
			}
		}
		w.room = nil
		b.stopWaiting()
		b.add([]byte(line))
		if got := w.got.String(); len(got) < 10*len(line) || got != strings.Repeat(line, len(got)/len(line)) {
			t.Fatalf("with room for %d bytes: a line is torn, or all are lost: %q", room, got)
		}
	}
}

func TestLongLineIsWrittenWhole(t *testing.T) {
	var w writes
	b := newLineBuffer(&w)
	long := strings.Repeat("x", 10*chunk) + "\n"
	b.add([]byte("a\n"))
	b.add([]byte("b\n"))
	b.add([]byte(long))
	b.add([]byte("c\n"))
	b.stopWaiting()
	if got, want := w.text(), "a\n|b\n|"+long+"|c\n"; got != want {
		t.Errorf("%d bytes in %d writes, want %d in 4", len(got), len(w.all), len(want))
	}
}
