package buckettest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
)

// Denied checks that reading an object to which access is denied fails as if
// the object were missing, with one line in the log, and that any other
// operation fails with [fs.ErrPermission] and without a line. open returns a
// storage with a logger, whose store denies everything. source is the source of
// the object "a b". cause is a part of the store's answer.
func Denied(t *testing.T, source, cause string, open func(*testing.T, *slog.Logger) downloadview.Storage) {
	t.Helper()
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	s := open(t, logger)
	for name, err := range readings(t, s) {
		checkDenied(t, name, err(), &log, source, cause)
	}
	for name, err := range others(t, s) {
		log.Reset()
		if err := err(); !errors.Is(err, fs.ErrPermission) && !errors.Is(err, errors.ErrUnsupported) || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v, want fs.ErrPermission", name, err)
		}
		if log.Len() > 0 {
			t.Errorf("%s, whose error is told as it is, gets the line %q", name, &log)
		}
	}
	old := slog.Default()
	defer slog.SetDefault(old)
	slog.SetDefault(logger)
	for name, err := range readings(t, open(t, nil)) {
		checkDenied(t, name+" without a logger", err(), &log, source, cause)
	}
}

// checkDenied checks err, and the log since the last call.
func checkDenied(t *testing.T, name string, err error, log *bytes.Buffer, source, cause string) {
	t.Helper()
	defer log.Reset()
	if !errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) || downloadview.StatusCode(err) != 404 {
		t.Errorf("%s: %v, want fs.ErrNotExist alone", name, err)
	}
	if _, ok := errors.AsType[*fs.PathError](err); !ok || !strings.Contains(fmt.Sprint(err), cause) {
		t.Errorf("%s: %v, want an fs.PathError with the cause %q", name, err, cause)
	}
	got := log.String()
	for _, want := range []string{"level=WARN", "access denied to an object", fmt.Sprintf("source=%q", source), cause} {
		if strings.Count(got, "\n") != 1 || !strings.Contains(got, want) {
			t.Errorf("%s: the log says %q, want one line with %q", name, got, want)
		}
	}
}

// readings are the ways to read "a b".
func readings(t *testing.T, s downloadview.Storage) map[string]func() error {
	t.Helper()
	f, err := s.File("a b")
	if err != nil {
		t.Fatal(err)
	}
	return map[string]func() error{
		"Open":        func() error { _, err := f.Open(t.Context()); return err },
		"OpenRange":   func() error { _, err := downloadview.OpenRange(t.Context(), f, 1, 2); return err },
		"Stat":        func() error { _, err := downloadview.Stat(t.Context(), f); return err },
		"Open pinned": func() error { _, err := downloadview.Pin(f, `"1"`).Open(t.Context()); return err },
	}
}

// others are the other operations of a storage.
func others(t *testing.T, s downloadview.Storage) map[string]func() error {
	return map[string]func() error{
		"Exists": func() error { _, err := downloadview.Exists(t.Context(), s, "a"); return err },
		"Save":   func() error { return downloadview.Save(t.Context(), s, "a", strings.NewReader("x")) },
		"Delete": func() error { return downloadview.Delete(t.Context(), s, "a") },
		"Times":  func() error { _, err := downloadview.TimesOf(t.Context(), s, "a"); return err },
		"List": func() error {
			for _, err := range downloadview.List(t.Context(), s, "") {
				return err
			}
			return nil
		},
	}
}
