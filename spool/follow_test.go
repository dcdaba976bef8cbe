package spool_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/spool"
)

var quiet = &downloadview.Options{Logger: slog.New(slog.DiscardHandler)}

// 50 clients come one after the other while the content is being made. It is made
// once, and all get the same bytes.
func TestFollowers(t *testing.T) {
	want := content(1<<20 + 17)
	const clients, each = 50, 10
	goOn := make(chan struct{})
	p := &producer{make: func(_ context.Context, w io.Writer) error {
		for piece := range slices.Chunk(want, len(want)/(clients/each)+1) {
			if _, err := w.Write(piece); err != nil {
				return err
			}
			<-goOn
		}
		return nil
	}}
	dir := t.TempDir()
	s, seen := newSpool(t, dir, nil)
	url := serve(t, s, p.file(nil), nil)
	var all sync.WaitGroup
	for batch := range clients / each {
		for range each {
			all.Go(func() {
				resp := do(t, "GET", url+"/sales", nil)
				if got := read(t, resp); resp.StatusCode != http.StatusOK || !bytes.Equal(got, want) {
					t.Errorf("%s with %d bytes, want 200 with the %d bytes", resp.Status, len(got), len(want))
				}
			})
		}
		seen.await(spool.Joined, (batch+1)*each-1)
		goOn <- struct{}{}
	}
	all.Wait()
	seen.await(spool.Kept, 1)
	if n := p.calls.Load(); n != 1 {
		t.Errorf("the content was made %d times, want once", n)
	}
	wantNothing(t, dir, "parts")
	if names := left(t, dir, "files", "records"); len(names) != 2 {
		t.Errorf("kept: %q, want a file and its record", names)
	}
}

// What the producer has written reaches the client while the producer waits.
func TestFollowersGetBytesAtOnce(t *testing.T) {
	goOn := make(chan struct{})
	p := &producer{make: func(_ context.Context, w io.Writer) error {
		io.WriteString(w, "first\n")
		<-goOn
		_, err := io.WriteString(w, "second\n")
		return err
	}}
	s, _ := newSpool(t, "", nil)
	url := serve(t, s, p.file(nil), nil)
	var lines []*bufio.Reader
	for range 2 {
		lines = append(lines, bufio.NewReader(do(t, "GET", url+"/x", nil).Body))
	}
	for _, r := range lines {
		if line, err := r.ReadString('\n'); line != "first\n" || err != nil {
			t.Errorf("%q, %v, want the first line", line, err)
		}
	}
	close(goOn)
	for _, r := range lines {
		if rest, err := io.ReadAll(r); string(rest) != "second\n" || err != nil {
			t.Errorf("%q, %v, want the second line", rest, err)
		}
	}
}

