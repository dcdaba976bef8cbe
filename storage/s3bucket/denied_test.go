package s3bucket_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/storage/s3bucket"
)

func TestDenied(t *testing.T) {
	buckettest.Denied(t, "s3://bkt/in/a b", "AccessDenied", func(t *testing.T, l *slog.Logger) downloadview.Storage {
		return fakeWith(t, &s3bucket.Options{Prefix: "in/", Logger: l}, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>")
		})
	})
}

// Other errors are not logged.
func TestLogIsForDeniedObjects(t *testing.T) {
	var log bytes.Buffer
	code := "NoSuchKey"
	answer := func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		io.WriteString(w, "<Error><Code>"+code+"</Code></Error>")
	}
	s := fakeWith(t, &s3bucket.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}, answer)
	for _, code = range []string{"NoSuchKey", "SignatureDoesNotMatch"} {
		if _, err := file(t, s, "a").Open(t.Context()); err == nil || log.Len() > 0 {
			t.Errorf("%s: %v, and the log says %q, want nothing", code, err, &log)
		}
	}
}
