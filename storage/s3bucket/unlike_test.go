package s3bucket_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
)

// If HEAD is answered with 400 and no code, a GET gets the reason.
func TestReasonOfHead(t *testing.T) {
	s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, "<Error><Code>ExpiredToken</Code></Error>")
	})
	if _, err := downloadview.Stat(t.Context(), file(t, s, "a")); !strings.Contains(fmt.Sprint(err), "ExpiredToken") || !errors.Is(err, downloadview.ErrRefused) {
		t.Errorf("Stat: %v, want ErrRefused and the reason", err)
	}
	if _, err := downloadview.Exists(t.Context(), s, "a"); !strings.Contains(fmt.Sprint(err), "ExpiredToken") {
		t.Errorf("Exists: %v, want the reason", err)
	}
}
