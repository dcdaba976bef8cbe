//go:build unix

package spool_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/spool"
)

var december = spool.ID{Key: "sales/december"}

// child starts this test program as another process, which uses the spool in dir.
func child(t *testing.T, what, dir string) (cmd *exec.Cmd, in io.WriteCloser, out *bufio.Reader) {
	t.Helper()
	cmd = exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "SPOOL_CHILD="+what, "SPOOL_DIR="+dir)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return cmd, in, bufio.NewReader(stdout)
}

func line(t *testing.T, r *bufio.Reader, want string) {
	t.Helper()
	if got, err := r.ReadString('\n'); got != want+"\n" {
		t.Fatalf("the other process said %q, %v; want %q", got, err, want)
	}
}

func init() {
	// makes December, then January: half of it, then the rest when it is told to.
	children["slow"] = func(dir string) {
		s, err := spool.New(dir, &spool.Options{MaxBytes: 10 << 20})
		if err != nil {
			panic(err)
		}
		if err := s.Warm(context.Background(), december, making([]byte("december")).file(nil)); err != nil {
			panic(err)
		}
		b := content(1 << 20)
		p := &producer{make: func(_ context.Context, w io.Writer) error {
			w.Write(b[:1<<19])
			fmt.Println("half")
			bufio.NewReader(os.Stdin).ReadString('\n')
			_, err := w.Write(b[1<<19:])
			return err
		}}
		if err := s.Warm(context.Background(), january, p.file(nil)); err != nil {
			panic(err)
		}
		s.Close()
	}
	// holds room for what it makes next, until it is told to end.
	children["many"] = func(dir string) {
		s, err := spool.New(dir, &spool.Options{MaxBytes: 1 << 30})
		if err != nil {
			panic(err)
		}
		if err := s.Warm(context.Background(), december, making([]byte("december")).file(nil)); err != nil {
			panic(err)
		}
		fmt.Println("made")
		bufio.NewReader(os.Stdin).ReadString('\n')
		s.Close()
	}
	// gets January where no file may be larger than 300 kB.
	children["limited"] = func(dir string) {
		s, err := spool.New(dir, &spool.Options{Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			panic(err)
		}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 300_000, Max: 300_000}); err != nil {
			panic(err)
		}
		p := &producer{make: func(_ context.Context, w io.Writer) error {
			for range 10 {
				if _, err := w.Write(content(100_000)); err != nil {
					return err
				}
			}
			return nil
		}}
		for _, a := range []*downloadview.Attributes{nil, {Size: 1_000_000}} {
			f, err := s.File(spool.ID{Key: fmt.Sprint(a)}, p.file(a))
			if err != nil {
				panic(err)
			}
			h, err := f.Open(context.Background())
			if err != nil {
				panic(err)
			}
			got, err := io.ReadAll(h)
			fmt.Println(bytes.Equal(got, bytes.Repeat(content(100_000), 10)), err)
			h.Close()
		}
		s.Close()
	}
}

// A process that is killed while it makes content leaves nothing of it that is served,
// and the next start removes the rest. What was complete stays.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	cmd, _, out := child(t, "slow", dir)
	line(t, out, "half")
	if names := left(t, dir, "parts"); len(names) == 0 {
		t.Fatalf("%q, want what is being made", names)
	}
	cmd.Process.Kill()
	cmd.Wait()
	s, _ := newSpool(t, dir, nil)
	wantNothing(t, dir, "parts", "locks")
	if names := left(t, dir, "files", "records"); len(names) != 2 {
		t.Errorf("%q, want one file and its record", names)
	}
	again := making([]byte("made again"))
	g, err := s.File(december, again.file(nil))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(open(t, g)); got != "december" {
		t.Errorf("%q, want what was complete", got)
	}
	p := making(content(1 << 20))
	f, err := s.File(january, p.file(nil))
	if err != nil {
		t.Fatal(err)
	}
	if got := open(t, f); !bytes.Equal(got, content(1<<20)) || p.calls.Load() != 1 {
		t.Errorf("%d bytes, made %d times, want all, made once", len(got), p.calls.Load())
	}
}

// What a process holds for what it makes next stays when another one starts, and goes if the
// process is killed.
func TestKilledWithAllowance(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, many, 10)
	cmd, _, out := child(t, "many", dir)
	line(t, out, "made")
	newSpool(t, dir, nil)
	if held, want := rooms(t, dir), []int64{1<<30/128 - int64(len("december"))}; !slices.Equal(held, want) {
		t.Errorf("while it runs, rooms of %d bytes are held, want %d", held, want)
	}
	cmd.Process.Kill()
	cmd.Wait()
	newSpool(t, dir, nil)
	wantNothing(t, dir, "parts", "locks")
}

