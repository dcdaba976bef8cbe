//go:build !386

package ledger_test

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/ledger"
	"github.com/downloadview/downloadview/storage/disk"
)

// A sharedLog may be read while it is written.
type sharedLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *sharedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *sharedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// A parked download, whose handler returns early, is in the ledger with all its bytes, and
// the log doesn't say that it is missing. If no Observer adds it, the log does.
func TestParkedDownload(t *testing.T) {
	for name, observes := range map[string]bool{"observed": true, "not observed": false} {
		t.Run(name, func(t *testing.T) {
			a := start(t, nil)
			log := new(sharedLog)
			l := ledger.New(a.entries, &ledger.Options{Logger: slog.New(slog.NewTextHandler(log, nil))})
			store, err := disk.Open(a.dir, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
			o := &downloadview.Options{Logger: slog.New(slog.DiscardHandler)}
			if observes {
				o.Observer = l.Observe
			}
			parking := downloadview.NewParking(&downloadview.ParkingOptions{After: 10 * time.Millisecond})
			inner := l.Handler(parking.Handler(downloadview.NewHandler(downloadview.StorageView{Storage: store, Key: downloadview.PathKey("/")}, o)))
			returned := make(chan struct{})
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer close(returned)
				inner.ServeHTTP(w, r)
			}))
			s.Config.ConnContext = downloadview.ConnContext
			s.Listener = downloadview.EndStalled(s.Listener, time.Minute)
			s.Start()
			defer s.Close()
			c, err := net.Dial("tcp", s.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			io.WriteString(c, "GET /a.bin HTTP/1.0\r\n\r\n")
			select {
			case <-returned:
			case <-time.After(20 * time.Second):
				t.Fatal("the download is not parked")
			}
			if n := parking.Open(); n != 1 {
				t.Errorf("%d downloads are parked, want 1", n)
			}
			if said := log.String(); said != "" {
				t.Errorf("in the middle of the download, the log says\n%s", said)
			}
			if n, err := io.Copy(io.Discard, c); n < size || err != nil {
				t.Fatalf("read %d bytes, %v", n, err)
			}
			if err := parking.Shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}
			if missing := strings.Contains(log.String(), "missing in the ledger"); missing == observes {
				t.Errorf("the log says\n%s", log.String())
			}
			if !observes {
				return
			}
			if e := a.only(t); e.Bytes != size {
				t.Errorf("the ledger has %+v, want %d bytes", e, size)
			}
		})
	}
}
