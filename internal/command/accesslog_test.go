package command

import (
	"bytes"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
)

func TestAccessLogLine(t *testing.T) {
	var b bytes.Buffer
	log := &accessLog{slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))}
	r := httptest.NewRequest("GET", "/a%0Alevel=ERROR%1B%5B2J%E2%80%AE?token=secret", nil)
	r.Header.Set("Referer", "http://x.example/?secret")
	r.RemoteAddr = "[2001:db8::1]:4711"
	log.observe(r, downloadview.Outcome{
		Mode: downloadview.Offloaded, Rule: "media", Status: 200, Bytes: 7,
		Duration: 1500 * time.Microsecond, AbortedBy: downloadview.Client,
	})
	want := `level=INFO msg=request method=GET path="/a\nlevel=ERROR\x1b[2J\u202e" status=200 bytes=7 duration=1.5ms mode=offload rule=media remote=2001:db8::1 aborted_by=client` + "\n"
	if got := b.String(); got != want {
		t.Errorf("line = %s\nwant   %s", got, want)
	}
	if strings.Contains(b.String(), "secret") {
		t.Error("the log tells a secret")
	}
}
