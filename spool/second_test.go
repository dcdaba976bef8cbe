package spool_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/spool"
	"github.com/downloadview/downloadview/storage/disk"
	"github.com/downloadview/downloadview/storage/storagetest"
)

func newStore(t *testing.T) (*disk.Storage, string) {
	t.Helper()
	dir := t.TempDir()
	store, err := disk.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store, dir
}

// What one machine has made, another one gets from the second store: the same bytes
// with the same validators.
func TestSecondStore(t *testing.T) {
	store, at := newStore(t)
	want := content(200_000)
	p := making(want)
	f := p.file(&downloadview.Attributes{ContentType: "text/csv"})
	var headers []string
	for i := range 2 {
		s, seen := newSpool(t, "", &spool.Options{Second: store})
		if err := s.Warm(t.Context(), spool.ID{Key: "x"}, f); err != nil {
			t.Fatal(err)
		}
		if n := seen.count(spool.Restored); n != i {
			t.Errorf("machine %d: restored %d times, want %d", i+1, n, i)
		}
		resp := do(t, "GET", serve(t, s, f, nil)+"/x", nil)
		if got := read(t, resp); !bytes.Equal(got, want) {
			t.Errorf("machine %d: %d bytes, want all", i+1, len(got))
		}
		resp.Header.Del("Date")
		var b strings.Builder
		resp.Header.Write(&b)
		headers = append(headers, b.String())
		if i == 1 {
			if err := s.Forget(t.Context(), spool.ID{Key: "x"}); err != nil {
				t.Error(err)
			}
		}
	}
	if headers[0] != headers[1] || !strings.Contains(headers[0], "Etag: ") {
		t.Errorf("the machines answer with\n%s\n%s", headers[0], headers[1])
	}
	if p.calls.Load() != 1 {
		t.Errorf("made %d times, want once", p.calls.Load())
	}
	wantNothing(t, at, ".")
}

