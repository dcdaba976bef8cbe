package readahead_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/readahead"
	"github.com/downloadview/downloadview/storage/storagetest"
)

func TestConformance(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storagetest.Fixture {
		s := newStore(nil)
		delete(s.content, "a/file")
		o := &readahead.Options{Parts: 3, PartSize: 300}
		return storagetest.Fixture{Storage: readahead.New(s, o), Put: s.put}
	})
}

func open(t testing.TB, s *store, o *readahead.Options) (fs.File, error) {
	t.Helper()
	f, err := readahead.New(s, o).File("a/file")
	if err != nil {
		t.Fatal(err)
	}
	return f.Open(t.Context())
}

// Whatever the memory, the bytes are the same, and no part is requested twice.
func TestContent(t *testing.T) {
	for _, size := range []int{0, 1, 99, 100, 101, 199, 200, 1000, 1234} {
		for _, parts := range []int{1, 2, 4, 50} {
			for _, budget := range []int64{0, 50, 100, 250, 10_000} {
				for _, whole := range []bool{true, false} {
					s := newStore(numbered(size))
					h, err := open(t, s, &readahead.Options{Parts: parts, PartSize: 100, Budget: readahead.NewBudget(budget)})
					if err != nil {
						t.Fatal(err)
					}
					got, err := read(h, whole)
					if err != nil || !bytes.Equal(got, s.content["a/file"]) {
						t.Errorf("%d bytes, %d parts, budget %d: %d bytes, or other ones, and %v", size, parts, budget, len(got), err)
					}
					want := []string{"0 100"}
					for at := 100; at < size; at += 100 {
						want = append(want, fmt.Sprint(at, " ", min(100, size-at)))
					}
					if size == 0 {
						want = append(want, "open")
					}
					asked := s.requests()
					slices.Sort(asked)
					if slices.Sort(want); !slices.Equal(asked, want) {
						t.Errorf("%d bytes, %d parts, budget %d: asked for %q, want %q", size, parts, budget, asked, want)
					}
					if n := s.open.Load(); n != 0 {
						t.Errorf("%d handles are still open", n)
					}
				}
			}
		}
	}
}

func TestRanges(t *testing.T) {
	for _, tt := range []struct {
		offset, length int64
		want           [2]int
		asked          []string
	}{
		{50, 100, [2]int{50, 150}, []string{"50 100"}},
		{50, 250, [2]int{50, 300}, []string{"150 100", "250 50", "50 100"}},
		{700, -1, [2]int{700, 1000}, []string{"700 100", "800 100", "900 100"}},
		{700, 5000, [2]int{700, 1000}, []string{"700 100", "800 100", "900 100"}},
		{950, 5000, [2]int{950, 1000}, []string{"950 100"}},
		{-700, -1, [2]int{300, 1000}, []string{"-700 -1"}},
	} {
		s := newStore(numbered(1000))
		h, err := downloadview.OpenRange(t.Context(), readahead.File(&stored{s, "a/file"}, &readahead.Options{PartSize: 100}), tt.offset, tt.length)
		if err != nil {
			t.Fatal(err)
		}
		got, err := read(h, true)
		if err != nil || !bytes.Equal(got, s.content["a/file"][tt.want[0]:tt.want[1]]) {
			t.Errorf("OpenRange(%d, %d): %d bytes, or other ones, and %v; want %v", tt.offset, tt.length, len(got), err, tt.want)
		}
		asked := s.requests()
		if slices.Sort(asked); !slices.Equal(asked, tt.asked) {
			t.Errorf("OpenRange(%d, %d) asked for %q, want %q", tt.offset, tt.length, asked, tt.asked)
		}
	}
}

