package resume_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/resume"
)

var (
	errReset = syscall.ECONNRESET
	errAway  = &fs.PathError{Op: "open", Path: "a", Err: downloadview.ErrUpstream}
)

func busy(after string) error {
	e := &downloadview.StatusError{Status: http.StatusServiceUnavailable, Header: http.Header{}}
	if after != "" {
		e.Header.Set("Retry-After", after)
	}
	return e
}

// A tag that is made from a useless time may be the same in the next version.
func TestTagOfUselessTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{content: numbered(1000), tag: `"1-3e8"`, modTime: time.Unix(1, 0), faults: []fault{{after: 300, err: errReset}}}
		got, err := readWhole(t, s, nil)
		if !errors.Is(err, errReset) || len(got) != 300 || !slices.Equal(s.asked, []string{"open"}) {
			t.Errorf("%d bytes and %v, asked for %q; want 300 and an error, since nothing tells the version", len(got), err, s.asked)
		}
	})
}

// For 1000 bytes whose store fails: the bytes that the reader gets, the
// requests to the store, and the time it may take.
func TestWhole(t *testing.T) {
	seconds := func(n int) time.Duration { return time.Duration(n) * time.Second }
	tests := []struct {
		name   string
		faults []fault
		size   int64
		tag    string
		want   int // bytes
		err    error
		asked  []string
		within time.Duration
	}{
		{"nothing wrong", nil, 0, `"v1"`, 1000, nil, []string{"open"}, 0},
		{"dies", []fault{{after: 300, err: errReset}}, 0, `"v1"`, 1000, nil, []string{"open", "300 700"}, seconds(1)},
		{"ends short", []fault{{after: 300, cut: true}}, 0, `"v1"`, 1000, nil, []string{"open", "300 700"}, seconds(1)},
		{"stalls", []fault{{after: 300, stall: true}}, 0, `"v1"`, 1000, nil, []string{"open", "300 700"}, seconds(31)},
		{"stalls and hears only Close", []fault{{after: 300, deaf: true}}, 0, `"v1"`, 1000, nil, []string{"open", "300 700"}, seconds(32)},
		{"at once, and again", []fault{{err: errReset}, {err: errReset}}, 0, `"v1"`, 1000, nil, []string{"open", "0 1000", "0 1000"}, seconds(1)},
		{"at the last byte", []fault{{after: 999, err: errReset}}, 0, `"v1"`, 1000, nil, []string{"open", "999 1"}, seconds(1)},
		{"after the last byte", []fault{{after: 1000, err: errReset}}, 0, `"v1"`, 1000, nil, []string{"open"}, 0},
		{"with the last byte", []fault{{last: errReset}}, 0, `"v1"`, 1000, nil, []string{"open", "999 1"}, seconds(1)},
		{
			"with the last byte each time", slices.Repeat([]fault{{last: errReset}}, 9), 0, `"v1"`, 999, errReset,
			[]string{"open", "999 1", "999 1", "999 1"},
			seconds(1),
		},
		{"with the last byte, no tag", []fault{{last: errReset}}, 0, "", 999, errReset, []string{"open"}, 0},
		{
			"often, with a byte each time", slices.Repeat([]fault{{after: 1, err: errReset}}, 9), 0, `"v1"`, 1000, nil,
			[]string{"open", "1 999", "2 998", "3 997", "4 996", "5 995", "6 994", "7 993", "8 992", "9 991"},
			seconds(2),
		},
		{
			"three times without one", append([]fault{{after: 300, err: errReset}}, slices.Repeat([]fault{{err: errReset}}, 9)...), 0, `"v1"`, 300, errReset,
			[]string{"open", "300 700", "300 700", "300 700"},
			seconds(1),
		},
		{
			"silent ever after", append([]fault{{after: 300, stall: true}}, slices.Repeat([]fault{{mute: true}}, 9)...), 0, `"v1"`, 300, os.ErrDeadlineExceeded,
			[]string{"open", "300 700"},
			seconds(60),
		},
		{"can't be reopened", []fault{{after: 300, err: errReset}, {refuse: fs.ErrNotExist}}, 0, `"v1"`, 300, fs.ErrNotExist, []string{"open", "300 700"}, seconds(1)},
		{"away, then back", []fault{{after: 300, err: errReset}, {refuse: errAway}}, 0, `"v1"`, 1000, nil, []string{"open", "300 700", "300 700"}, seconds(1)},
		{"busy for a while", []fault{{after: 300, err: errReset}, {refuse: busy("20")}}, 0, `"v1"`, 1000, nil, []string{"open", "300 700", "300 700"}, seconds(21)},
		{"busy for too long", []fault{{after: 300, err: errReset}, {refuse: busy("61")}}, 0, `"v1"`, 300, downloadview.ErrUpstream, []string{"open", "300 700"}, seconds(1)},
		{"replaced", []fault{{after: 300, err: errReset}, {replace: `"v2"`}}, 0, `"v1"`, 300, downloadview.ErrChanged, []string{"open", "300 700"}, seconds(1)},
		{"tag gone", []fault{{after: 300, err: errReset}, {replace: `W/"v1"`}}, 0, `"v1"`, 300, downloadview.ErrChanged, []string{"open", "300 700"}, seconds(1)},
		{"range ignored", []fault{{after: 300, err: errReset}, {refuse: errors.ErrUnsupported}}, 0, `"v1"`, 300, errors.ErrUnsupported, []string{"open", "300 700"}, seconds(1)},
		{"no tag", []fault{{after: 300, err: errReset}}, 0, "", 300, errReset, []string{"open"}, 0},
		{"a weak tag", []fault{{after: 300, err: errReset}}, 0, `W/"v1"`, 300, errReset, []string{"open"}, 0},
		{"no size", []fault{{after: 300, err: errReset}}, -1, `"v1"`, 300, errReset, []string{"open"}, 0},
		{"no size, and the end", []fault{{after: 300, cut: true}}, -1, `"v1"`, 300, nil, []string{"open"}, 0},
		{"first open fails", []fault{{refuse: errAway}, {refuse: errAway}}, 0, `"v1"`, 1000, nil, []string{"open", "open", "open"}, seconds(1)},
		{"first open fails three times", slices.Repeat([]fault{{refuse: errAway}}, 9), 0, `"v1"`, 0, downloadview.ErrUpstream, []string{"open", "open", "open"}, seconds(1)},
		{"missing", []fault{{refuse: fs.ErrNotExist}}, 0, `"v1"`, 0, fs.ErrNotExist, []string{"open"}, 0},
		{"forbidden", []fault{{refuse: fs.ErrPermission}}, 0, `"v1"`, 0, fs.ErrPermission, []string{"open"}, 0},
		{"busy, and soon not", []fault{{refuse: busy("5")}}, 0, `"v1"`, 1000, nil, []string{"open", "open"}, seconds(5)},
		{"busy, and who asks is told", []fault{{refuse: busy("6")}}, 0, `"v1"`, 0, downloadview.ErrUpstream, []string{"open"}, 0},
		{"mute", slices.Repeat([]fault{{mute: true}}, 9), 0, `"v1"`, 0, os.ErrDeadlineExceeded, []string{"open", "open"}, seconds(60)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &store{content: numbered(1000), tag: tt.tag, size: tt.size, faults: tt.faults}
				start := time.Now()
				got, err := readWhole(t, s, nil)
				if e, ok := errors.AsType[*downloadview.StatusError](err); ok && tt.err == downloadview.ErrUpstream && e.Status == 503 {
					err = tt.err
				}
				if !errors.Is(err, tt.err) || !bytes.Equal(got, s.content[:tt.want]) {
					t.Errorf("%d bytes, or other ones, and %v; want %d and %v", len(got), err, tt.want, tt.err)
				}
				if !slices.Equal(s.asked, tt.asked) {
					t.Errorf("asked for %q, want %q", s.asked, tt.asked)
				}
				if took := time.Since(start); took > tt.within || tt.within > time.Minute/2 && took < tt.within-2*time.Second {
					t.Errorf("took %v, want %v", took, tt.within)
				}
				if n := s.open.Load(); n != 0 {
					t.Errorf("%d handles are still open", n)
				}
			})
		})
	}
}

