//go:build !386

package downloadview_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
)

// TLS and HTTP/2 have more to send than the bytes of the file, so nothing is parked there.
func TestNotParkedOverTLS(t *testing.T) {
	const size = 32 * mebi // more than any buffer and window takes
	content := randomBytes(size)
	for _, proto := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(proto, func(t *testing.T) {
			parking := downloadview.NewParking(&downloadview.ParkingOptions{After: parkAfter})
			returned := make(chan struct{})
			h := parking.Handler(downloadview.NewHandler(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
				return downloadview.Response{File: asObject(content)}, nil
			}), &downloadview.Options{Logger: slog.New(slog.DiscardHandler)}))
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer close(returned)
				h.ServeHTTP(w, r)
			}))
			s.Config.ConnContext = downloadview.ConnContext
			s.EnableHTTP2 = proto == "HTTP/2.0"
			s.Listener = downloadview.EndStalled(s.Listener, time.Minute)
			s.StartTLS()
			defer s.Close()
			resp, err := s.Client().Get(s.URL + "/a.bin")
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if resp.Proto != proto {
				t.Fatalf("the answer is %s", resp.Proto)
			}
			select {
			case <-returned:
				t.Fatal("the handler has returned in the middle of the body")
			case <-time.After(10 * parkAfter):
			}
			if n := parking.Open(); n != 0 {
				t.Errorf("%d are parked", n)
			}
			if n, err := io.Copy(io.Discard, resp.Body); n != size || err != nil {
				t.Errorf("%d bytes, %v; want %d", n, err, size)
			}
			<-returned
		})
	}
}
