//go:build unix

package command

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
)

// large is more than the buffers of a connection hold, so that a download doesn't end
// before the client reads it.
const large = 64 << 20

// startLarge serves a directory with a large file. A client has read its beginning.
func startLarge(t *testing.T, args ...string) (*process, *exchange) {
	t.Helper()
	p := start(t, append(args, largeFolder(t))...)
	x, err := ask(p.url, "GET", "/large")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Conn.Close() })
	if _, err := io.CopyN(io.Discard, x.Body, 1000); err != nil {
		t.Fatal(err)
	}
	return p, x
}

// largeFolder returns a directory with a large file.
func largeFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "large"))
	if err == nil {
		err = f.Truncate(large)
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func (p *process) mustAwait(t *testing.T, text string) {
	t.Helper()
	if _, ok := p.await(text); !ok {
		t.Fatalf("it ended without saying %q", text)
	}
}

func TestSignalLetsDownloadsFinish(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(sig.String(), func(t *testing.T) {
			p, x := startLarge(t)
			fresh, err := dial(p.url)
			if err != nil {
				t.Fatal(err)
			}
			defer fresh.Close()
			idle, err := dial(p.url)
			if err != nil {
				t.Fatal(err)
			}
			defer idle.Close()
			io.WriteString(idle, "HEAD /large HTTP/1.1\r\nHost: x\r\n\r\n")
			idleReader := bufio.NewReader(idle)
			if _, err := http.ReadResponse(idleReader, &http.Request{Method: "HEAD"}); err != nil {
				t.Fatal(err)
			}

			p.signal(t, sig)
			p.mustAwait(t, "stopping")
			if c, err := dial(p.url); err == nil {
				c.Close()
				t.Error("still accepts connections")
			}
			if _, err := fresh.Read(make([]byte, 1)); err == nil {
				t.Error("fresh connection got an answer")
			}
			if _, err := idleReader.ReadByte(); err != io.EOF {
				t.Errorf("idle connection: %v, want EOF", err)
			}
			if n, err := io.Copy(io.Discard, x.Body); n != large-1000 || err != nil {
				t.Errorf("rest of the download: %d bytes, %v; want %d", n, err, large-1000)
			}
			p.mustAwait(t, "bytes=67108864")
			if got := p.wait(); got != exitOK {
				t.Errorf("exit status = %d", got)
			}
		})
	}
}

func TestGraceCutsDownloads(t *testing.T) {
	p, x := startLarge(t, "--grace=1ms")
	p.signal(t, syscall.SIGTERM)
	p.mustAwait(t, "running downloads are cut off")
	p.mustAwait(t, "aborted_by=shutdown")
	if got := p.wait(); got != exitOK {
		t.Errorf("exit status = %d", got)
	}
	if n, err := io.Copy(io.Discard, x.Body); err == nil {
		t.Errorf("the download ended well after %d bytes", n)
	}
}

// The connection of a client that reads nothing is closed, and so is that of a client
// that doesn't send the body it announced.
func TestStallTimeout(t *testing.T) {
	p, x := startLarge(t, "--stall-timeout=200ms")
	p.mustAwait(t, "aborted_by=stall")
	if n, err := io.Copy(io.Discard, x.Body); err == nil {
		t.Errorf("the download ended well after %d bytes", n)
	}
	c, err := dial(p.url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "GET /missing HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf")
	b := bufio.NewReader(c)
	resp, err := http.ReadResponse(b, nil)
	if err != nil || resp.StatusCode != http.StatusNotFound || !resp.Close {
		t.Fatalf("%v, %v; want 404 and the end of the connection", resp, err)
	}
	io.Copy(io.Discard, resp.Body)
	if _, err := b.ReadByte(); err != io.EOF {
		t.Errorf("after the answer: %v, want EOF", err)
	}
}

func TestSecondSignalCutsDownloads(t *testing.T) {
	p, x := startLarge(t, "--grace=24h")
	p.signal(t, syscall.SIGTERM)
	p.mustAwait(t, "stopping")
	p.signal(t, syscall.SIGINT)
	if got := p.wait(); got != exitOK {
		t.Errorf("exit status = %d", got)
	}
	if n, err := io.Copy(io.Discard, x.Body); err == nil {
		t.Errorf("the download ended well after %d bytes", n)
	}
}

func TestContextEndsServer(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	srv := newServer(http.NotFoundHandler(), downloadview.NewParking(nil), slog.New(slog.DiscardHandler))
	// Ready comes before Serve: it must end all the same.
	if err := srv.run(ctx, ln, time.Minute, cancel); err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", ln.Addr().String()); err == nil {
		t.Error("still accepts connections")
	}
}

func TestServerLimits(t *testing.T) {
	srv := newServer(http.NotFoundHandler(), downloadview.NewParking(nil), slog.New(slog.DiscardHandler)).http
	if srv.ReadHeaderTimeout == 0 {
		t.Error("no ReadHeaderTimeout: a client may hold a connection for good")
	}
	if srv.WriteTimeout != 0 || srv.ReadTimeout != 0 {
		t.Error("WriteTimeout or ReadTimeout cuts slow downloads")
	}
}
