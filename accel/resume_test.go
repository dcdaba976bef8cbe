package accel_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/nginxtest"
)

// modes are the two ways in which a file reaches the client, under one URL.
var modes = []struct {
	name    string
	streams bool
	want    func(*testing.T, downloadview.Outcome)
}{
	{"streamed", true, wantStreamed},
	{"offloaded", false, wantOffloaded},
}

func TestTagIsNginxs(t *testing.T) {
	s := newSite(t, nginxtest.Options{})
	content := strings.Repeat("0123456789abcdef", 4096)
	if err := s.write("a.bin", content); err != nil {
		t.Fatal(err)
	}
	s.streams.Store(true)
	streamed, _, o := s.get(t, "GET", "a.bin", nil)
	wantStreamed(t, o)
	s.streams.Store(false)
	offloaded, _, o := s.get(t, "GET", "a.bin", nil)
	wantOffloaded(t, o)
	const want = `"65e078d7-10000"` // 2024-02-29 12:30:15 UTC, 64 KiB
	for _, resp := range []*http.Response{streamed, offloaded} {
		if got := resp.Header.Get("ETag"); got != want {
			t.Errorf("ETag %s, want %s", got, want)
		}
	}

	const half = len("0123456789abcdef") * 2048
	date := longAgo.Format(http.TimeFormat)
	for _, mode := range modes {
		s.streams.Store(mode.streams)
		for _, tt := range []struct {
			name   string
			header http.Header
			status int
			body   string
		}{
			{"resumed by tag", http.Header{"Range": {"bytes=32768-"}, "If-Range": {want}}, 206, content[half:]},
			{"resumed by date", http.Header{"Range": {"bytes=32768-"}, "If-Range": {date}}, 206, content[half:]},
			{"another version", http.Header{"Range": {"bytes=32768-"}, "If-Range": {`"65e078d6-10000"`}}, 200, content},
			{"have it by tag", http.Header{"If-None-Match": {want}}, 304, ""},
			{"have it by date", http.Header{"If-Modified-Since": {date}}, 304, ""},
			{"want this one", http.Header{"If-Match": {want}}, 200, content},
			{"want another one", http.Header{"If-Match": {`"other"`}}, 412, ""},
			{"changed since", http.Header{"If-Unmodified-Since": {"Wed, 28 Feb 2024 12:30:15 GMT"}}, 412, ""},
			{"past the end", http.Header{"Range": {"bytes=65536-"}}, 416, ""},
		} {
			t.Run(mode.name+"/"+tt.name, func(t *testing.T) {
				resp, body, o := s.get(t, "GET", "a.bin", tt.header)
				mode.want(t, o)
				if resp.StatusCode != tt.status {
					t.Errorf("%s, want %d", resp.Status, tt.status)
				}
				if resp.StatusCode < 300 && body != tt.body {
					t.Errorf("%d bytes, want %d", len(body), len(tt.body))
				}
				if tt.status == http.StatusNotModified && resp.Header.Get("ETag") != want {
					t.Errorf("304 with ETag %q, want %s", resp.Header.Get("ETag"), want)
				}
			})
		}
	}
}

// A file whose location is too long for the header is streamed with the entity tag that
// nginx would give it. One whose location just fits arrives with the longest possible
// name in its Content-Disposition.
func TestLongLocations(t *testing.T) {
	s := newSite(t, nginxtest.Options{})
	name := strings.Repeat("語", 85) // 255 bytes, 765 encoded
	fits := name + "/" + strings.Repeat("é", 84) + "/" + name
	tooLong := name + "/" + name + "/" + name
	for key, want := range map[string]func(*testing.T, downloadview.Outcome){fits: wantOffloaded, tooLong: wantStreamed} {
		if err := s.write(key, "0123456789"); err != nil {
			t.Fatal(err)
		}
		resp, body, o := s.get(t, "GET", key, nil)
		want(t, o)
		if resp.StatusCode != http.StatusOK || body != "0123456789" || o.Rule != "media" {
			t.Errorf("%s %q by rule %q, want 200 and the file by rule media", resp.Status, body, o.Rule)
		}
		if got := resp.Header.Get("ETag"); got != `"65e078d7-a"` {
			t.Errorf("ETag %s, want nginx's", got)
		}
	}
}

func readFile(t *testing.T, dir, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