// A file whose version is uncertain is opened once more, as a whole.
func TestNotAhead(t *testing.T) {
	for name, change := range map[string]func(*store){
		"no tag":        func(s *store) { s.tagless = true },
		"no date":       func(s *store) { s.dateless = true },
		"no size":       func(s *store) { s.sizeless = true },
		"range ignored": func(s *store) { s.part[0] = fault{refuse: errors.ErrUnsupported} },
	} {
		s := newStore(numbered(1000))
		change(s)
		f := readahead.File(&plainOpen{stored{s, "a/file"}}, &readahead.Options{PartSize: 100})
		h, err := f.Open(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := read(h, true)
		if err != nil || !bytes.Equal(got, s.content["a/file"]) {
			t.Errorf("%s: %d bytes, or other ones, and %v", name, len(got), err)
		}
		if asked := s.requests(); !slices.Equal(asked, []string{"0 100", "whole"}) {
			t.Errorf("%s: asked for %q", name, asked)
		}
		if n := s.open.Load(); n != 0 {
			t.Errorf("%s: %d handles are still open", name, n)
		}
	}
	once := downloadview.File(struct{ downloadview.File }{downloadview.FromBytes("a", nil, nil)})
	if readahead.File(once, nil) != once {
		t.Error("a file that can't be opened in the middle is wrapped")
	}
}

// plainOpen has faults only in ranges, not in Open.
type plainOpen struct{ stored }

func (f *plainOpen) Open(ctx context.Context) (fs.File, error) {
	f.store.mu.Lock()
	delete(f.store.part, 0)
	f.store.mu.Unlock()
	return f.answer(ctx, "whole", 0, -1)
}

// A failure occurs at its offset: all bytes before it are returned.
func TestFailures(t *testing.T) {
	broken := errors.New("broken")
	for _, tt := range []struct {
		name   string
		at     int64
		fault  fault
		budget int64
		want   int
		err    error
	}{
		{"first part", 0, fault{after: 30, err: broken}, 1000, 30, broken},
		{"second part", 100, fault{after: 30, err: broken}, 1000, 130, broken},
		{"later part", 500, fault{after: 30, err: broken}, 1000, 530, broken},
		{"later part, without memory", 500, fault{after: 30, err: broken}, 0, 530, broken},
		{"last part", 900, fault{after: 99, err: broken}, 1000, 999, broken},
		{"first part, with its last byte", 0, fault{last: broken}, 1000, 99, broken},
		{"later part, with its last byte", 500, fault{last: broken}, 1000, 599, broken},
		{"later part, with its last byte, without memory", 500, fault{last: broken}, 0, 599, broken},
		{"short", 500, fault{after: 30, err: io.EOF}, 1000, 530, io.ErrUnexpectedEOF},
		{"short, without memory", 500, fault{after: 30, err: io.EOF}, 0, 530, io.ErrUnexpectedEOF},
		{"without bytes and an error", 0, fault{after: 30, idle: true}, 1000, 30, io.ErrNoProgress},
		{"later part, without bytes and an error", 500, fault{after: 30, idle: true}, 1000, 530, io.ErrNoProgress},
		{"refused", 500, fault{refuse: broken}, 1000, 500, broken},
		{"replaced", 500, fault{replace: true}, 1000, 500, downloadview.ErrChanged},
		{"replaced, without memory", 500, fault{replace: true}, 0, 500, downloadview.ErrChanged},
		{"after the last byte", 900, fault{after: 100, err: broken}, 1000, 1000, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, whole := range []bool{true, false} {
				s := newStore(numbered(1000))
				s.part[tt.at] = tt.fault
				h, err := open(t, s, &readahead.Options{PartSize: 100, Budget: readahead.NewBudget(tt.budget)})
				if err != nil {
					t.Fatal(err)
				}
				got, err := read(h, whole)
				if !errors.Is(err, tt.err) || !bytes.Equal(got, s.content["a/file"][:tt.want]) {
					t.Errorf("%d bytes, or other ones, and %v; want %d and %v", len(got), err, tt.want, tt.err)
				}
				if n := s.open.Load(); n != 0 {
					t.Errorf("%d handles are still open", n)
				}
			}
		})
	}
}

// A panic in a fetching goroutine must not end the program.
func TestPanic(t *testing.T) {
	s := newStore(numbered(1000))
	s.part[500] = fault{panics: true}
	h, err := open(t, s, &readahead.Options{PartSize: 100})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := read(h, true); len(got) != 500 || err == nil {
		t.Errorf("%d bytes, %v, want 500 and an error", len(got), err)
	}
}

// A handle that returns neither bytes nor an error must not be read for ever.
func TestEmptyReads(t *testing.T) {
	for _, at := range []int64{0, 500} {
		for _, whole := range []bool{true, false} {
			s := newStore(numbered(1000))
			s.part[at] = fault{idle: true, after: 10}
			h, err := open(t, s, &readahead.Options{PartSize: 100})
			if err != nil {
				t.Fatal(err)
			}
			got, err := read(h, whole)
			if int64(len(got)) != at+10 || !errors.Is(err, io.ErrNoProgress) || errors.Is(err, errReadForEver) {
				t.Errorf("part at %d: %d bytes, %v, want %d and io.ErrNoProgress", at, len(got), err, at+10)
			}
		}
	}
}

