package downloadview_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/go-chi/chi/v5/middleware"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/testserver"
	"github.com/downloadview/downloadview/storage/disk"
)

// held is the environment variable with the case that this process serves, if it runs
// under strace.
const held = "DOWNLOADVIEW_HELD"

// heldCases have the request and the numbers of system calls that its answer takes.
var heldCases = []struct {
	name string
	wrap func(http.Handler) http.Handler
	rng  string
	rate int64
	size int
	want heldCalls
}{
	{"bare", unwrapped, "", 0, 80 << 10, heldCalls{held: 1, files: 1}},
	{"bare, range", unwrapped, "bytes=1000-70000", 0, 80 << 10, heldCalls{held: 1, files: 1}},
	{"chi", chiLogger, "", 0, 80 << 10, heldCalls{held: 1, files: 1}},
	{"compressing", middleware.Compress(5), "", 0, 80 << 10, heldCalls{}},
	{"a rate, in pieces of 32 KiB", unwrapped, "", 256 << 10, 80 << 10, heldCalls{files: 3}},
	{"small", unwrapped, "", 0, 1 << 10, heldCalls{}},
}

func unwrapped(h http.Handler) http.Handler { return h }

type heldCalls struct {
	held  int // sends that hold the header back
	files int // sends of a file
}

// The header waits in the socket for the file, which is sent by one call. Nothing waits
// if no file follows at once.
func TestHeaderGoesWithTheFile(t *testing.T) {
	if name := os.Getenv(held); name != "" {
		serveHeld(t, name)
		return
	}
	strace := testserver.Binary(t, "strace", "DOWNLOADVIEW_STRACE")
	for _, c := range heldCases {
		t.Run(c.name, func(t *testing.T) {
			log := filepath.Join(t.TempDir(), "log")
			cmd := exec.Command(strace, "-f", "-y", "-qq", "-e", "trace=sendmsg,/^sendfile,read", "-o", log, os.Args[0], "-test.run=^TestHeaderGoesWithTheFile$")
			cmd.Env = append(os.Environ(), held+"="+c.name)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			calls, err := os.ReadFile(log)
			if err != nil {
				t.Fatal(err)
			}
			// strace may print a call in two lines; the first one has the flags and the
			// files, the last one the result.
			got := heldCalls{
				held:  len(regexp.MustCompile(`sendmsg\(.*MSG_MORE`).FindAll(calls, -1)),
				files: len(regexp.MustCompile(`sendfile.* = [1-9]`).FindAll(calls, -1)),
			}
			if got != c.want {
				t.Errorf("%+v, want %+v:\n%s", got, c.want, calls)
			}
			if reads := regexp.MustCompile(`read\(\d+<[^>]*/held\.txt>`).FindAll(calls, -1); c.want.held > 0 && len(reads) > 0 {
				t.Errorf("%d reads of the file, want none:\n%s", len(reads), calls)
			}
		})
	}
}

func serveHeld(t *testing.T, name string) {
	for _, c := range heldCases {
		if c.name != name {
			continue
		}
		content := bytes.Repeat([]byte("0123456789abcdef"), c.size/16)
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "held.txt"), content, 0o600); err != nil {
			t.Fatal(err)
		}
		root, err := os.OpenRoot(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		v := downloadview.StorageView{
			Storage:  disk.New(root, nil),
			Key:      func(*http.Request) (string, error) { return "held.txt", nil },
			Response: downloadview.Response{LimitRate: c.rate},
		}
		s := startHolding(t, c.wrap(downloadview.NewHandler(v, nil)))
		want := content
		if c.rng != "" {
			want = content[1000:70001]
		}
		if got, err := get(s.URL, c.rng); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%d bytes, %v; want the right %d", len(got), err, len(want))
		}
		// The next answer on the connection has no file and doesn't wait.
		if resp, err := http.Head(s.URL); err != nil || resp.StatusCode != http.StatusOK {
			t.Fatal(resp, err)
		}
		return
	}
	t.Fatalf("no case %q", name)
}

func startHolding(t *testing.T, h http.Handler) *httptest.Server {
	s := httptest.NewUnstartedServer(h)
	s.Config.ConnContext = downloadview.ConnContext
	s.Listener = downloadview.EndStalled(s.Listener, time.Minute)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// Several requests on one connection, some of them sent before the answer to the one
// before, get their answers one after another.
func TestHeldHeadersOnOneConnection(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abcdef"), 80<<10/16)
	name := filepath.Join(t.TempDir(), "a.txt")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := disk.File(name)
	if err != nil {
		t.Fatal(err)
	}
	s := startHolding(t, downloadview.NewHandler(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: f}, nil
	}), nil))
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, rng := range []string{"0-", "5-6", "100-70000", "99999999-", "1-1,3-3", "0-81919", "7-"} {
		fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: x\r\nRange: bytes=%s\r\n\r\n", rng)
	}
	fmt.Fprint(conn, "HEAD / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n")
	b := bufio.NewReader(conn)
	for i, want := range []struct {
		status int
		body   []byte // nil: any
	}{
		{206, content},
		{206, content[5:7]},
		{206, content[100:70001]},
		{416, nil},
		{206, nil},
		{206, content},
		{206, content[7:]},
		{200, []byte{}},
		{200, content},
	} {
		method := "GET"
		if i == 7 {
			method = "HEAD"
		}
		resp, err := http.ReadResponse(b, &http.Request{Method: method})
		if err != nil {
			t.Fatalf("answer %d: %v", i, err)
		}
		got, err := io.ReadAll(resp.Body)
		if resp.StatusCode != want.status || err != nil || want.body != nil && !bytes.Equal(got, want.body) {
			t.Errorf("answer %d: %d, %d bytes, %v; want %d, and the right %d bytes", i, resp.StatusCode, len(got), err, want.status, len(want.body))
		}
	}
}

// A file that is shorter than its handle says is cut off, as it is without ConnContext.
func TestHeldHeaderOfAShortFile(t *testing.T) {
	for _, size := range []int{0, 3 << 10, 80 << 10} {
		name := filepath.Join(t.TempDir(), "a.txt")
		if err := os.WriteFile(name, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
		outcomes := make(chan downloadview.Outcome, 1)
		s := startHolding(t, downloadview.NewHandler(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
			return downloadview.Response{File: shrinking{name, int64(size) + 4<<10}}, nil
		}), &downloadview.Options{Logger: slog.New(slog.DiscardHandler), Observer: func(_ *http.Request, o downloadview.Outcome) { outcomes <- o }}))
		got, err := get(s.URL, "")
		if err == nil {
			t.Errorf("size %d: the client takes %d bytes for the whole file", size, len(got))
		}
		if o := <-outcomes; o.AbortedBy != downloadview.AbortedByOrigin || o.Bytes != int64(size) || !errors.Is(o.Err, io.ErrUnexpectedEOF) {
			t.Errorf("size %d: outcome %+v", size, o)
		}
	}
}

// A shrinking file had size bytes when its handle was looked at.
type shrinking struct {
	path string
	size int64
}

func (f shrinking) Name() string { return "a.txt" }

func (f shrinking) Open(context.Context) (fs.File, error) {
	h, err := os.Open(f.path)
	return shrinkingHandle{h, f.size}, err
}

type shrinkingHandle struct {
	*os.File
	size int64
}

func (h shrinkingHandle) Stat() (fs.FileInfo, error) {
	fi, err := h.File.Stat()
	return shrinkingInfo{fi, h.size}, err
}

type shrinkingInfo struct {
	fs.FileInfo
	size int64
}

func (fi shrinkingInfo) Size() int64 { return fi.size }