// A range is opened again at the offset it has reached.
func TestRanges(t *testing.T) {
	for _, tt := range []struct {
		offset, length int64
		asked          []string
		want           [2]int
	}{
		{100, 500, []string{"100 500", "140 460"}, [2]int{100, 600}},
		{100, -1, []string{"100 -1", "140 860"}, [2]int{100, 1000}},
		{900, 500, []string{"900 500", "940 60"}, [2]int{900, 1000}},
		{-200, -1, []string{"-200 -1", "840 160"}, [2]int{800, 1000}},
		{-2000, 1, []string{"-2000 1", "40 960"}, [2]int{0, 1000}},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &store{content: numbered(1000), tag: `"v1"`, faults: []fault{{after: 40, err: errReset}}}
			got, err := read(func() (fs.File, error) {
				return downloadview.OpenRange(t.Context(), resume.File(s, nil), tt.offset, tt.length)
			})
			if err != nil || !bytes.Equal(got, s.content[tt.want[0]:tt.want[1]]) {
				t.Errorf("OpenRange(%d, %d): %d bytes, %v, want %v", tt.offset, tt.length, len(got), err, tt.want)
			}
			if !slices.Equal(s.asked, tt.asked) {
				t.Errorf("OpenRange(%d, %d) asked for %q, want %q", tt.offset, tt.length, s.asked, tt.asked)
			}
			if s.pinned != `"v1"` {
				t.Errorf("pinned to %q", s.pinned)
			}
		})
	}
}

