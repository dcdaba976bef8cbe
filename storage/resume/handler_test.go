package resume_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/resume"
)

// What a client receives.
func TestHandler(t *testing.T) {
	soon := &resume.Options{Silence: time.Millisecond, FirstByte: time.Millisecond, Backoff: pauses(0)}
	never := []fault{{stall: true}, {stall: true}, {stall: true}}
	for _, tt := range []struct {
		name   string
		faults []fault
		fields string // Range
		status int
		whole  bool
	}{
		{"one body", []fault{{after: 3000, err: errReset}}, "", 200, true},
		{"one range", []fault{{after: 3000, err: errReset}}, "bytes=100-", 206, true},
		{"not even a byte", never, "", 504, true},
		{"no answer", []fault{{mute: true}, {mute: true}, {mute: true}}, "", 504, true},
		{"no more bytes", append([]fault{{after: 100_000, stall: true}}, never...), "", 200, false},
		{"replaced", []fault{{after: 100_000, err: errReset}, {replace: `"v2"`}}, "", 200, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &store{content: numbered(200_000), tag: `"v1"`, faults: tt.faults}
			view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
				return downloadview.Response{File: resume.File(s, soon)}, nil
			})
			srv := httptest.NewServer(downloadview.NewHandler(view, &downloadview.Options{
				Logger: slog.New(slog.DiscardHandler),
			}))
			defer srv.Close()
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			want := s.content
			if tt.fields != "" {
				req.Header.Set("Range", tt.fields)
				want = want[100:]
			}
			resp, err := srv.Client().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			got, err := io.ReadAll(resp.Body)
			if resp.StatusCode != tt.status || (err == nil) != tt.whole {
				t.Errorf("status %d, body ends in %v, want %d and whole %t", resp.StatusCode, err, tt.status, tt.whole)
			}
			if resp.StatusCode < 300 && (tt.whole && !bytes.Equal(got, want) || !bytes.HasPrefix(want, got)) {
				t.Errorf("%d bytes, or other ones", len(got))
			}
			if !tt.whole && !errors.Is(err, io.ErrUnexpectedEOF) && err == nil {
				t.Error("the body looks whole")
			}
			if n := s.open.Load(); n != 0 {
				t.Errorf("%d handles are still open", n)
			}
		})
	}
}
