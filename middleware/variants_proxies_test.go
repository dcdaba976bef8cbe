package middleware_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/proxies/room"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/middleware"
)

// variantTime is old enough for a strong entity tag.
var variantTime = time.Date(2024, 2, 29, 12, 30, 15, 0, time.UTC)

// variantSizes are the sizes of the files of the table, by coding.
var variantSizes = map[string]int{"-": 6000, "br": 1200, "zstd": 1500, "gzip": 1800}

// codedBytes returns the content of a file in a coding. Nothing decodes it.
func codedBytes(key, coding string) string {
	n := variantSizes[coding]
	return strings.Repeat(key+" in "+coding+"; ", n)[:n]
}

// writeVariants writes the files that testdata/variants.txt describes.
func writeVariants(t *testing.T, dir string) {
	t.Helper()
	write := func(key, suffix, content string, at time.Time) {
		proxytest.Write(t, dir, key+suffix, content)
		if err := os.Chtimes(filepath.Join(dir, filepath.FromSlash(key+suffix)), at, at); err != nil {
			t.Fatal(err)
		}
	}
	for key, codings := range map[string][]string{
		"all.css": {"br", "zstd", "gzip"}, "in/all.css": {"br", "zstd", "gzip"}, "gz.js": {"gzip"}, "none.txt": nil,
		"old.css": {"br", "gzip"}, "big.css": {"br", "gzip"}, "pic.png": {"br", "gzip"}, "marked.txt": {"br"},
	} {
		write(key, "", codedBytes(key, "-"), variantTime)
		for _, c := range codings {
			suffix := map[string]string{"br": ".br", "zstd": ".zst", "gzip": ".gz"}[c]
			switch {
			case key == "old.css" && c == "br":
				write(key, suffix, codedBytes(key, c), variantTime.Add(-time.Second))
			case key == "big.css" && c == "br":
				write(key, suffix, codedBytes(key, "-"), variantTime)
			default:
				write(key, suffix, codedBytes(key, c), variantTime)
			}
		}
	}
}

// A variantRow is a line of testdata/variants.txt.
type variantRow struct {
	line                int
	method, key, fields string
	status              int
	coding              string
	first, last         int // positions; last is -1 for no body
}

func variantRows(t *testing.T) []variantRow {
	t.Helper()
	text, err := os.ReadFile("testdata/variants.txt")
	if err != nil {
		t.Fatal(err)
	}
	var rows []variantRow
	for i, line := range strings.Split(string(text), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		columns := strings.Split(line, "|")
		request, answer := strings.Fields(columns[0]), strings.Fields(columns[2])
		row := variantRow{line: i + 1, method: request[0], key: request[1], fields: columns[1], coding: answer[1], last: -1}
		row.status, _ = strconv.Atoi(answer[0])
		switch answer[2] {
		case "none":
		case "all":
			row.last = len(row.bytes()) - 1
		default:
			if _, err := fmt.Sscanf(answer[2], "%d-%d", &row.first, &row.last); err != nil {
				t.Fatalf("line %d: %v", row.line, err)
			}
		}
		rows = append(rows, row)
	}
	if len(rows) < 60 {
		t.Fatalf("%d requests, want 60 or more", len(rows))
	}
	return rows
}

// bytes returns the bytes of the file that the answer is made of.
func (row *variantRow) bytes() string {
	switch row.key {
	case "marked.txt": // the view says that it is in gzip
		return codedBytes(row.key, "-")
	case "all.css.br":
		return codedBytes("all.css", "br")
	case "all.css.gz":
		return codedBytes("all.css", "gzip")
	}
	return codedBytes(row.key, row.coding)
}

// negotiated reports whether the answer depends on Accept-Encoding.
func (row *variantRow) negotiated() bool {
	return !slices.Contains([]string{"marked.txt", "pic.png", "all.css.br", "all.css.gz"}, row.key)
}

// newVariantSite is newProxySite with the files that the table describes.
func newVariantSite(t *testing.T, server string) *proxySite {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "media")
	writeVariants(t, dir)
	files := openDisk(t, dir)
	view := downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		resp, err := filesOf(files).Respond(r)
		if strings.HasSuffix(r.URL.Path, "marked.txt") {
			resp = resp.WithHeader("Content-Encoding", "gzip")
		}
		return resp, err
	})
	return newProxySite(t, server, dir, middleware.NewVariants(files, nil).View(view))
}