// A client may take a day: that time doesn't count for the store.
func TestSlowClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{content: numbered(1000), tag: `"v1"`, faults: []fault{{after: 300, err: errReset}}}
		h, err := resume.File(s, nil).Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		for got := 0; got < 1000; got += 100 {
			<-time.After(24 * time.Hour)
			if _, err := io.ReadFull(h, make([]byte, 100)); err != nil {
				t.Fatalf("after %d bytes: %v", got, err)
			}
		}
		if len(s.asked) != 2 {
			t.Errorf("asked for %q, want the whole and once the rest", s.asked)
		}
	})
}

// If the client leaves, the download ends, whatever it is doing.
func TestClientLeaves(t *testing.T) {
	for name, faults := range map[string][]fault{
		"opening": {{mute: true}},
		"pausing": {{after: 300, err: errReset}, {refuse: busy("50")}},
		"reading": {{after: 300, stall: true}},
		"again":   {{after: 300, err: errReset}, {mute: true}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &store{content: numbered(1000), tag: `"v1"`, faults: faults}
				ctx, leave := context.WithCancel(t.Context())
				time.AfterFunc(5*time.Second, leave)
				start := time.Now()
				_, err := read(func() (fs.File, error) { return resume.File(s, nil).Open(ctx) })
				if !errors.Is(err, context.Canceled) || errors.Is(err, downloadview.ErrUpstream) {
					t.Errorf("error %v, want context.Canceled alone", err)
				}
				if took := time.Since(start); took != 5*time.Second {
					t.Errorf("took %v, want 5s", took)
				}
				if n := s.open.Load(); n != 0 {
					t.Errorf("%d handles are still open", n)
				}
			})
		})
	}
}

// A handle whose Close panics is closed by a timer if a Read goes on after its time. That
// ends the download, where a server recovers, and not the program.
func TestClosePanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{content: numbered(1000), tag: `"v1"`, faults: []fault{{after: 300, deaf: true, panics: true}}}
		defer func() {
			if p := recover(); p != "in Close" {
				t.Errorf("panic %v, want that of Close", p)
			}
		}()
		_, err := read(func() (fs.File, error) { return resume.File(s, nil).Open(t.Context()) })
		t.Errorf("no panic, error %v", err)
	})
}

func TestStat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{content: numbered(1000), tag: `"v1"`, faults: []fault{{mute: true}, {refuse: errAway}}}
		fi, err := downloadview.Stat(t.Context(), resume.File(s, &resume.Options{FirstByte: time.Second}))
		if err != nil || fi.Size() != 1000 || !slices.Equal(s.asked, []string{"stat", "stat", "stat"}) {
			t.Errorf("Stat: %v, %v after %q, want 1000 bytes after three", fi, err, s.asked)
		}
	})
}

