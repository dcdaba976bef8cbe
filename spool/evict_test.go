package spool

import (
	"context"
	"io"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
)

// newKept returns a spool with one content, which is complete, and its file.
func newKept(t *testing.T) (*Spool, *file) {
	t.Helper()
	s, err := New(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	inner := downloadview.FromFunc("a", func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, "content")
		return err
	}, nil)
	id := ID{Key: "a"}
	if err := s.Warm(t.Context(), id, inner); err != nil {
		t.Fatal(err)
	}
	f, err := s.File(id, inner)
	if err != nil {
		t.Fatal(err)
	}
	return s, f.(*file)
}

// A proxy isn't told to send what is just being removed.
func TestHandoverWhileItIsRemoved(t *testing.T) {
	s, f := newKept(t)
	s.mu.Lock() // as evict has it
	found := make(chan bool)
	go func() {
		_, ok := f.Source()
		found <- ok
	}()
	for range 3000 { // until Source waits, or says that it is in use
		if s.lastUse(f.name).After(time.Now()) {
			break
		}
		runtime.Gosched()
	}
	err := s.remove(f.name)
	s.mu.Unlock()
	if ok := <-found; ok || err != nil {
		t.Errorf("the source is there: %t, and its file isn't; %v", ok, err)
	}
}

// What was made again since the scan is not removed in place of what was there.
func TestMadeAgainAfterTheScan(t *testing.T) {
	s, f := newKept(t)
	fi, err := os.Stat(s.Files() + "/" + f.name)
	if err != nil {
		t.Fatal(err)
	}
	scanned := stored{name: f.name, size: fi.Size(), made: fi.ModTime().Add(-time.Second), complete: true}
	if s.evict(scanned, Expired) {
		t.Error("it is removed")
	}
	if scanned.made = fi.ModTime(); !s.evict(scanned, Expired) {
		t.Error("it is not removed, and wasn't made again")
	}
}
