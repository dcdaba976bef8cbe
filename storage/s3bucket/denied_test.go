package s3bucket_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/s3bucket"
)

// An object that may not be read is as a missing one to a client, and a line in
// the log.
func TestDenied(t *testing.T) {
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	s := fakeWith(t, &s3bucket.Options{Prefix: "in/", Logger: logger}, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>")
	})
	f := file(t, s, "a b")
	for name, call := range map[string]func() error{
		"Open":      func() error { _, err := f.Open(t.Context()); return err },
		"OpenRange": func() error { _, err := downloadview.OpenRange(t.Context(), f, 1, 2); return err },
		"Stat":      func() error { _, err := downloadview.Stat(t.Context(), f); return err },
	} {
		log.Reset()
		if err := call(); !errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
			t.Errorf("%s: %v, want fs.ErrNotExist alone", name, err)
		}
		if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "level=WARN") ||
			!strings.Contains(got, `bucket=bkt key="in/a b"`) || !strings.Contains(got, "AccessDenied") {
			t.Errorf("%s: the log says %q, want one warning that names the object and the cause", name, got)
		}
	}
	log.Reset()
	for name, err := range map[string]error{
		"Save":   s.Save(t.Context(), "a", strings.NewReader("x")),
		"Delete": s.Delete(t.Context(), "a"),
		"Exists": func() error { _, err := downloadview.Exists(t.Context(), s, "a"); return err }(),
		"List": func() error {
			for _, err := range s.List(t.Context(), "") {
				return err
			}
			return nil
		}(),
	} {
		if !errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v, want fs.ErrPermission", name, err)
		}
	}
	if log.Len() > 0 {
		t.Errorf("errors that are told as they are get the lines %q", &log)
	}
}

// What isn't denied is no line, and without a logger there is none to write to.
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
	code = "AccessDenied"
	if _, err := file(t, fake(t, answer), "a").Open(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a logger: %v, want fs.ErrNotExist", err)
	}
}
