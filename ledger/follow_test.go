package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview/internal/testserver"
	"github.com/downloadview/downloadview/ledger"
)

// A reader follows a log in another goroutine.
type reader struct {
	lines chan string
	at    ledger.Position // of the last line, when stop has returned
	stop  func() error
}

func follow(t *testing.T, path string, from ledger.Position) *reader {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := &reader{lines: make(chan string, 1000)}
	ended := make(chan error, 1)
	go func() {
		ended <- ledger.Follow(ctx, path, from, func(b []byte, at ledger.Position) error {
			r.at = at
			r.lines <- string(b)
			return nil
		}, &ledger.FollowOptions{Poll: time.Millisecond, Linger: time.Hour})
	}()
	stopped := false
	r.stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		return <-ended
	}
	t.Cleanup(func() { r.stop() })
	return r
}

// expect waits for lines.
func (r *reader) expect(t *testing.T, want ...string) {
	t.Helper()
	for _, w := range want {
		if got := <-r.lines; got != w {
			t.Fatalf("line %q, want %q", got, w)
		}
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.WriteString(text)
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, to, path string) {
	t.Helper()
	if err := os.Symlink(to, path); err != nil {
		testserver.Lacking(t, "needs symbolic links: %v", err)
	}
}

// A log is followed while it is written, renamed, and still written to under its new
// name.
func TestFollowRenamedLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.log")
	r := follow(t, path, ledger.Position{})
	write(t, path, "1\n2")
	r.expect(t, "1")
	write(t, path, "b\n\n")
	r.expect(t, "2b", "")
	rename(t, path, path+".1")
	write(t, path+".1", "3\n")
	r.expect(t, "3")
	write(t, path, "4\n")
	r.expect(t, "4")
	write(t, path+".1", "5\n") // by a worker that hasn't opened the new file yet
	r.expect(t, "5")
	write(t, path, "6\n")
	r.expect(t, "6")
	if err := r.stop(); err != nil {
		t.Error(err)
	}
}

func TestFollowTruncatedLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.log")
	r := follow(t, path, ledger.Position{})
	write(t, path, "first\n")
	r.expect(t, "first")
	for i := range 20 { // longer than before, and shorter
		text := fmt.Sprintf("%d %s", i, strings.Repeat("x", 100*(i%3)))
		if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil { // truncates it
			t.Fatal(err)
		}
		r.expect(t, text)
	}
}

// After a restart each line is read once, in whatever file it is by then.
func TestFollowFromPosition(t *testing.T) {
	for _, tt := range []struct {
		name   string
		rotate func(t *testing.T, path string)
		want   []string
	}{
		{"the same file", func(*testing.T, string) {}, []string{"3", "4"}},
		{"a renamed file", func(t *testing.T, path string) {
			rename(t, path, path+".1")
			write(t, path, "5\n")
		}, []string{"3", "4", "5"}},
		{"renamed twice", func(t *testing.T, path string) {
			rename(t, path, path+".2")
			old := time.Now().Add(-time.Minute)
			if err := os.Chtimes(path+".2", old, old); err != nil {
				t.Fatal(err)
			}
			write(t, path+".1", "5\n")
			write(t, path, "6\n")
		}, []string{"3", "4", "5", "6"}},
		{"renamed by Caddy", func(t *testing.T, path string) {
			rename(t, path, strings.TrimSuffix(path, ".log")+"-2026-11-28T03-02-51.999.log")
			write(t, path, "5\n")
			write(t, strings.TrimSuffix(path, ".log")+"-other.log", "another log\n")
		}, []string{"3", "4", "5"}},
		{"renamed by Caddy 2.11, twice", func(t *testing.T, path string) {
			first := strings.TrimSuffix(path, ".log") + "-2026-11-28T03-02-56.195-size.log"
			rename(t, path, first)
			old := time.Now().Add(-time.Minute)
			if err := os.Chtimes(first, old, old); err != nil {
				t.Fatal(err)
			}
			write(t, strings.TrimSuffix(path, ".log")+"-2026-11-28T03-02-56.530-size.log", "5\n")
			write(t, path, "6\n")
		}, []string{"3", "4", "5", "6"}},
		{"a link to a file elsewhere", func(t *testing.T, path string) {
			file := filepath.Join(t.TempDir(), "current.log")
			rename(t, path, file)
			link(t, file, path)
		}, []string{"3", "4"}},
		{"a link to a file beside it", func(t *testing.T, path string) {
			rename(t, path, path+"-1")
			link(t, path+"-1", path)
		}, []string{"3", "4"}},
		{"gone", func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			write(t, path, "7\n")
		}, []string{"7"}},
		{"another file with the same name", func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte("8\n9\n10\n11\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, []string{"8", "9", "10", "11"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.log")
			write(t, path, "1\n2\n")
			r := follow(t, path, ledger.Position{})
			r.expect(t, "1", "2")
			if err := r.stop(); err != nil {
				t.Fatal(err)
			}
			write(t, path, "3\n4\n")
			tt.rotate(t, path)
			again := follow(t, path, r.at)
			again.expect(t, tt.want...)
			if err := again.stop(); err != nil || len(again.lines) != 0 {
				t.Errorf("%v, and %d lines more", err, len(again.lines))
			}
		})
	}
}

// What is there is read, even if the context has ended.
func TestFollowReadsTheRest(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.log")
	long := strings.Repeat("x", 64<<10)
	write(t, path, "1\n"+long+"\n"+long+"y\n"+long+long+long+"\n2\nno end")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var got []string
	err := ledger.Follow(ctx, path, ledger.Position{}, func(b []byte, _ ledger.Position) error {
		got = append(got, string(b))
		return nil
	}, nil)
	if want := []string{"1", long, "2"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%d lines, %v; want 1, one of 64 KiB, and 2", len(got), err)
	}
}

func TestFollowEndsWithAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.log")
	write(t, path, "1\n2\n")
	full := errors.New("full")
	var last ledger.Position
	err := ledger.Follow(t.Context(), path, ledger.Position{}, func(b []byte, at ledger.Position) error {
		if string(b) == "2" {
			return full
		}
		last = at
		return nil
	}, nil)
	if !errors.Is(err, full) || last.Offset != 2 {
		t.Errorf("%v at %+v; want the error of the second line", err, last)
	}
	if err := ledger.Follow(t.Context(), t.TempDir(), ledger.Position{}, nil, nil); err == nil {
		t.Error("a folder is no error")
	}
}

// What the example reads while its store is away, or when it is told to stop, it reads
// again the next time.
func TestFollowGoesOnAfterAFailure(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	for i := range 3 {
		write(t, path, fmt.Sprintf("downloadview/nginx %d.000 0.001 ID GET 206 5 - \"OK\" \"-\" \"5\" \"-\" 192.0.2.7 \"/a\"\n", noon.Unix()+int64(i)))
	}
	s := &gatedStore{Memory: ledger.NewMemory(nil), away: true}
	var position ledger.Position
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := addLines(ctx, s, path, &position); err == nil {
		t.Error("no error of a store that is away")
	}
	s.set(false)
	if err := addLines(ctx, s, path, &position); err != nil {
		t.Error(err)
	}
	if all := s.Entries(); len(all) != 1 || all[0].Logged != 3 {
		t.Errorf("%+v, want three lines", all)
	}
}
