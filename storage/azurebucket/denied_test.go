package azurebucket_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/storage/azurebucket"
)

func TestDenied(t *testing.T) {
	for name, code := range map[string]string{
		"of the identity":  "AuthorizationPermissionMismatch",
		"without a reason": "", // from a proxy in front of Azure
	} {
		t.Run(name, func(t *testing.T) {
			buckettest.Denied(t, "azblob://bkt/in/a b", "403", func(t *testing.T, l *slog.Logger) downloadview.Storage {
				srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					if code != "" {
						w.Header().Set("X-Ms-Error-Code", code)
					}
					w.WriteHeader(http.StatusForbidden)
				}))
				t.Cleanup(srv.Close)
				return fakeAt(t, srv.URL, &azurebucket.Options{Prefix: "in/", Logger: l})
			})
		})
	}
}