// A panic of Close keeps no memory from other downloads.
func TestPanicOfClose(t *testing.T) {
	s := newStore(numbered(1000))
	s.part[0] = fault{closes: true}
	budget := readahead.NewBudget(1000)
	h, err := open(t, s, &readahead.Options{PartSize: 100, Budget: budget})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(h, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() { recover() }()
		h.Close()
	}()
	if used, _ := budget.Memory(); used != 0 {
		t.Errorf("%d bytes are still in use", used)
	}
}

// If the client leaves, all fetches are cancelled.
func TestLeaving(t *testing.T) {
	for name, leave := range map[string]func(fs.File, context.CancelFunc){
		"close":  func(h fs.File, _ context.CancelFunc) { h.Close() },
		"cancel": func(_ fs.File, cancel context.CancelFunc) { cancel() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStore(numbered(1000))
				for at := range 10 {
					s.part[int64(at*100)] = fault{hang: true, after: 10}
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				h, err := readahead.File(&stored{s, "a/file"}, &readahead.Options{PartSize: 100, Parts: 3}).Open(ctx)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.ReadFull(h, make([]byte, 10)); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				if n := s.open.Load(); n != 4 {
					t.Errorf("%d handles are open, want the first and three ahead", n)
				}
				leave(h, cancel)
				if name == "cancel" {
					if _, err := h.Read(make([]byte, 10)); !errors.Is(err, context.Canceled) {
						t.Errorf("Read: %v, want context.Canceled", err)
					}
				}
				h.Close()
				if n := s.open.Load(); n != 0 {
					t.Errorf("%d handles are still open", n)
				}
			})
		})
	}
}

// Before the first Read, nothing is fetched that might not be needed.
func TestLazy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore(numbered(1000))
		h, err := open(t, s, &readahead.Options{PartSize: 100})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if asked := s.requests(); len(asked) != 1 {
			t.Errorf("asked for %q, want only the first part", asked)
		}
		h.Close()
		if _, err := h.Read(make([]byte, 1)); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("Read after Close: %v", err)
		}
	})
}

// With 20 ms and 50 MB/s per connection, in the bubble's time: how much faster
// than one connection it is, and how much later the first byte arrives.
func TestSpeed(t *testing.T) {
	const size, mib = 256 << 20, 1 << 20
	content := make([]byte, size)
	took := func(parts int) (first, all time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			s := newStore(content)
			s.latency, s.rate = 20*time.Millisecond, 50_000_000
			start := time.Now()
			var h fs.File
			var err error
			if parts == 0 {
				h, err = (&stored{s, "a/file"}).Open(t.Context())
			} else {
				h, err = open(t, s, &readahead.Options{Parts: parts, PartSize: 8 * mib})
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := h.Read(make([]byte, 1000)); err != nil {
				t.Fatal(err)
			}
			first = time.Since(start)
			n, err := io.Copy(io.Discard, h)
			if n != size-1000 || err != nil {
				t.Fatal(n, err)
			}
			all = time.Since(start)
			h.Close()
			if most := s.most.Load(); parts > 0 && most > int64(parts)+1 {
				t.Errorf("%d connections at once, want no more than %d", most, parts+1)
			}
		})
		return first, all
	}
	first, all := took(0)
	for parts, want := range map[int]float64{4: 3.8, 8: 5.5} {
		gotFirst, gotAll := took(parts)
		speed, late := all.Seconds()/gotAll.Seconds(), gotFirst.Seconds()/first.Seconds()
		t.Logf("%d parts: %.2f times the speed, first byte after %.2f of the time", parts, speed, late)
		if speed < want || late > 1.1 {
			t.Errorf("%d parts: %.2f times the speed, first byte after %.2f of the time; want %v and 1.1", parts, speed, late, want)
		}
	}
}

// The memory of one download is available for the next, whether or not the
// download was completed.
func TestMemoryIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore(numbered(2000))
		s.rate = 100
		o := &readahead.Options{PartSize: 100, Parts: 3, Budget: readahead.NewBudget(300)}
		for i := range 3 {
			s.most.Store(0)
			h, err := open(t, s, o)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := read(h, true); err != nil {
				t.Fatal(err)
			}
			most := s.most.Load()
			if h, err = open(t, s, o); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(h, make([]byte, 150)); err != nil {
				t.Fatal(err)
			}
			h.Close()
			if most != 4 {
				t.Errorf("download %d had %d connections at once, want 4", i+1, most)
			}
		}
	})
}
