package buckettest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
)

// Silent checks that a store which accepts connections and doesn't answer is a
// timeout, if the client has one. open returns the storage at a URL, with a
// client that uses transport.
func Silent(t *testing.T, open func(t *testing.T, url string, transport *http.Transport) downloadview.Storage) {
	done := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-done }))
	defer srv.Close()
	defer close(done)
	transport := &http.Transport{ResponseHeaderTimeout: 50 * time.Millisecond}
	defer transport.CloseIdleConnections()
	file := fileOf(t, open(t, srv.URL, transport), "a")
	opened := closed(file.Open(t.Context()))
	_, stat := downloadview.Stat(t.Context(), file)
	for op, err := range map[string]error{"Open": opened, "Stat": stat} {
		if downloadview.StatusCode(err) != http.StatusGatewayTimeout {
			t.Errorf("%s: %v, want 504", op, err)
		}
		if e, ok := errors.AsType[net.Error](err); !ok || !e.Timeout() {
			t.Errorf("%s: %v, want the timeout of the network in it", op, err)
		}
		if !errors.Is(err, downloadview.ErrUpstream) || !errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v, want ErrUpstream, and a deadline that is not that of the context", op, err)
		}
	}
}