// If another cuts the file of content that is being made, a download breaks off: what is
// left is not the whole.
func TestFollowersOfACutFile(t *testing.T) {
	goOn := make(chan struct{})
	p := &producer{make: func(_ context.Context, w io.Writer) error {
		w.Write(content(1000))
		<-goOn
		return nil
	}}
	dir := t.TempDir()
	s, _ := newSpool(t, dir, nil)
	defer close(goOn)
	f, err := s.File(spool.ID{Key: "x"}, p.file(nil))
	if err != nil {
		t.Fatal(err)
	}
	h, err := f.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if _, err := io.ReadFull(h, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	parts, err := filepath.Glob(filepath.Join(dir, "parts", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range parts {
		if filepath.Ext(part) == ".head" {
			continue
		}
		if err := os.Truncate(part, 500); err != nil {
			t.Fatal(err)
		}
	}
	if rest, err := io.ReadAll(h); !errors.Is(err, io.ErrUnexpectedEOF) || !bytes.Equal(rest, content(1000)[10:500]) {
		t.Errorf("%d bytes, error %v, want the 490 that are left and ErrUnexpectedEOF", len(rest), err)
	}
}

// A failure at the very end breaks off all downloads, and nothing is kept.
func TestFailureAtTheEnd(t *testing.T) {
	want := content(1 << 20)
	for name, a := range map[string]*downloadview.Attributes{"size known": {Size: int64(len(want))}, "size not known": nil} {
		t.Run(name, func(t *testing.T) {
			fail := make(chan struct{})
			p := &producer{make: func(_ context.Context, w io.Writer) error {
				if _, err := w.Write(want); err != nil {
					return err
				}
				<-fail
				return errors.New("the database has gone")
			}}
			dir := t.TempDir()
			s, seen := newSpool(t, dir, nil)
			url := serve(t, s, p.file(a), quiet)
			var all, began sync.WaitGroup
			for range 5 {
				began.Add(1)
				all.Go(func() {
					resp := do(t, "GET", url+"/x", nil)
					io.ReadFull(resp.Body, make([]byte, 1)) // the status has been sent
					began.Done()
					if b, err := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK || err == nil {
						t.Errorf("%s, %d bytes without an error, want a download that breaks off", resp.Status, len(b))
					}
				})
			}
			began.Wait()
			close(fail)
			all.Wait()
			seen.await(spool.Failed, 1)
			if n := p.calls.Load(); n != 1 {
				t.Errorf("made %d times, want once", n)
			}
			s.Close()
			wantNothing(t, dir, "files", "records", "parts", "locks")
		})
	}
}

// After a failure the next request makes the content again.
func TestFailureIsNotKept(t *testing.T) {
	p := making([]byte("content"))
	whole := p.make
	p.make = func(ctx context.Context, w io.Writer) error {
		switch p.calls.Load() {
		case 1:
			return fs.ErrNotExist
		case 2:
			panic("out of cheese")
		}
		return whole(ctx, w)
	}
	s, seen := newSpool(t, "", nil)
	url := serve(t, s, p.file(nil), quiet)
	for i, want := range []int{http.StatusNotFound, http.StatusInternalServerError, http.StatusOK} {
		if resp := do(t, "GET", url+"/x", nil); resp.StatusCode != want {
			t.Errorf("request %d: %s, want %d", i+1, resp.Status, want)
		}
	}
	seen.await(spool.Kept, 1)
}

// The content must have the size that was promised.
func TestWrongSize(t *testing.T) {
	for size, want := range map[int64]error{6: nil, 8: io.ErrUnexpectedEOF} {
		s, _ := newSpool(t, "", nil)
		err := s.Warm(t.Context(), january, sized{making([]byte("content")).file(nil), size})
		if err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("content of 7 bytes with a size of %d: %v, want an error", size, err)
		}
	}
}

// sized says another size than it has.
type sized struct {
	downloadview.File
	size int64
}

func (f sized) Open(ctx context.Context) (fs.File, error) {
	h, err := f.File.Open(ctx)
	return sizedHandle{h, f.size}, err
}

type sizedHandle struct {
	fs.File
	size int64
}

func (h sizedHandle) Stat() (fs.FileInfo, error) {
	return downloadview.Attributes{Size: h.size}.FileInfo("x"), nil
}

// A client that leaves doesn't stop the others, nor the making.
func TestFollowerLeaves(t *testing.T) {
	goOn := make(chan struct{})
	p := &producer{make: func(ctx context.Context, w io.Writer) error {
		io.WriteString(w, "first")
		<-goOn
		_, err := io.WriteString(w, " second")
		return errors.Join(err, ctx.Err())
	}}
	s, _ := newSpool(t, "", nil)
	f, err := s.File(january, p.file(nil))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	first, err := f.Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	second, err := f.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if _, err := io.ReadFull(first, make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(0, cancel)
	if n, err := first.Read(make([]byte, 5)); n > 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("Read: %d, %v, want that the context ended", n, err)
	}
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	close(goOn)
	if b, err := io.ReadAll(second); string(b) != "first second" || err != nil {
		t.Errorf("the other one has %q, %v", b, err)
	}
}

// When all have left, making goes on for the time of Linger, so that somebody may
// come back.
func TestAllLeave(t *testing.T) {
	for _, tt := range []struct {
		linger, away time.Duration
		ends         bool
	}{
		{0, 29 * time.Second, false},
		{0, 31 * time.Second, true},
		{time.Minute, 59 * time.Second, false},
		{-1, 100 * time.Hour, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			goOn := make(chan struct{})
			var ended bool
			p := &producer{make: func(ctx context.Context, w io.Writer) error {
				io.WriteString(w, "first")
				select {
				case <-goOn:
				case <-ctx.Done():
					ended = true
				}
				_, err := io.WriteString(w, " second")
				return err
			}}
			s, _ := newSpool(t, "", &spool.Options{Linger: tt.linger})
			f, err := s.File(january, p.file(nil))
			if err != nil {
				t.Fatal(err)
			}
			for range 3 { // the time begins anew each time
				h, err := f.Open(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				h.Close()
				time.Sleep(tt.away)
				synctest.Wait()
			}
			if ended != tt.ends {
				t.Errorf("Linger %v, away for %v: ended %t, want %t", tt.linger, tt.away, ended, tt.ends)
			}
			close(goOn)
			h, err := f.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer h.Close()
			if b, err := io.ReadAll(h); string(b) != "first second" || err != nil {
				t.Errorf("%q, %v, want the content", b, err)
			}
			if n := p.calls.Load(); !tt.ends && n != 1 {
				t.Errorf("made %d times, want once", n)
			}
		})
	}
}

// Close ends what is being made, and those who follow see it.
func TestClose(t *testing.T) {
	p := &producer{make: func(ctx context.Context, w io.Writer) error {
		io.WriteString(w, "first")
		<-ctx.Done()
		return nil // a producer may overlook it
	}}
	dir := t.TempDir()
	s, _ := newSpool(t, dir, nil)
	f, err := s.File(january, p.file(nil))
	if err != nil {
		t.Fatal(err)
	}
	h, err := f.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(h, make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if n, err := h.Read(make([]byte, 5)); n > 0 || err == nil || err == io.EOF {
		t.Errorf("Read: %d, %v, want an error", n, err)
	}
	h.Close()
	wantNothing(t, dir, "files", "records", "parts", "locks")
	if _, err := f.Open(t.Context()); downloadview.StatusCode(err) != http.StatusServiceUnavailable {
		t.Errorf("Open after Close: %v, want 503", err)
	}
}

// After Close every request is 503: also one that the file could answer by what it knows of
// itself, and one for content that the spool only passes on.
func TestNothingIsAnsweredAfterClose(t *testing.T) {
	for name, o := range map[string]*spool.Options{"kept": {}, "too large": {MaxBytes: 5}} {
		t.Run(name, func(t *testing.T) {
			s, seen := newSpool(t, "", o)
			f := making([]byte("0123456789")).file(&downloadview.Attributes{Size: 10, ETag: `"1"`})
			url := serve(t, s, f, quiet)
			if got := read(t, do(t, "GET", url+"/x", nil)); len(got) != 10 {
				t.Fatalf("%q, want ten bytes", got)
			}
			if o.MaxBytes == 0 {
				seen.await(spool.Kept, 1)
			} else {
				seen.await(spool.NotKept, 1)
			}
			s.Close()
			for _, request := range []struct {
				method string
				header map[string]string
			}{{"GET", nil}, {"HEAD", nil}, {"GET", map[string]string{"If-None-Match": `"1"`}}} {
				if resp := do(t, request.method, url+"/x", request.header); resp.StatusCode != http.StatusServiceUnavailable {
					t.Errorf("%s %v: %s, want 503", request.method, request.header, resp.Status)
				}
			}
		})
	}
}
