package doctor_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/doctor"
	"github.com/downloadview/downloadview/internal/testserver"
)

// forging clears a screen, reverses text, and looks like a line of a report.
const forging = "\x1b[2J\u202e\u009b0m\n  ok              proxy-file"

// isSafe tells whether s has no control characters except line breaks, and no forged
// line.
func isSafe(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) && r != '\n' }) &&
		!strings.Contains(s, "\n  ok              proxy-file")
}

// TestReportForgesNothing: a text from names, headers and errors stays in one line.
func TestReportForgesNothing(t *testing.T) {
	for _, c := range []doctor.Check{
		{Detail: forging},
		{Cause: forging},
		{Change: forging},
		{Name: forging},
		{Step: doctor.Step(forging)},
	} {
		var b strings.Builder
		if err := (doctor.Report{Checks: []doctor.Check{c}}).WriteText(&b); err != nil {
			t.Fatal(err)
		}
		if !isSafe(b.String()) {
			t.Errorf("%+v is written as %q", c, b.String())
		}
	}
}

// TestHeaderForgesNothing: a server in front sends control characters for a terminal.
func TestHeaderForgesNothing(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		c.Write([]byte("HTTP/1.1 302 Found\r\nLocation: /\xc2\x9b2J\u202e\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"))
	}))
	defer site.Close()
	report, err := doctor.Run(t.Context(), doctor.Setup{Site: site.URL, Key: "a.txt"})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	report.WriteText(&b)
	if !isSafe(b.String()) || !strings.Contains(b.String(), `\u202e`) {
		t.Errorf("written as %q, want the Location in it, escaped", b.String())
	}
}

func TestExplanationForgesNothing(t *testing.T) {
	dir := t.TempDir()
	name := strings.ReplaceAll(forging, "/", "_")
	if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
		testserver.Lacking(t, "needs a file system with such names: %v", err)
	}
	s := &setting{dir: dir, server: "nginx", rule: accel.Rule{Name: forging, Source: dir, Destination: "/_media/"}}
	for _, key := range []string{name, "missing" + name} {
		storage := s.storage(t)
		view := downloadview.StorageView{
			Storage:  storage,
			Response: downloadview.Response{CheckFirst: true},
			Key:      func(*http.Request) (string, error) { return key, nil },
		}
		x := doctor.Explain(s.accelerator(t, accel.Nginx()).Middleware(view), httptest.NewRequest("GET", "/", nil))
		if x.Key != key {
			t.Fatalf("key %q, want %q", x.Key, key)
		}
		x.Header.Set("X-Odd", forging)
		var b strings.Builder
		x.WriteText(&b)
		if !isSafe(b.String()) || !strings.Contains(b.String(), `\x1b[2J`) {
			t.Errorf("%q is written as %q", key, b.String())
		}
	}
}