// If the second store has other bytes, the download is broken off before its end, and
// the content is made the next time.
func TestDamagedSecondStore(t *testing.T) {
	store, at := newStore(t)
	p := making(content(200_000))
	s, _ := newSpool(t, "", &spool.Options{Second: store})
	if err := s.Warm(t.Context(), january, p.file(nil)); err != nil {
		t.Fatal(err)
	}
	for _, name := range left(t, at, ".") {
		if !strings.HasSuffix(name, ".json") {
			if err := os.WriteFile(filepath.Join(at, name), make([]byte, 200_000), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	s, seen := newSpool(t, "", &spool.Options{Second: store})
	f, err := s.File(january, p.file(nil))
	if err != nil {
		t.Fatal(err)
	}
	h, err := f.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(h)
	if err == nil && !bytes.Equal(b, content(200_000)) || err != nil && len(b) >= 200_000 {
		t.Errorf("%d bytes, %v, want fewer than all and an error; or all, made again, if the damage was found before", len(b), err)
	}
	h.Close()
	seen.await(spool.Failed, 1)
	if got := open(t, f); !bytes.Equal(got, content(200_000)) {
		t.Errorf("%d bytes, want the content made again", len(got))
	}
}

// If the second store fails, downloads don't, and the log says it.
func TestFailingSecondStore(t *testing.T) {
	var log bytes.Buffer
	s, _ := newSpool(t, "", &spool.Options{Second: broken{}, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	p := making([]byte("content"))
	if err := s.Warm(t.Context(), january, p.file(nil)); err != nil {
		t.Error(err)
	}
	f, err := s.File(january, p.file(nil))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(open(t, f)); got != "content" || p.calls.Load() != 1 {
		t.Errorf("%q, made %d times, want the content", got, p.calls.Load())
	}
	if n := strings.Count(log.String(), "the store is down"); n != 2 {
		t.Errorf("the log says %d times that the store is down, want twice:\n%s", n, log.String())
	}
}

type broken struct{}

func (broken) File(string) (downloadview.File, error) { return nil, errors.New("the store is down") }

func (broken) Save(context.Context, string, io.Reader) error { return errors.New("the store is down") }

// Two machines that make the content at the same time may leave the record of one with
// the content of the other, which has another length. It is made again then.
func TestSecondStoreOfAnotherLength(t *testing.T) {
	for _, tt := range []struct {
		name    string
		have    int  // bytes in the second store
		unsized bool // the second store doesn't tell how many they are
	}{
		{"shorter", 150_000, false},
		{"longer", 250_000, false},
		{"shorter than was told", 150_000, true},
		{"longer than was told", 250_000, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			store, at := newStore(t)
			want := content(200_000)
			p := making(want)
			s, _ := newSpool(t, "", &spool.Options{Second: store})
			if err := s.Warm(t.Context(), january, p.file(nil)); err != nil {
				t.Fatal(err)
			}
			for _, name := range left(t, at, ".") {
				if !strings.HasSuffix(name, ".json") {
					if err := os.WriteFile(filepath.Join(at, name), content(tt.have), 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
			var second downloadview.Storage = store
			if tt.unsized {
				second = unsized{store}
			}
			s, seen := newSpool(t, "", &spool.Options{Second: second, Logger: slog.New(slog.DiscardHandler)})
			f, err := s.File(january, p.file(nil))
			if err != nil {
				t.Fatal(err)
			}
			if tt.unsized { // it is noticed too late for the first download
				if err := s.Warm(t.Context(), january, p.file(nil)); err == nil {
					t.Error("content of another length is complete")
				}
				seen.await(spool.Failed, 1)
			}
			if got := open(t, f); !bytes.Equal(got, want) {
				t.Errorf("%d bytes, want the content made again", len(got))
			}
			// What was made is saved, so that other machines have it.
			awaitSaved(t, at, int64(len(want)))
			s, seen = newSpool(t, "", &spool.Options{Second: store})
			if err := s.Warm(t.Context(), january, p.file(nil)); err != nil || seen.count(spool.Restored) != 1 {
				t.Errorf("%v, restored %d times, want once", err, seen.count(spool.Restored))
			}
		})
	}
}

// An unsized store doesn't tell how long its files are.
type unsized struct{ *disk.Storage }

func (s unsized) File(key string) (downloadview.File, error) {
	f, err := s.Storage.File(key)
	return unsizedFile{f}, err
}

type unsizedFile struct{ downloadview.File }

func (f unsizedFile) Open(ctx context.Context) (fs.File, error) {
	h, err := f.File.Open(ctx)
	return unsizedHandle{h}, err
}

type unsizedHandle struct{ fs.File }

func (h unsizedHandle) Stat() (fs.FileInfo, error) {
	return downloadview.Attributes{Size: -1}.FileInfo("x"), nil
}

// If the second store breaks off, so does the download, and the content is made the next
// time.
func TestSecondStoreBreaksOff(t *testing.T) {
	store, _ := newStore(t)
	want := content(200_000)
	p := making(want)
	s, _ := newSpool(t, "", &spool.Options{Second: store})
	if err := s.Warm(t.Context(), january, p.file(nil)); err != nil {
		t.Fatal(err)
	}
	unreadable := storagetest.Fail(store, storagetest.Failure{Read: errors.New("bad sector"), After: 100_000})
	s, _ = newSpool(t, "", &spool.Options{Second: unreadable})
	if err := s.Warm(t.Context(), january, p.file(nil)); err == nil {
		t.Error("complete without its bytes")
	}
	f, err := s.File(january, p.file(nil))
	if err != nil {
		t.Fatal(err)
	}
	if got := open(t, f); !bytes.Equal(got, want) {
		t.Errorf("%d bytes, want the content made again", len(got))
	}
}

// What is complete is saved in the second store, also if that takes long after the last
// client has left.
func TestSecondStoreIsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, at := newStore(t)
		second := &slow{Storage: store, began: make(chan struct{}), goOn: make(chan struct{})}
		s, _ := newSpool(t, "", &spool.Options{Second: second, Logger: slog.New(slog.DiscardHandler)})
		f, err := s.File(january, making([]byte("content")).file(nil))
		if err != nil {
			t.Fatal(err)
		}
		if got := string(open(t, f)); got != "content" {
			t.Errorf("%q", got)
		}
		<-second.began
		time.Sleep(4 * time.Minute)
		close(second.goOn)
		synctest.Wait()
		if names := left(t, at, "."); len(names) != 2 {
			t.Errorf("there is %q, want the content and its record", names)
		}
	})
}

// A second store that hangs is given up. Else the content would be locked for ever, and
// nobody could make it again.
func TestSecondStoreHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, _ := newStore(t)
		second := &slow{Storage: store, began: make(chan struct{}), goOn: make(chan struct{})}
		var log bytes.Buffer
		s, _ := newSpool(t, "", &spool.Options{Second: second, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		p := making([]byte("content"))
		f, err := s.File(january, p.file(nil))
		if err != nil {
			t.Fatal(err)
		}
		if got := string(open(t, f)); got != "content" {
			t.Errorf("%q", got)
		}
		<-second.began
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if n := strings.Count(log.String(), "takes less than 64 KiB a second"); n != 1 {
			t.Fatalf("the log says so %d times, want once: %s", n, log.String())
		}
		if err := s.Forget(t.Context(), january); err != nil {
			t.Fatal(err)
		}
		if got := string(open(t, f)); got != "content" || p.calls.Load() != 2 {
			t.Errorf("%q, made %d times, want it made again", got, p.calls.Load())
		}
	})
}

// Content that is forgotten while it is saved in the second store doesn't stay there.
func TestForgetWhileSavingInSecondStore(t *testing.T) {
	store, _ := newStore(t)
	second := &slow{Storage: store, began: make(chan struct{}), goOn: make(chan struct{}), stubborn: true}
	s, seen := newSpool(t, "", &spool.Options{Second: second})
	version := "old"
	p := &producer{make: func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, version)
		return err
	}}
	f, err := s.File(january, p.file(nil))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(open(t, f)); got != "old" {
		t.Errorf("%q, want the old content", got)
	}
	<-second.began
	version = "new"
	if err := s.Forget(t.Context(), january); err != nil {
		t.Fatal(err)
	}
	close(second.goOn)
	if got := string(open(t, f)); got != "new" || seen.count(spool.Restored) != 0 {
		t.Errorf("%q, restored %d times, want the new content", got, seen.count(spool.Restored))
	}
}

// A request that comes while content is being forgotten may find it in the second store.
// That isn't kept either.
func TestForgetWhileRestoring(t *testing.T) {
	store, _ := newStore(t)
	version := "old"
	p := &producer{make: func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, version)
		return err
	}}
	second := &deleting{Storage: store}
	s, seen := newSpool(t, "", &spool.Options{Second: second})
	if err := s.Warm(t.Context(), january, p.file(nil)); err != nil {
		t.Fatal(err)
	}
	version = "new"
	second.before = func() {
		if err := s.Warm(t.Context(), january, p.file(nil)); err != nil {
			t.Error(err)
		}
	}
	if err := s.Forget(t.Context(), january); err != nil {
		t.Fatal(err)
	}
	f, err := s.File(january, p.file(nil))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(open(t, f)); got != "new" {
		t.Errorf("%q, want the new content", got)
	}
	if n := seen.count(spool.Restored); n != 1 {
		t.Errorf("restored %d times, want once, meanwhile", n)
	}
}

