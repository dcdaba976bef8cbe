package downloadview_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
)

// If a request is refused because of a field, the error names the field and its value.
func TestRefusalsNameTheirReason(t *testing.T) {
	for field, tt := range map[string]struct {
		value  string
		status int
		says   []string
	}{
		"Range":               {"bytes=7-9", http.StatusRequestedRangeNotSatisfiable, []string{"bytes=7-9", "7 bytes"}},
		"If-Match":            {`"x"`, http.StatusPreconditionFailed, []string{"If-Match", "x"}},
		"If-None-Match":       {`*`, http.StatusPreconditionFailed, []string{"If-None-Match", "*"}},
		"If-Unmodified-Since": {"Sat, 01 Jan 2000 00:00:00 GMT", http.StatusPreconditionFailed, []string{"If-Unmodified-Since", "2000"}},
	} {
		var told error
		o := &downloadview.Options{
			Logger:   slog.New(slog.DiscardHandler),
			Observer: func(_ *http.Request, o downloadview.Outcome) { told = o.Err },
		}
		f := downloadview.FromString("a.txt", "content", nil)
		resp := downloadview.Response{File: f, ETag: `"v1"`, ModTime: time.Now().AddDate(0, 0, -1)}
		h := downloadview.UseOptions(o)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			downloadview.Send(w, r, resp)
		}))
		r := httptest.NewRequest("GET", "/", nil)
		if field == "If-None-Match" {
			r.Method = "POST"
			r.Header.Set("If-Match", `"v1"`) // which the file meets
		}
		r.Header.Set(field, tt.value)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != tt.status || told == nil {
			t.Errorf("%s: %d, %v; want %d", field, w.Code, told, tt.status)
			continue
		}
		for _, part := range tt.says {
			if !strings.Contains(told.Error(), part) {
				t.Errorf("%s: %q doesn't tell %q", field, told, part)
			}
		}
		if body := w.Body.String(); strings.Contains(body, tt.value) {
			t.Errorf("%s: the client is told %q", field, body)
		}
	}
}