func TestOptions(t *testing.T) {
	for _, tt := range []struct {
		name   string
		o      resume.Options
		faults []fault
		asked  int
		took   time.Duration
	}{
		{"silence", resume.Options{Silence: time.Second, Backoff: pauses(0)}, []fault{{stall: true}}, 2, time.Second},
		{"first byte", resume.Options{FirstByte: time.Second, Backoff: pauses(0)}, []fault{{mute: true}}, 2, time.Second},
		{"tries", resume.Options{Tries: 5, Backoff: pauses(0)}, slices.Repeat([]fault{{refuse: errAway}}, 4), 5, 0},
		{"backoff", resume.Options{Backoff: pauses(time.Second)}, slices.Repeat([]fault{{refuse: errAway}}, 2), 3, 5 * time.Second},
		{
			"no limit",
			resume.Options{Total: -1, Silence: -1, Tries: 5, Backoff: pauses(time.Hour)},
			slices.Repeat([]fault{{refuse: errAway}}, 2), 3, 5 * time.Hour,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &store{content: numbered(1000), tag: `"v1"`, faults: tt.faults}
				start := time.Now()
				got, err := readWhole(t, s, &tt.o)
				if err != nil || !bytes.Equal(got, s.content) || len(s.asked) != tt.asked {
					t.Errorf("%d bytes, %v, %d openings, want all after %d", len(got), err, len(s.asked), tt.asked)
				}
				if took := time.Since(start); took != tt.took {
					t.Errorf("took %v, want %v", took, tt.took)
				}
			})
		})
	}
}

// pauses grow by d with each try.
func pauses(d time.Duration) func(int) time.Duration {
	return func(try int) time.Duration { return time.Duration(try) * d }
}

func TestCapabilities(t *testing.T) {
	f := resume.File(&store{content: numbered(10), tag: `"v1"`}, nil)
	if src, ok := downloadview.SourceOf(f); !ok || src.String() != "test://store/a/file" {
		t.Errorf("source %q, %t", src, ok)
	}
	if id, ok := downloadview.IdentityOf(f); id != "https://store.test/a/file" || !ok {
		t.Errorf("identity %q, %v; want the store's", id, ok)
	}
	if u, _, err := downloadview.SignedURL(t.Context(), f, downloadview.SignOptions{}); err != nil || !strings.HasSuffix(u, "?signed") {
		t.Errorf("signed URL %q, %v", u, err)
	}
	if p := downloadview.Pin(f, `"v1"`); p == f {
		t.Error("Pin returns the file as it was")
	} else if _, ok := p.(downloadview.Pinner); !ok {
		t.Errorf("a pinned file is a %T, and resumes no more", p)
	}
	if _, ok := f.(interface{ Unwrap() downloadview.File }); ok {
		t.Error("there is a way around the wrapper")
	}
	plain := downloadview.File(struct{ downloadview.File }{downloadview.FromBytes("a", nil, nil)})
	if resume.File(plain, nil) != plain {
		t.Error("a file that can't be opened in the middle is wrapped")
	}
}

// A handle that can seek still can after the file has been opened again.
func TestSeeking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{content: numbered(1000), tag: `"v1"`, faults: []fault{{after: 300, err: errReset}}}
		for range 2 {
			h, err := resume.File(s, nil).Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := iotest.TestReader(h, s.content); err != nil {
				t.Error(err)
			}
			h.Close()
		}
		if n := s.open.Load(); n != 0 {
			t.Errorf("%d handles are still open", n)
		}
	})
}

// A store that can't be reached may be reached the next time, whatever the
// cause.
func TestUpstreamIsTriedAgain(t *testing.T) {
	f := &unreached{}
	_, err := resume.File(f, &resume.Options{Tries: 3, Backoff: func(int) time.Duration { return 0 }}).Open(t.Context())
	if f.opened != 3 || downloadview.StatusCode(err) != http.StatusBadGateway {
		t.Errorf("opened %d times, then %v; want 3 and 502", f.opened, err)
	}
}

type unreached struct{ opened int }

func (f *unreached) Name() string { return "a" }

func (f *unreached) Open(context.Context) (fs.File, error) {
	f.opened++
	return nil, fmt.Errorf("%w: connect: %w", downloadview.ErrUpstream, fs.ErrPermission)
}

func (f *unreached) OpenRange(ctx context.Context, _, _ int64) (fs.File, error) { return f.Open(ctx) }