// The table holds for streamed variants, and behind every proxy. Those that can send
// Content-Encoding with the right length get the variants handed over.
func TestVariantsTable(t *testing.T) {
	rows := variantRows(t)
	for _, server := range aloneAndBehindProxies() {
		t.Run("behind "+server, func(t *testing.T) {
			v := newVariantSite(t, server)
			tags := map[string]string{}
			for _, key := range []string{"all.css", "none.txt"} {
				for _, coding := range []string{"-", "br", "zstd", "gzip"} {
					h := http.Header{"Accept-Encoding": {strings.Replace(coding, "-", "identity", 1)}}
					resp := v.do(t, "GET", "/"+key, h)
					resp.Body.Close()
					<-v.outcomes
					tags[key+coding] = resp.Header.Get("Etag")
					if key == "all.css" {
						for other, tag := range tags {
							if tag == tags[key+coding] && other != key+coding {
								t.Errorf("%s and %s have the same tag %s", other, key+coding, tag)
							}
						}
					}
				}
			}
			for _, row := range rows {
				row.check(t, v, server, tags)
			}
		})
	}
}

func (row *variantRow) check(t *testing.T, v *proxySite, server string, tags map[string]string) {
	t.Helper()
	h := http.Header{}
	for field := range strings.SplitSeq(row.fields, "&") {
		name, value, _ := strings.Cut(strings.TrimSpace(field), ":")
		for _, coding := range []string{"-", "br", "gzip"} {
			value = strings.ReplaceAll(value, "TAG:"+coding, tags[row.key+coding])
		}
		if name != "" {
			h.Add(name, strings.TrimSpace(value))
		}
	}
	resp := v.do(t, row.method, "/"+row.key, h)
	body := proxytest.Body(t, resp)
	o := <-v.outcomes
	errorf := func(format string, args ...any) {
		t.Errorf("line %d, %s %s |%s: "+format, append([]any{row.line, row.method, row.key, row.fields}, args...)...)
	}
	if resp.StatusCode != row.status {
		errorf("%s, want %d", resp.Status, row.status)
		return
	}
	vary := strings.Join(resp.Header.Values("Vary"), ",")
	if row.negotiated() && row.status < 400 && !strings.Contains(vary, "Accept-Encoding") {
		errorf("Vary %q, want Accept-Encoding in it", vary)
	}
	if row.status >= 300 {
		return
	}
	coding := strings.Join(resp.Header.Values("Content-Encoding"), ", ")
	if want := strings.Replace(row.coding, "-", "", 1); coding != want {
		errorf("Content-Encoding %q, want %q", coding, want)
	}
	want := row.bytes()[row.first : row.last+1]
	if resp.ContentLength != int64(len(want)) {
		errorf("Content-Length %d, want %d", resp.ContentLength, len(want))
	}
	if row.method == "HEAD" {
		want = ""
	}
	if body != want {
		errorf("%d bytes, begin %.30q; want %d, begin %.30q", len(body), body, len(want), want)
	}
	if got, known := resp.Header.Get("Etag"), tags[row.key+row.coding]; known != "" && got != known {
		errorf("ETag %s, want %s", got, known)
	}
	if strings.HasSuffix(row.key, ".css") {
		if got := resp.Header.Get("Content-Type"); got != "text/css; charset=utf-8" {
			errorf("Content-Type %q, want that of the file", got)
		}
		if got := resp.Header.Get("Content-Disposition"); !strings.Contains(got, "all.css") && !strings.Contains(got, row.key) {
			errorf("Content-Disposition %q, want the name of the file", got)
		}
	}
	if row.method != "GET" || server == "" {
		return
	}
	var obstacle downloadview.Obstacle
	codings := proxytest.KindOf(t, server).Traits.Files.Codings
	switch {
	case row.negotiated() && strings.HasSuffix(h.Get("If-Range"), "GMT"):
		obstacle = downloadview.UnfitRange
	case row.coding == "-":
	case codings == room.NoCodings:
		obstacle = downloadview.ContentCoding
	case codings == room.WholeCodings && h["Range"] != nil:
		obstacle = downloadview.UnfitRange
	}
	if o.Obstacle != obstacle || (o.Mode == downloadview.Offloaded) != (obstacle == "") {
		errorf("%v, obstacle %q; want obstacle %q", o.Mode, o.Obstacle, obstacle)
	}
}