// What another process is making stays when one starts, and is waited for.
func TestTwoProcesses(t *testing.T) {
	dir := t.TempDir()
	cmd, in, out := child(t, "slow", dir)
	line(t, out, "half")
	s, seen := newSpool(t, dir, nil)
	if names := left(t, dir, "parts"); len(names) == 0 {
		t.Fatalf("%q, want what the other process is making", names)
	}
	p := making([]byte("made a second time"))
	f, err := s.File(january, p.file(nil))
	if err != nil {
		t.Fatal(err)
	}
	// One client doesn't wait so long.
	ctx, cancel := context.WithCancel(t.Context())
	cancelled := make(chan error)
	go func() {
		_, err := f.Open(ctx)
		cancelled <- err
	}()
	seen.await(spool.Began, 1)
	cancel()
	if err := <-cancelled; err != context.Canceled {
		t.Errorf("Open: %v, want that the context ended", err)
	}
	h, err := f.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	b := make([]byte, 1<<19) // what is there comes before the rest is made
	if _, err := io.ReadFull(h, b); err != nil {
		t.Fatal(err)
	}
	io.WriteString(in, "go on\n")
	rest, err := io.ReadAll(h)
	if b = append(b, rest...); err != nil || !bytes.Equal(b, content(1<<20)) || p.calls.Load() != 0 {
		t.Errorf("%d bytes, made %d times here, want what the other process has made", len(b), p.calls.Load())
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the other process: %v", err)
	}
}

// If the other process is killed, those who follow it here get the rest from what is
// made here.
func TestTheOtherProcessIsKilled(t *testing.T) {
	dir := t.TempDir()
	cmd, _, out := child(t, "slow", dir)
	line(t, out, "half")
	s, seen := newSpool(t, dir, nil)
	p := making(content(1 << 20))
	f, err := s.File(january, p.file(nil))
	if err != nil {
		t.Fatal(err)
	}
	h, err := f.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 1<<19)
	if _, err := io.ReadFull(h, b); err != nil {
		t.Fatal(err)
	}
	cmd.Process.Kill()
	rest, err := io.ReadAll(h)
	if b = append(b, rest...); err != nil || !bytes.Equal(b, content(1<<20)) {
		t.Errorf("%d bytes, %v, want all", len(b), err)
	}
	h.Close()
	seen.await(spool.NotKept, 1)
	if got := open(t, f); !bytes.Equal(got, content(1<<20)) {
		t.Errorf("afterwards %d bytes, want all", len(got))
	}
	seen.await(spool.Kept, 1)
	wantNothing(t, dir, "parts")
}

// A full disk doesn't stop a download, and nothing short is kept. The limit of the
// file size stands for it.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	cmd, _, out := child(t, "limited", dir)
	line(t, out, "true <nil>")
	line(t, out, "true <nil>")
	if err := cmd.Wait(); err != nil {
		t.Errorf("the other process: %v", err)
	}
	wantNothing(t, dir, "files", "records", "parts", "locks")
}

