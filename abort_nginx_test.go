package downloadview_test

import (
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
	"path/filepath"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/nginxtest"
)

// A breaking file fails after 256 KiB.
type breaking struct{ size int64 }

func (breaking) Name() string { return "breaking.bin" }

func (f breaking) Open(context.Context) (fs.File, error) {
	begin := bytes.NewReader(make([]byte, 256<<10))
	return breakingHandle{f, io.MultiReader(begin, failing{})}, nil
}

type breakingHandle struct {
	file breaking
	io.Reader
}

func (h breakingHandle) Close() error { return nil }

func (h breakingHandle) Stat() (fs.FileInfo, error) {
	return downloadview.Attributes{Size: h.file.size}.FileInfo(h.file.Name()), nil
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("the disk broke") }

// serveOn serves h on a TCP port or a unix socket, and returns the address in the form
// that the configurations of proxies use.
func serveOn(t *testing.T, network string, h http.Handler) string {
	t.Helper()
	app := httptest.NewUnstartedServer(h)
	addr := app.Listener.Addr().String()
	if network == "unix" {
		app.Listener.Close()
		path := filepath.Join(t.TempDir(), "s")
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		app.Listener, addr = l, "unix:"+path
	}
	app.Start()
	t.Cleanup(app.Close)
	return addr
}

// nginx does not pass on an aborted download as a complete one, with each version of
// HTTP to the application, and even if a recoverer swallows every panic.
func TestABrokenDownloadThroughNginx(t *testing.T) {
	options := &downloadview.Options{Logger: slog.New(slog.DiscardHandler)}
	for _, size := range []int64{1 << 20, -1} {
		view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
			return downloadview.Response{File: breaking{size}}, nil
		})
		h := downloadview.NewHandler(view, options)
		swallowing := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() { recover() }()
			h.ServeHTTP(w, r)
		})
		for _, upstream := range []string{"1.0", "1.1"} {
			for _, network := range []string{"tcp", "unix"} {
				if network == "unix" && upstream == "1.0" && size < 0 {
					continue // nothing shows the abort: no length, no chunks, and no reset on a unix socket
				}
				t.Run(fmt.Sprintf("%s/HTTP %s/size %d", network, upstream, size), func(t *testing.T) {
					addr := serveOn(t, network, swallowing)
					nginx := nginxtest.Start(t, nginxtest.Options{Upstream: addr, Directory: t.TempDir(), UpstreamHTTP: upstream})
					resp, err := http.Get(nginx.URL)
					if err != nil {
						return
					}
					defer resp.Body.Close()
					if n, err := io.Copy(io.Discard, resp.Body); err == nil {
						t.Errorf("%s, %d bytes: the client takes the download for a complete one", resp.Status, n)
					}
				})
			}
		}
	}
}
