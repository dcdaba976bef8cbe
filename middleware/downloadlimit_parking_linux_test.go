//go:build !386

package middleware_test

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/middleware"
	"github.com/downloadview/downloadview/storage/disk"
)

// A parked download, whose handler returns early, counts until it is over.
func TestDownloadLimitOfParkedDownloads(t *testing.T) {
	for _, handedOver := range []time.Duration{0, time.Minute} {
		t.Run(fmt.Sprint(handedOver), func(t *testing.T) {
			const size = 64 << 20
			path := filepath.Join(t.TempDir(), "a.bin")
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(path, size); err != nil {
				t.Fatal(err)
			}
			f, err := disk.File(path)
			if err != nil {
				t.Fatal(err)
			}
			parking := downloadview.NewParking(&downloadview.ParkingOptions{After: 10 * time.Millisecond})
			limit := middleware.NewDownloadLimit(&middleware.DownloadLimitOptions{Most: 1, HandedOver: handedOver})
			files := downloadview.NewHandler(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
				return downloadview.Response{File: f}, nil
			}), &downloadview.Options{Logger: slog.New(slog.DiscardHandler)})
			inner := limit.Handler(parking.Handler(files))
			returned := make(chan struct{}, 10)
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer func() { returned <- struct{}{} }()
				inner.ServeHTTP(w, r)
			}))
			s.Config.ConnContext = downloadview.ConnContext
			s.Listener = downloadview.EndStalled(s.Listener, time.Minute)
			s.Start()
			defer s.Close()
			ask := func(rest string) net.Conn {
				c, err := net.Dial("tcp", s.Listener.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { c.Close() })
				io.WriteString(c, "GET / HTTP/1.0\r\n"+rest+"\r\n")
				return c
			}
			first := ask("")
			<-returned
			if n := parking.Open(); n != 1 {
				t.Fatalf("%d downloads are parked, want 1", n)
			}
			if got, _ := io.ReadAll(ask("")); !strings.HasPrefix(string(got), "HTTP/1.0 503") {
				t.Errorf("beside a parked download: %.20q, want 503", got)
			}
			if n, err := io.Copy(io.Discard, first); n < size || err != nil {
				t.Fatalf("read %d bytes, %v", n, err)
			}
			if err := parking.Shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got, _ := io.ReadAll(ask("Range: bytes=0-0\r\n")); !strings.HasPrefix(string(got), "HTTP/1.0 206") {
				t.Errorf("after it: %.20q, want 206", got)
			}
		})
	}
}