// A range of what another process is making has what is there, and what comes.
func TestRangeWhileItGrowsInAnotherProcess(t *testing.T) {
	dir := t.TempDir()
	cmd, in, out := child(t, "slow", dir)
	line(t, out, "half")
	s, _ := newSpool(t, dir, nil)
	f, err := s.File(january, making(nil).file(nil))
	if err != nil {
		t.Fatal(err)
	}
	view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: f}, nil
	})
	srv := httptest.NewServer(downloadview.NewHandler(view, nil))
	t.Cleanup(srv.Close)
	resp := do(t, "GET", srv.URL, map[string]string{"Range": "bytes=400000-9007199254740991"})
	if got := resp.Header.Get("Content-Range"); resp.StatusCode != http.StatusPartialContent || got != "bytes 400000-9007199254740991/*" {
		t.Errorf("%s, Content-Range %q, want a range while it grows", resp.Status, got)
	}
	io.WriteString(in, "\n")
	if got := read(t, resp); !bytes.Equal(got, content(1 << 20)[400_000:]) {
		t.Errorf("%d bytes, want the rest", len(got))
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// Who follows what another process makes has all of it when it is complete, and doesn't
// wait until it is saved in the second store.
func TestTheOtherProcessSavesSlowly(t *testing.T) {
	for _, size := range []int64{-1, int64(len("content"))} {
		t.Run(fmt.Sprint("size ", size), func(t *testing.T) {
			store, _ := newStore(t)
			second := &slow{Storage: store, began: make(chan struct{}), goOn: make(chan struct{})}
			dir := t.TempDir()
			goOn := make(chan struct{})
			p := &producer{make: func(_ context.Context, w io.Writer) error {
				if _, err := io.WriteString(w, "con"); err != nil {
					return err
				}
				<-goOn
				_, err := io.WriteString(w, "tent")
				return err
			}}
			var handles []fs.File
			for range 2 { // as two processes
				s, _ := newSpool(t, dir, &spool.Options{Second: second})
				f, err := s.File(january, p.file(&downloadview.Attributes{Size: size}))
				if err != nil {
					t.Fatal(err)
				}
				h, err := f.Open(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				defer h.Close()
				if _, err := io.ReadFull(h, make([]byte, 3)); err != nil {
					t.Fatal(err)
				}
				handles = append(handles, h)
			}
			close(goOn)
			<-second.began
			late := time.AfterFunc(10*time.Second, func() {
				t.Error("it waits for the second store")
				close(second.goOn)
			})
			for _, h := range handles {
				if b, err := io.ReadAll(h); string(b) != "tent" || err != nil {
					t.Errorf("%q, %v, want the rest", b, err)
				}
			}
			if late.Stop() {
				close(second.goOn)
			}
			if p.calls.Load() != 1 {
				t.Errorf("made %d times, want once", p.calls.Load())
			}
		})
	}
}

// Nor does a request wait that came so late that there was nothing to follow any more.
func TestTheOtherProcessIsFaster(t *testing.T) {
	store, _ := newStore(t)
	second := &slow{Storage: store, began: make(chan struct{}), goOn: make(chan struct{})}
	dir := t.TempDir()
	began, goOn := make(chan struct{}), make(chan struct{})
	p := &producer{make: func(_ context.Context, w io.Writer) error {
		close(began)
		<-goOn
		_, err := io.WriteString(w, "content")
		return err
	}}
	other, _ := newSpool(t, dir, &spool.Options{Second: second})
	warmed := make(chan error, 1)
	go func() { warmed <- other.Warm(t.Context(), january, p.file(nil)) }()
	<-began
	s, seen := newSpool(t, dir, &spool.Options{Second: second})
	f, err := s.File(january, p.file(nil))
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan string, 1)
	go func() { got <- string(open(t, f)) }()
	seen.await(spool.Began, 1)
	close(goOn)
	select {
	case b := <-got:
		if b != "content" {
			t.Errorf("%q", b)
		}
	case <-time.After(10 * time.Second):
		t.Error("it waits for the second store")
		defer func() { <-got }()
	}
	close(second.goOn)
	if err := <-warmed; err != nil {
		t.Error(err)
	}
	if p.calls.Load() != 1 {
		t.Errorf("made %d times, want once", p.calls.Load())
	}
}

// halfMadeElsewhere returns a file of which another process has made half, and makes the rest
// when it gets a line. A client that leaves is forgotten at once.
func halfMadeElsewhere(t *testing.T) (f downloadview.File, seen *events, in io.Writer) {
	t.Helper()
	dir := t.TempDir()
	_, in, out := child(t, "slow", dir)
	line(t, out, "half")
	s, seen := newSpool(t, dir, &spool.Options{Linger: time.Nanosecond})
	f, err := s.File(january, making([]byte("not made here")).file(nil))
	if err != nil {
		t.Fatal(err)
	}
	return f, seen, in
}

// After a client has left what another process makes, the next one follows it, too.
func TestClientLeavesWhatAnotherProcessMakes(t *testing.T) {
	f, seen, in := halfMadeElsewhere(t)
	for i := range 2 {
		h, err := f.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 1<<19)
		if _, err := io.ReadFull(h, got); err != nil || !bytes.Equal(got, content(1 << 20)[:1<<19]) {
			t.Errorf("client %d: other bytes, or %v", i+1, err)
		}
		h.Close()
		seen.await(spool.Failed, i+1)
	}
	io.WriteString(in, "\n")
}

// Nothing waits for the other process any more when its client has left. It would be a thread
// of the system, of which a program has 10000 at most.
func TestNobodyWaitsForAnotherProcess(t *testing.T) {
	f, seen, in := halfMadeElsewhere(t)
	before := runtime.NumGoroutine()
	const clients = 10
	for i := range clients {
		h, err := f.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		h.Close()
		seen.await(spool.Failed, i+1)
	}
	if left := runtime.NumGoroutine() - before; left >= clients {
		t.Errorf("%d goroutines are left of %d clients", left, clients)
	}
	io.WriteString(in, "\n")
}
