package spool_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/spool"
)

func size(t testing.TB, dir string) (n int64) {
	for _, name := range left(t, dir, "files", "parts") {
		if strings.HasSuffix(name, ".room") {
			continue // without bytes
		}
		if fi, err := os.Stat(filepath.Join(dir, name)); err == nil {
			n += fi.Size()
		}
	}
	return n
}

// What was not used for the longest time makes room. The folder never has more than
// MaxBytes, also not while something is being made.
func TestQuota(t *testing.T) {
	const most = 5 << 20
	dir := t.TempDir()
	s, seen := newSpool(t, dir, &spool.Options{MaxBytes: most})
	id := func(i int) spool.ID { return spool.ID{Key: fmt.Sprint(i)} }
	warm := func(i int) {
		t.Helper()
		p := &producer{make: func(_ context.Context, w io.Writer) error {
			for range 32 {
				w.Write(make([]byte, 64<<10))
				if n := size(t, dir); n > most {
					t.Errorf("while %d is made, the folder has %d bytes, want %d at most", i, n, most)
				}
			}
			return nil
		}}
		if err := s.Warm(t.Context(), id(i), p.file(nil)); err != nil {
			t.Fatalf("%d: %v", i, err)
		}
	}
	used := time.Now().Add(-time.Hour)
	unused := func(i int) { // makes the last use of i come after those of all others so far
		used = used.Add(time.Minute)
		for _, name := range left(t, dir, "records") {
			b, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(b, fmt.Appendf(nil, `"Key":"%d"`, i)) {
				if err := os.Chtimes(filepath.Join(dir, name), used, used); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	warm(1)
	warm(2)
	unused(1)
	unused(2)
	f, err := s.File(id(1), making(nil).file(nil))
	if err != nil {
		t.Fatal(err)
	}
	open(t, f) // 1 is used now, so 2 goes
	warm(3)
	for i, want := range map[int]bool{1: true, 2: false, 3: true} {
		if _, ok := s.SHA256(id(i)); ok != want {
			t.Errorf("%d is kept: %t, want %t", i, ok, want)
		}
	}
	if n := seen.count(spool.Evicted); n != 1 {
		t.Errorf("%d evicted, want 1", n)
	}
}

// What others have put into the folder is not removed to make room.
func TestQuotaSparesWhatIsOfOthers(t *testing.T) {
	dir := t.TempDir()
	s, _ := newSpool(t, dir, &spool.Options{MaxBytes: 1000, MaxAge: time.Nanosecond})
	theirs := []string{"files/photo.jpg", "parts/notes.txt", "locks/x", "records/y"}
	for _, name := range theirs {
		if err := os.WriteFile(filepath.Join(dir, name), content(900), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 3 {
		if err := s.Warm(t.Context(), spool.ID{Key: fmt.Sprint(i)}, making(content(600)).file(nil)); err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
	newSpool(t, dir, nil)
	for _, name := range theirs {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
}

// What is open, or was handed over just now, stays: new content is streamed then.
func TestQuotaSparesWhatIsInUse(t *testing.T) {
	for name, use := range map[string]func(f downloadview.File) (done func()){
		"open": func(f downloadview.File) func() {
			h, err := f.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return func() { h.Close() }
		},
		"handed over": func(f downloadview.File) func() {
			if src, ok := downloadview.SourceOf(f); !ok {
				t.Errorf("no source: %v", src)
			}
			return func() {}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, seen := newSpool(t, "", &spool.Options{MaxBytes: 1000})
			first, p := making(content(600)), making(content(601))
			if err := s.Warm(t.Context(), january, first.file(nil)); err != nil {
				t.Fatal(err)
			}
			f, err := s.File(january, first.file(nil))
			if err != nil {
				t.Fatal(err)
			}
			done := use(f)
			other := spool.ID{Key: "other"}
			g, err := s.File(other, p.file(nil))
			if err != nil {
				t.Fatal(err)
			}
			if got := open(t, g); !bytes.Equal(got, content(601)) {
				t.Errorf("%d bytes, want all", len(got))
			}
			if err := s.Warm(t.Context(), other, p.file(nil)); !errors.Is(err, spool.ErrNotKept) {
				t.Errorf("Warm: %v, want ErrNotKept", err)
			}
			if n := seen.count(spool.Evicted); n != 0 {
				t.Errorf("%d evicted, want none", n)
			}
			done()
			if name == "open" {
				if err := s.Warm(t.Context(), other, p.file(nil)); err != nil {
					t.Errorf("when it is closed: %v", err)
				}
			}
		})
	}
}

// Content that is larger than MaxBytes is streamed, also to those who followed when
// that became known, and not kept.
func TestQuotaSmallerThanOneFile(t *testing.T) {
	want := content(3 << 20)
	for name, a := range map[string]*downloadview.Attributes{"size known": {Size: int64(len(want))}, "size not known": nil} {
		t.Run(name, func(t *testing.T) {
			goOn := make(chan struct{})
			p := &producer{}
			p.make = func(_ context.Context, w io.Writer) error {
				w.Write(want[:1<<20])
				if p.calls.Load() == 1 {
					<-goOn
				}
				_, err := io.Copy(w, bytes.NewReader(want[1<<20:]))
				return err
			}
			dir := t.TempDir()
			s, seen := newSpool(t, dir, &spool.Options{MaxBytes: 2 << 20})
			url := serve(t, s, p.file(a), nil)
			var all sync.WaitGroup
			if a == nil {
				for range 3 {
					all.Go(func() {
						if got := read(t, do(t, "GET", url+"/x", nil)); !bytes.Equal(got, want) {
							t.Errorf("%d bytes, want all %d", len(got), len(want))
						}
					})
				}
				seen.await(spool.Joined, 2)
			}
			close(goOn)
			all.Wait()
			resp := do(t, "GET", url+"/x", nil)
			if got := read(t, resp); !bytes.Equal(got, want) {
				t.Errorf("%d bytes, want all %d", len(got), len(want))
			}
			seen.await(spool.NotKept, 1)
			resp = do(t, "HEAD", url+"/x", nil)
			if got := resp.Header.Get("Cache-Status"); got != "downloadview; fwd=bypass; detail=too-large" {
				t.Errorf("Cache-Status %q, want bypass", got)
			}
			s.Close()
			wantNothing(t, dir, "files", "records", "parts", "locks")
		})
	}
}

// If content doesn't fit and is not the same when it is made again, the download is
// broken off: two halves are no whole.
func TestUnlikeContentThatDoesNotFit(t *testing.T) {
	p := &producer{}
	begun := make(chan struct{}) // the client has the beginning
	p.make = func(ctx context.Context, w io.Writer) error {
		b := content(2 << 20)
		b[100] = byte(p.calls.Load())
		for piece := range slices.Chunk(b, 100_000) {
			if _, err := w.Write(piece); err != nil {
				return err
			}
			select {
			case <-begun:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	}
	s, _ := newSpool(t, "", &spool.Options{MaxBytes: 1 << 20})
	resp := do(t, "GET", serve(t, s, p.file(nil), quiet)+"/x", nil)
	if _, err := io.ReadFull(resp.Body, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	close(begun)
	if b, err := io.ReadAll(resp.Body); err == nil {
		t.Errorf("%d bytes without an error", len(b))
	}
}

// If the clock was set back, as after a start with a wrong one, what was used before that
// makes room; and what was made before that isn't kept longer than MaxAge from now.
func TestClockIsSetBack(t *testing.T) {
	dir := t.TempDir()
	s, _ := newSpool(t, dir, &spool.Options{MaxBytes: 1000, MaxAge: time.Hour})
	warm := func(key string) {
		t.Helper()
		if err := s.Warm(t.Context(), spool.ID{Key: key}, making(content(600)).file(nil)); err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
	warm("first")
	ahead := time.Now().Add(3 * time.Hour).Truncate(time.Second)
	record := filepath.Join(dir, left(t, dir, "records")[0])
	if err := os.Chtimes(record, ahead, ahead); err != nil {
		t.Fatal(err)
	}
	warm("second")
	if _, ok := s.SHA256(spool.ID{Key: "first"}); ok {
		t.Error("what was used in the future was not removed to make room")
	}

	madeAt(t, dir, ahead)
	if _, ok := s.SHA256(spool.ID{Key: "second"}); ok {
		t.Error("what was made in three hours is kept, and MaxAge is an hour")
	}
}

// The Observer may use the spool, such as to make important content again that was removed.
func TestObserverUsesTheSpool(t *testing.T) {
	var s *spool.Spool
	var warmed atomic.Int32
	s, err := spool.New(t.TempDir(), &spool.Options{MaxBytes: 5 << 20, Observer: func(e spool.Event) {
		if e.Kind == spool.Evicted && warmed.Add(1) == 1 {
			if err := s.Warm(t.Context(), spool.ID{Key: "small"}, making(content(10)).file(nil)); err != nil {
				t.Error(err)
			}
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	for _, key := range []string{"first", "second"} {
		if err := s.Warm(t.Context(), spool.ID{Key: key}, making(content(3<<20)).file(&downloadview.Attributes{Size: 3 << 20})); err != nil {
			t.Fatal(err)
		}
	}
	if _, ok := s.SHA256(spool.ID{Key: "small"}); !ok || warmed.Load() == 0 {
		t.Error("nothing was made in the Observer")
	}
}

// madeAt lets the only content in dir have been made at a time.
func madeAt(t *testing.T, dir string, made time.Time) {
	t.Helper()
	file := filepath.Join(dir, left(t, dir, "files")[0])
	record := filepath.Join(dir, left(t, dir, "records")[0])
	fi, err := os.Stat(record)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(record)
	var r map[string]any
	if err = errors.Join(err, json.Unmarshal(b, &r)); err != nil {
		t.Fatal(err)
	}
	r["Made"] = made
	b, err = json.Marshal(r)
	used := fi.ModTime()
	if err = errors.Join(err, os.WriteFile(record, b, 0o600), os.Chtimes(record, used, used), os.Chtimes(file, made, made)); err != nil {
		t.Fatal(err)
	}
}
