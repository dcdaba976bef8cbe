package command

import (
	"net/http"
	"strings"
	"testing"
)

func TestRequestID(t *testing.T) {
	const trace = "0af7651916cd43dd8448eb211c80319c"
	for _, tt := range []struct {
		name   string
		id     []string
		parent string
		want   string
	}{
		{"none", nil, "", ""},
		{"of nginx", []string{"5f7b1c0a2d3e4f5061728394a5b6c7d8"}, "", "5f7b1c0a2d3e4f5061728394a5b6c7d8"},
		{"a UUID", []string{"0b0e6f6e-6c2e-4bb5-9d4c-0a6a0d9d3a11"}, "", "0b0e6f6e-6c2e-4bb5-9d4c-0a6a0d9d3a11"},
		{"before a trace", []string{"a"}, "00-" + trace + "-b7ad6b7169203331-01", "a"},
		{"a trace", nil, "00-" + trace + "-b7ad6b7169203331-01", trace},
		{"of a later version", nil, "01-" + trace + "-b7ad6b7169203331-01-more", trace},
		{"empty", []string{""}, "00-" + trace + "-b7ad6b7169203331-01", trace},
		{"two", []string{"a", "b"}, "", ""},
		{"as long as it may be", []string{strings.Repeat("a", 128)}, "", strings.Repeat("a", 128)},
		{"too long", []string{strings.Repeat("a", 129)}, "", ""},
		{"a space", []string{"a b"}, "", ""},
		{"a quote", []string{`a"b`}, "", ""},
		{"an equals sign", []string{"a=b"}, "", ""},
		{"not ASCII", []string{"ä"}, "", ""},
		{"a control character", []string{"a\x1b[2J"}, "", ""},
		{"an invalid version", nil, "ff-" + trace + "-b7ad6b7169203331-01", ""},
		{"no trace", nil, "00-" + strings.Repeat("0", 32) + "-b7ad6b7169203331-01", ""},
		{"upper case", nil, "00-" + strings.ToUpper(trace) + "-b7ad6b7169203331-01", ""},
		{"cut", nil, "00-" + trace, ""},
		{"in one piece", nil, strings.Repeat("0", 55), ""},
	} {
		h := http.Header{}
		if tt.id != nil {
			h["X-Request-Id"] = tt.id
		}
		if tt.parent != "" {
			h.Set("traceparent", tt.parent)
		}
		if got := requestID(h); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
