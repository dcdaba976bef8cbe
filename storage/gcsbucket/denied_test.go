package gcsbucket_test

import (
	"io"
	"log/slog"
	"net/http"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/storage/gcsbucket"
)

func TestDenied(t *testing.T) {
	buckettest.Denied(t, "gs://bkt/in/a b", "storage.objects.get", func(t *testing.T, l *slog.Logger) downloadview.Storage {
		return fake(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet || isLook(r) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusForbidden)
				io.WriteString(w, `{"error":{"code":403,"message":"no storage.objects.get access","errors":[{"reason":"forbidden"}]}}`)
				return
			}
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, "<Error><Code>AccessDenied</Code><Details>no storage.objects.get access</Details></Error>")
		}, &gcsbucket.Options{Prefix: "in/", Logger: l})
	})
}
