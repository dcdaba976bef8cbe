package downloadview

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
)

// That no file descriptor is left is a state of the server that passes: 503, and the client
// may come again. It was 500, after which many clients don't try again.
func TestNoDescriptorIsLeft(t *testing.T) {
	for _, errno := range []error{syscall.EMFILE, syscall.ENFILE} {
		err := &fs.PathError{Op: "open", Path: "/srv/a", Err: errno}
		for method, want := range map[string]string{"GET": "Service Unavailable\n", "HEAD": ""} {
			var logged bytes.Buffer
			w := httptest.NewRecorder()
			h := NewHandler(fileView(unopenable{fmt.Errorf("%w", err)}), &Options{Logger: loggerTo(&logged)})
			h.ServeHTTP(w, httptest.NewRequest(method, "/", nil))
			if w.Code != 503 || w.Header().Get("Retry-After") != "5" || w.Body.String() != want {
				t.Errorf("%v, %s: %d %v %q, want 503 with Retry-After", errno, method, w.Code, w.Header(), w.Body)
			}
			if line := logged.String(); !strings.Contains(line, "level=ERROR") || !strings.Contains(line, "status=503") || !strings.Contains(line, errno.Error()) {
				t.Errorf("%v, %s: logged %q", errno, method, line)
			}
		}
		if got := StatusCode(fmt.Errorf("%w: %w", ErrUpstream, AsCause(err))); got != 502 {
			t.Errorf("a store that can't be asked: %d, want 502", got)
		}
		chosen := &StatusError{Status: 500, Err: err}
		w := httptest.NewRecorder()
		NewHandler(fileView(unopenable{chosen}), &Options{Logger: discard}).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		if w.Code != 500 || w.Header().Get("Retry-After") != "" {
			t.Errorf("a status that was chosen: %d %v, want that of the error alone", w.Code, w.Header())
		}
	}
}
