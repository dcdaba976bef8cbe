package ledger_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/downloadview/downloadview/ledger"
)

func TestParseLine(t *testing.T) {
	began := time.Unix(1764190000, 250e6)
	ended := began.Add(1500 * time.Millisecond)
	part := ledger.Part{
		ID: "ID7", Download: ledger.Download{Subject: "192.0.2.7", Name: "/_media/a.pdf"}, Kind: ledger.Logged, Began: began, Time: ended,
		Status: 200, Version: `"v1"`, Size: 10, Bytes: 10, Piece: ledger.Piece{End: 10}, Whole: true,
	}
	with := func(change func(p *ledger.Part)) ledger.Part {
		p := part
		change(&p)
		return p
	}
	for _, tt := range []struct {
		name, line string
		want       ledger.Part
	}{
		{"whole", `downloadview/nginx 1764190001.750 1.500 ID7 GET 200 10 - "OK" "-" "10" "\x22v1\x22" 192.0.2.7 "/_media/a.pdf"`, part},
		{"a line break", "downloadview/nginx 1764190001.750 1.500 ID7 GET 200 10 - \"OK\" \"-\" \"10\" \"\\x22v1\\x22\" 192.0.2.7 \"/_media/a.pdf\"\r\n", part},
		{"syslog", `<190>Nov 26 21:06:41 downloadview: downloadview/nginx 1764190001.750 1.500 ID7 GET 200 10 - "OK" "-" "10" "\x22v1\x22" 192.0.2.7 "/_media/a.pdf"`, part},
		{
			"a weak tag, and a name with quotes and letters", `downloadview/nginx 1764190001.750 1.500 ID7 GET 200 10 - "OK" "-" "10" "W/\x22v1\x22" 192.0.2.7 "/_media/\x22\xC3\xA4 b\x5C"`,
			with(func(p *ledger.Part) { p.Name = `/_media/"ä b\` }),
		},
		{"cut", `downloadview/nginx 1764190001.750 1.500 ID7 GET 200 4 - "" "-" "10" "\x22v1\x22" 192.0.2.7 "/_media/a.pdf"`, with(func(p *ledger.Part) {
			p.Bytes, p.Piece.End, p.Whole, p.Ended = 4, 4, false, ledger.Cut
		})},
		{"a range", `downloadview/nginx 1764190001.750 1.500 ID7 GET 206 3 - "OK" "bytes 5-7/10" "3" "\x22v1\x22" 192.0.2.7 "/_media/a.pdf"`, with(func(p *ledger.Part) {
			p.Status, p.Bytes, p.Piece, p.Whole = 206, 3, ledger.Piece{Start: 5, End: 8}, false
		})},
		{"a range that was cut", `downloadview/nginx 1764190001.750 1.500 ID7 GET 206 1 - "" "bytes 5-7/10" "3" "\x22v1\x22" 192.0.2.7 "/_media/a.pdf"`, with(func(p *ledger.Part) {
			p.Status, p.Bytes, p.Piece, p.Whole, p.Ended = 206, 1, ledger.Piece{Start: 5, End: 6}, false, ledger.Cut
		})},
		{"several ranges", `downloadview/nginx 1764190001.750 1.500 ID7 GET 206 300 - "OK" "-" "300" "\x22v1\x22" 192.0.2.7 "/_media/a.pdf"`, with(func(p *ledger.Part) {
			p.Status, p.Bytes, p.Size, p.Piece, p.Whole = 206, 300, -1, ledger.Piece{}, false
		})},
		{"HEAD", `downloadview/nginx 1764190001.750 1.500 ID7 HEAD 200 0 - "OK" "-" "10" "\x22v1\x22" 192.0.2.7 "/_media/a.pdf"`, with(func(p *ledger.Part) {
			p.Bytes, p.Piece, p.Whole = 0, ledger.Piece{}, false
		})},
		{"an error page", `downloadview/nginx 1764190001.750 1.500 ID7 GET 404 153 - "OK" "-" "153" "-" 192.0.2.7 "/_media/a.pdf"`, with(func(p *ledger.Part) {
			p.Status, p.Bytes, p.Size, p.Piece, p.Whole, p.Version = 404, 0, -1, ledger.Piece{}, false, ""
		})},
		{"Apache, whole", `downloadview/apache 1764190001.750 1500000us ID7 GET 200 10 400 "-" "-" "10" "\"v1\"" 192.0.2.7 "/_media/a.pdf"`, part},
		{"Apache, which counts the bytes that it planned", `downloadview/apache 1764190001.750 1500000us ID7 GET 200 10 4 "X" "-" "10" "\"v1\"" 192.0.2.7 "/_media/a.pdf"`, with(func(p *ledger.Part) {
			p.Bytes, p.Piece.End, p.Whole, p.Ended = 4, 4, false, ledger.Cut
		})},
		{"Apache, cut near the end", `downloadview/apache 1764190001.750 1500000us ID7 GET 200 10 400 "X" "-" "10" "\"v1\"" 192.0.2.7 "/_media/a.pdf"`, with(func(p *ledger.Part) {
			p.Bytes, p.Piece.End, p.Whole, p.Ended = 9, 9, false, ledger.Cut
		})},
		{"Apache, whose clock was set back by six seconds", `downloadview/apache 1764190001.750 -5999775us ID7 GET 200 10 400 "-" "-" "10" "\"v1\"" 192.0.2.7 "/_media/a.pdf"`, with(func(p *ledger.Part) {
			p.Began = ended
		})},
		{"lighttpd, whose clock was set back", `downloadview/lighttpd 1764190001.750 -1us ID7 GET 200 10 - "+" "-" "10" "\"v1\"" 192.0.2.7 "/_media/a.pdf"`, with(func(p *ledger.Part) {
			p.Began = ended
		})},
		{"lighttpd", `downloadview/lighttpd 1764190001.750 1500000us ID7 GET 206 3 - "+" "bytes 5-7/10" "3" "\"v1\"" 192.0.2.7 "/_media/a.pdf"`, with(func(p *ledger.Part) {
			p.Status, p.Bytes, p.Piece, p.Whole = 206, 3, ledger.Piece{Start: 5, End: 8}, false
		})},
		{"Caddy", `{"ts":1764190001.75,"request":{"remote_ip":"192.0.2.7","method":"GET","uri":"/_media/a.pdf"},"duration":1.5,"size":10,"status":200,"resp_headers":{"Etag":["\"v1\""],"Content-Length":["10"]},"downloadview_id":"ID7"}`, part},
		{"Caddy 2.6, cut", `{"ts":1764190001.75,"request":{"remote_ip":"192.0.2.7","method":"GET","uri":"/_media/a.pdf"},"duration":1.5,"size":4,"status":200,"resp_headers":{"X-Download-Id":["ID7"],"Etag":["\"v1\""],"Content-Length":["10"]}}`, with(func(p *ledger.Part) {
			p.Bytes, p.Piece.End, p.Whole, p.Ended = 4, 4, false, ledger.Cut
		})},
		{"an empty file", `downloadview/nginx 1764190001.750 1.500 ID7 GET 200 0 - "OK" "-" "0" "\x22v1\x22" 192.0.2.7 "/_media/a.pdf"`, with(func(p *ledger.Part) {
			p.Bytes, p.Size, p.Piece = 0, 0, ledger.Piece{}
		})},
	} {
		got, ok, err := ledger.ParseLine([]byte(tt.line))
		if err != nil || !ok {
			t.Errorf("%s: %v, %v", tt.name, ok, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// Lines of other formats are none of the ledger's, whatever a client has written into
// them. Wrong ones of its own format are errors.
func TestOtherLines(t *testing.T) {
	for _, tt := range []struct {
		line string
		ours bool
	}{
		{"", false},
		{"\n", false},
		{`192.0.2.7 - - [26/Nov/2026:21:00:00 +0000] "GET /a HTTP/1.1" 200 10 "-" "downloadview/nginx 1 1 ID GET 200 10 OK - 10 - a /b"`, false},
		{`downloadview/other 1 1 ID7 GET 200 10 - "OK" "-" "10" "-" 192.0.2.7 "/a"`, false},
		{`<190>Nov 26 21:06:41 nginx: other`, false},
		{`<190>`, false},
		{`downloadview/nginx`, true},
		{`downloadview/nginx 1 1 ID7 GET 200 10 - "OK" "-" "10" "-" 192.0.2.7 "/a`, true},
		{`downloadview/nginx 1 1 ID7 GET 200 10 - "OK" "-" "10" "-" 192.0.2.7`, true},
		{`downloadview/nginx 1 1 ID7 GET 200 10 - "OK" "-" "10" "-" 192.0.2.7 "/a" more`, true},
		{`downloadview/nginx 1 1 ID7 GET 200 10 - "OK"x "-" "10" "-" 192.0.2.7 "/a"`, true},
		{`downloadview/nginx x 1 ID7 GET 200 10 - "OK" "-" "10" "-" 192.0.2.7 "/a"`, true},
		{`downloadview/nginx 99999999999999 1 ID7 GET 200 10 - "OK" "-" "10" "-" 192.0.2.7 "/a"`, true},
		{`downloadview/nginx 1 -1 ID7 GET 200 10 - "OK" "-" "10" "-" 192.0.2.7 "/a"`, true},
		{`downloadview/nginx 1 1 ID7 GET 200 10 x "OK" "-" "10" "-" 192.0.2.7 "/a"`, true},
		{`downloadview/nginx 1 1 "a b" GET 200 10 - "OK" "-" "10" "-" 192.0.2.7 "/a"`, true},
		{`downloadview/nginx 1 1 ` + strings.Repeat("a", 129) + ` GET 200 10 - "OK" "-" "10" "-" 192.0.2.7 "/a"`, true},
		{`{"ts":1,"duration":1,"size":10,"status":200,"downloadview_id":"\u0000"}`, true},
		{`downloadview/lighttpd 1 -us ID7 GET 200 10 - "+" "-" "10" "-" 192.0.2.7 "/a"`, true},
		{`downloadview/lighttpd 1 --1us ID7 GET 200 10 - "+" "-" "10" "-" 192.0.2.7 "/a"`, true},
		{`downloadview/lighttpd 1 1us - GET 200 10 - "+" "-" "10" "-" 192.0.2.7 "/a"`, false}, // streamed
		{`{"ts":1,"duration":1,"size":10,"status":200,"resp_headers":{"X-Download-Id":["ID7"]}`, true},
		{`{"ts":1,"duration":1,"size":-1,"status":200,"resp_headers":{"X-Download-Id":["ID7"]}}`, true},
		{`{"ts":1e30,"duration":1,"size":10,"status":200,"resp_headers":{"X-Download-Id":["ID7"]}}`, true},
		{`{"ts":1,"duration":1,"size":10,"status":200,"downloadview_id":""}`, false}, // streamed
		{`{"ts":1,"duration":1,"size":10,"status":200,"resp_headers":{}}`, false},
		{`{"ts":1,"request":{"uri":"/\"downloadview_id\":"}}`, false},
		{`downloadview/nginx 1 1 ID7 GET OK 10 - "OK" "-" "10" "-" 192.0.2.7 "/a"`, true},
		{`downloadview/nginx 1 1 ID7 GET 200 -10 - "OK" "-" "10" "-" 192.0.2.7 "/a"`, true},
		{`downloadview/nginx 1 1 ID7 GET 200 10 - "X" "-" "10" "-" 192.0.2.7 "/a"`, true},
		{`downloadview/nginx 1 1 ID7 GET 200 10 - "OK" "-" "10" "-" 192.0.2.7 "/\xZZ"`, true},
		{`downloadview/nginx 1 1 ID7 GET 200 10 - "OK" "-" "10" "-" 192.0.2.7 "/\q"`, true},
		{`downloadview/nginx 1 1 ID7 GET 200 10 - "OK" "-" "10" "-" 192.0.2.7 "/\x2"`, true},
	} {
		p, ours, err := ledger.ParseLine([]byte(tt.line))
		var wrong *ledger.LineError
		if ours != tt.ours || errors.As(err, &wrong) != tt.ours {
			t.Errorf("ParseLine(%s) = %+v, %v, %v; want ours to be %v", tt.line, p, ours, err, tt.ours)
		}
	}
}

// No line makes a part that contradicts itself.
func FuzzParseLine(f *testing.F) {
	f.Add(`downloadview/nginx 1764190001.750 1.500 ID7 GET 206 3 - "OK" "bytes 5-7/10" "3" "\x22v1\x22" 192.0.2.7 "/_media/a.pdf"`)
	f.Add(`<190>Nov 26 21:06:41 a: downloadview/nginx 1 1 ID7 GET 200 4 - "" "-" "10" "W/\x22v1\x22" 192.0.2.7 "/a"`)
	f.Add(`downloadview/apache 1 1us ID7 GET 200 10 4 "X" "-" "10" "\"v1\"" 192.0.2.7 "/a"`)
	f.Add(`{"ts":1764190001.75,"request":{"remote_ip":"192.0.2.7","method":"GET","uri":"/a"},"duration":1.5,"size":10,"status":206,"resp_headers":{"Content-Range":["bytes 0-9/20"]},"downloadview_id":"ID7"}`)
	f.Fuzz(func(t *testing.T, line string) {
		p, ok, err := ledger.ParseLine([]byte(line))
		switch {
		case err != nil || !ok:
			return
		case p.ID == "", p.Bytes < 0, p.Size < -1, p.Piece.Start < 0, p.Piece.End < p.Piece.Start,
			p.Piece != (ledger.Piece{}) && p.Piece.End-p.Piece.Start != p.Bytes,
			p.Size >= 0 && p.Piece.End > p.Size, p.Whole && p.Ended != "", p.Began.After(p.Time):
			t.Errorf("%q: %+v", line, p)
		}
	})
}
