package remote_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/storage/remote"
)

func TestDenied(t *testing.T) {
	for status, cause := range map[int]string{401: "401 Unauthorized", 403: "403 Forbidden"} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		t.Cleanup(srv.Close)
		source := srv.URL + "/in/a b"
		t.Run(cause, func(t *testing.T) {
			buckettest.Denied(t, source, cause, func(t *testing.T, l *slog.Logger) downloadview.Storage {
				return below(t, srv.URL+"/in/", remote.Options{Logger: l})
			})
		})
		t.Run(cause+", one file", func(t *testing.T) {
			buckettest.Denied(t, source, cause, func(t *testing.T, l *slog.Logger) downloadview.Storage {
				return one{t, srv.URL + "/in/a%20b", l}
			})
		})
	}
}

// one is a storage of the file at one URL.
type one struct {
	t      *testing.T
	url    string
	logger *slog.Logger
}

// Exists isn't available for the file at a URL.
func (one) Exists(context.Context, string) (bool, error) { return false, errors.ErrUnsupported }

func (s one) File(string) (downloadview.File, error) {
	return remote.File(s.url, &remote.Options{Allow: loopback(s.t, s.url), Logger: s.logger})
}