// What a request begins to make when the second store has no record any more is new. It is
// kept, and others follow it.
func TestMakeWhileForgetting(t *testing.T) {
	store, _ := newStore(t)
	second := &deleting{Storage: store}
	s, seen := newSpool(t, "", &spool.Options{Second: second})
	if err := s.Warm(t.Context(), january, making([]byte("old")).file(nil)); err != nil {
		t.Fatal(err)
	}
	goOn := make(chan struct{})
	p := &producer{make: func(_ context.Context, w io.Writer) error {
		if _, err := io.WriteString(w, "n"); err != nil {
			return err
		}
		<-goOn
		_, err := io.WriteString(w, "ew")
		return err
	}}
	f, err := s.File(january, p.file(nil))
	if err != nil {
		t.Fatal(err)
	}
	var handles []fs.File
	follow := func() {
		h, err := f.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(h, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		handles = append(handles, h)
	}
	second.after = follow
	if err := s.Forget(t.Context(), january); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(10*time.Second, func() {
		t.Error("a request waits until what another one makes is over")
		close(goOn)
	})
	follow()
	if late.Stop() {
		close(goOn)
	}
	for _, h := range handles {
		if b, err := io.ReadAll(h); string(b) != "ew" || err != nil {
			t.Errorf("%q, %v, want the rest", b, err)
		}
		h.Close()
	}
	seen.await(spool.Kept, 2)
	if n := p.calls.Load(); n != 1 {
		t.Errorf("made %d times, want once", n)
	}
}

// A deleting store calls functions before and after it deletes for the first time.
type deleting struct {
	*disk.Storage
	before, after func()
}

func (s *deleting) Delete(ctx context.Context, key string) error {
	if before := s.before; before != nil {
		s.before = nil
		before()
	}
	err := s.Storage.Delete(ctx, key)
	if after := s.after; after != nil {
		s.after = nil
		after()
	}
	return err
}

// awaitSaved returns when the folder at has a record and content of this size.
func awaitSaved(t *testing.T, at string, size int64) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		records, err := filepath.Glob(filepath.Join(at, "*.json"))
		if err != nil {
			t.Fatal(err)
		}
		if len(records) == 1 {
			fi, err := os.Stat(strings.TrimSuffix(records[0], ".json"))
			if err == nil && fi.Size() == size {
				return
			}
		}
		if time.Now().After(end) {
			t.Fatalf("there is %q, want a record and content of %d bytes", left(t, at, "."), size)
		}
	}
}

// A slow store waits with the first file that it saves.
type slow struct {
	*disk.Storage
	began, goOn chan struct{}
	stubborn    bool // it doesn't look at the context

	once sync.Once
}

func (s *slow) Save(ctx context.Context, key string, r io.Reader) error {
	s.once.Do(func() {
		close(s.began)
		select {
		case <-s.goOn:
		case <-ctx.Done():
			if s.stubborn {
				<-s.goOn
			}
		}
	})
	if s.stubborn {
		ctx = context.WithoutCancel(ctx)
	}
	return s.Storage.Save(ctx, key, r)
}
