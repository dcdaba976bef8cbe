package command

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/downloadview/downloadview"
)

func TestAccessLogLine(t *testing.T) {
	var b bytes.Buffer
	log := &accessLog{logger: slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))}
	r := httptest.NewRequest("GET", "/a%0Alevel=ERROR%1B%5B2J%E2%80%AE?token=secret", nil)
	r.Header.Set("Referer", "http://x.example/?secret")
	r.Header.Set("X-Request-Id", "5f7b1c0a")
	r.RemoteAddr = "[2001:db8::1]:4711"
	log.observe(r, downloadview.Outcome{
		Mode: downloadview.Offloaded, Rule: "media", Status: 200, Bytes: 7,
		Duration: 1500 * time.Microsecond, AbortedBy: downloadview.AbortedByClient,
	})
	want := `level=INFO msg=request method=GET path="/a\nlevel=ERROR\x1b[2J\u202e" status=200 bytes=7 duration=1.5ms mode=offload rule=media remote=2001:db8::1 request_id=5f7b1c0a aborted_by=client` + "\n"
	if got := b.String(); got != want {
		t.Errorf("line = %s\nwant   %s", got, want)
	}
	if strings.Contains(b.String(), "secret") {
		t.Error("the log tells a secret")
	}
}

// For any values, a line of text has the bytes that package slog would write, and the
// line of JSON has the same values.
func FuzzAccessLine(f *testing.F) {
	f.Add("GET", "/a b", 200, int64(7), int64(1500000), "offload", "media", "2001:db8::1", "5f7b1c0a", "", "", int64(1769428800999999999))
	f.Add("GET", "/a\nlevel=ERROR\x1b[2J\u202e\x7f=\"\\", 404, int64(0), int64(0), "stream", "", "unix", "a b", "client", "open a: no such file", int64(0))
	f.Add("", "\xff\u2028\u00a0\U000e0001", 500, int64(-1), int64(-1), "", "=", "", "", "x y", "\ufffd", int64(-1))
	c := new(clock)
	f.Fuzz(func(t *testing.T, method, path string, status int, size, duration int64, mode, rule, remote, id, abortedBy, reason string, nanos int64) {
		line := accessLine{method, path, status, size, time.Duration(duration), mode, rule, remote, id, abortedBy, reason}
		now := time.Unix(0, nanos)
		record := slog.NewRecord(now, slog.LevelInfo, accessMessage, 0)
		record.AddAttrs(line.attrs()...)

		var want bytes.Buffer
		if err := slog.NewTextHandler(&want, nil).Handle(context.Background(), record); err != nil {
			t.Fatal(err)
		}
		if got := string(line.appendText([]byte("before "), c, now)); got != "before "+want.String() {
			t.Errorf("line %q\nwant %q", got, "before "+want.String())
		}

		var raw, shown bytes.Buffer
		slog.NewJSONHandler(&raw, nil).Handle(context.Background(), record)
		slog.NewJSONHandler(escapedLines{&shown}, nil).Handle(context.Background(), record)
		var wantValues, values map[string]any
		if err := json.Unmarshal(raw.Bytes(), &wantValues); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(shown.Bytes(), &values); err != nil {
			t.Fatalf("%v in %s", err, &shown)
		}
		if diff := cmp.Diff(wantValues, values); diff != "" {
			t.Errorf("JSON says something else (-want +got):\n%s", diff)
		}
		if odd := strings.IndexFunc(strings.TrimSuffix(shown.String(), "\n"), func(r rune) bool { return !unicode.IsPrint(r) }); odd >= 0 {
			t.Errorf("JSON has what is not printable at %d: %q", odd, &shown)
		}
	})
}
