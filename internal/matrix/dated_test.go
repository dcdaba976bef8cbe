package matrix_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview/storage/disk"
)

// useless are modification times that container images and package managers set on all
// files.
var useless = []struct {
	name string
	at   time.Time
}{
	{"1970-01-01 00:00:00", time.Unix(0, 0)},
	{"1970-01-01 00:00:01", time.Unix(1, 0)},
	{"1980-01-01 00:00:00", time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)},
}

// A file that is replaced by another of the same size and the same useless time
// is sent whole to clients that have the old one. If the application hands a file
// over without a look at it, proxies that compute validators themselves get this
// wrong, and the documentation says how.
func TestUselessTimes(t *testing.T) {
	var b strings.Builder
	fmt.Fprintf(&b, "| time of the file | %s |\n|---|%s\n", strings.Join(servers, " | "), strings.Repeat("---|", len(servers)))
	cells := map[string]map[string]string{}
	for _, server := range servers {
		dir := t.TempDir()
		root, err := os.OpenRoot(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		s := newSite(t, server, []place{{name: "disk", storage: disk.New(root, nil), source: dir, dir: dir}})
		for mode, how := range map[string]string{"offload": "", "blind": ", blind"} {
			for i, u := range useless {
				c := s.replaced(t, mode, filepath.Join(dir, fmt.Sprintf("%s-%d.txt", mode, i)), u.at)
				if mode == "offload" && c != "app" {
					t.Errorf("%s, %s: %s, want the new version whole from the application, without validators", server, u.name, c)
				}
				row := u.name + how
				if cells[row] == nil {
					cells[row] = map[string]string{}
				}
				cells[row][server] = c
			}
		}
	}
	for _, how := range []string{"", ", blind"} {
		for _, u := range useless {
			fmt.Fprintf(&b, "| %s |", u.name+how)
			for _, server := range servers {
				fmt.Fprintf(&b, " %s |", cells[u.name+how][server])
			}
			b.WriteByte('\n')
		}
	}
	if !t.Failed() {
		checkPage(t, "useless times", b.String())
	}
}

// replaced replaces a file by another version, and describes the answers to a
// client that holds the first one.
func (s *site) replaced(t *testing.T, mode, path string, at time.Time) string {
	t.Helper()
	key := filepath.Base(path)
	put := func(content string) {
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	const size = 6000
	put(strings.Repeat("a", size))
	first := s.get(t, mode, "disk", key, request{method: "GET"}, "")
	if first.status != http.StatusOK || first.body != strings.Repeat("a", size) {
		t.Fatalf("%s: %d, %d bytes, want the file", path, first.status, len(first.body))
	}
	next := strings.Repeat("b", size)
	put(next)
	var wrong []string
	tag, date := first.header.Get("Etag"), first.header.Get("Last-Modified")
	if tag != "" {
		wrong = append(wrong, "ETag")
	}
	if date != "" {
		wrong = append(wrong, "Last-Modified")
	}
	if date == "" {
		date = at.UTC().Format(http.TimeFormat)
	}
	if tag == "" {
		tag = fmt.Sprintf(`"%x-%x"`, at.Unix(), size)
	}
	for _, ask := range []struct {
		fields []string
		bad    string
	}{
		{[]string{"If-None-Match", tag}, "304 by the tag"},
		{[]string{"If-Modified-Since", date}, "304 by the date"},
		{[]string{"Range", "bytes=3000-", "If-Range", tag}, "spliced by the tag"},
		{[]string{"Range", "bytes=3000-", "If-Range", date}, "spliced by the date"},
	} {
		got := s.get(t, mode, "disk", key, request{method: "GET", fields: ask.fields}, "")
		switch {
		case got.status == http.StatusOK && got.body == next:
		case got.status == http.StatusNotModified, got.status == http.StatusPartialContent:
			wrong = append(wrong, ask.bad)
		default:
			t.Errorf("%s, %v: %d, %d bytes", path, ask.fields, got.status, len(got.body))
		}
	}
	if len(wrong) == 0 {
		return by(first.mode)
	}
	return by(first.mode) + ": " + strings.Join(wrong, ", ")
}
