package matrix_test

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/leaktest"
	"github.com/downloadview/downloadview/internal/proxytest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

var update = flag.Bool("update", false, "write what comes out into docs/servers.md")

// servers are the columns of the table.
var servers = proxytest.Names()

// names are those of the files that every request is made for.
var names = []string{
	"plain.txt",
	"page.html",
	"a b.txt",
	"100% 100%25.txt",
	"question?.txt",
	"hash#.txt",
	"zażółć € 日本.txt",
	"in/sub folder/ä.txt",
	"-dash.txt",
	".dot",
	"a'\"\\`&;=+$@!(){}[]~.txt",
	"a..b",
	"trailing space ",
	"trailing dot.",
	"line\nfeed.txt",
	"latin1 \xe4.txt",
	strings.Repeat("long ", 45) + ".txt",
}

// A request is one kind of client request. TAG and DATE in a field stand for the
// entity tag and the date of the file.
type request struct {
	kind   string
	mode   string // "offload" looks at the file first, "blind" does not
	method string
	key    string // in place of each of the names
	fields []string
}

var requests = []request{
	{"GET", "offload", "GET", "", nil},
	{"GET, blind", "blind", "GET", "", nil},
	{"HEAD", "offload", "HEAD", "", nil},
	{"a range", "offload", "GET", "", []string{"Range", "bytes=10-19"}},
	{"the last bytes", "offload", "GET", "", []string{"Range", "bytes=-7"}},
	{"from an offset", "offload", "GET", "", []string{"Range", "bytes=6000-"}},
	{"ranges far apart", "offload", "GET", "", []string{"Range", "bytes=0-1,2000-2009,-5"}},
	{"ranges close together", "offload", "GET", "", []string{"Range", "bytes=0-1,5-6"}},
	{"a range past the end", "offload", "GET", "", []string{"Range", "bytes=1000000-"}},
	{"another unit", "offload", "GET", "", []string{"Range", "lines=1-2"}},
	{"a last position past int64", "offload", "GET", "plain.txt", []string{"Range", "bytes=10-99999999999999999999"}},
	{"the largest int64", "offload", "GET", "plain.txt", []string{"Range", "bytes=10-9223372036854775807"}},
	{"a first position past int64", "offload", "GET", "plain.txt", []string{"Range", "bytes=99999999999999999999-"}},
	{"the last bytes, past int64", "offload", "GET", "plain.txt", []string{"Range", "bytes=-99999999999999999999"}},
	{"the last 0 bytes", "offload", "GET", "plain.txt", []string{"Range", "bytes=-0"}},
	{"a range and the last 0 bytes", "offload", "GET", "plain.txt", []string{"Range", "bytes=10-19,-0"}},
	{"the last position before the first", "offload", "GET", "plain.txt", []string{"Range", "bytes=20-10"}},
	{"letters in place of numbers", "offload", "GET", "plain.txt", []string{"Range", "bytes=a-b"}},
	{"a range and a letter", "offload", "GET", "plain.txt", []string{"Range", "bytes=10-19,x"}},
	{"a plus sign", "offload", "GET", "plain.txt", []string{"Range", "bytes=+10-19"}},
	{"one number", "offload", "GET", "plain.txt", []string{"Range", "bytes=10"}},
	{"only a dash", "offload", "GET", "plain.txt", []string{"Range", "bytes=-"}},
	{"no element", "offload", "GET", "plain.txt", []string{"Range", "bytes="}},
	{"empty elements", "offload", "GET", "plain.txt", []string{"Range", "bytes=,10-19,,"}},
	{"spaces between elements", "offload", "GET", "plain.txt", []string{"Range", "bytes= 10-19 , -5"}},
	{"spaces in an element", "offload", "GET", "plain.txt", []string{"Range", "bytes=10 - 19"}},
	{"the unit in capitals", "offload", "GET", "plain.txt", []string{"Range", "BYTES=10-19"}},
	{"leading zeros", "offload", "GET", "plain.txt", []string{"Range", "bytes=00000000000000000000010-19"}},
	{"a range, and one past the end", "offload", "GET", "plain.txt", []string{"Range", "bytes=10-19,1000000-"}},
	{"ranges that overlap", "offload", "GET", "plain.txt", []string{"Range", "bytes=0-10,5-15"}},
	{"ranges out of order", "offload", "GET", "plain.txt", []string{"Range", "bytes=50-59,10-19"}},
	{"200 ranges", "offload", "GET", "plain.txt", []string{"Range", "bytes=" + strings.TrimSuffix(strings.Repeat("1-1,3-3,", 100), ",")}},
	{"a range of an empty file", "offload", "GET", "empty", []string{"Range", "bytes=0-"}},
	{"the last bytes of an empty file", "offload", "GET", "empty", []string{"Range", "bytes=-1"}},
	{"past the end of an empty file", "offload", "GET", "empty", []string{"Range", "bytes=1-"}},
	{"two Range fields", "offload", "GET", "plain.txt", []string{"Range", "bytes=10-19", "Range", "bytes=30-39"}},
	{"HEAD with a range", "offload", "HEAD", "", []string{"Range", "bytes=10-19"}},
	{"If-Range, the tag", "offload", "GET", "", []string{"Range", "bytes=10-19", "If-Range", "TAG"}},
	{"If-Range, another tag", "offload", "GET", "", []string{"Range", "bytes=10-19", "If-Range", `"other"`}},
	{"If-Range, empty", "offload", "GET", "plain.txt", []string{"Range", "bytes=10-19", "If-Range", ""}},
	{"If-Range, two tags", "offload", "GET", "plain.txt", []string{"Range", "bytes=10-19", "If-Range", `TAG, "other"`}},
	{"If-Range, the date", "offload", "GET", "", []string{"Range", "bytes=10-19", "If-Range", "DATE"}},
	{"If-None-Match, the tag", "offload", "GET", "", []string{"If-None-Match", "TAG"}},
	{"If-None-Match, another tag", "offload", "GET", "", []string{"If-None-Match", `"other"`}},
	{"If-Modified-Since, the date", "offload", "GET", "", []string{"If-Modified-Since", "DATE"}},
	{"If-Match, the tag", "offload", "GET", "", []string{"If-Match", "TAG"}},
	{"If-Match, another tag", "offload", "GET", "", []string{"If-Match", `"other"`}},
	{"If-Unmodified-Since, before", "offload", "GET", "", []string{"If-Unmodified-Since", "Mon, 01 Jan 2001 00:00:00 GMT"}},
	{"missing", "offload", "GET", "missing.txt", nil},
	{"missing, blind", "blind", "GET", "missing.txt", nil},
	{"a directory", "offload", "GET", "in", nil},
	{"a directory, blind", "blind", "GET", "in", nil},
	{"below a file", "offload", "GET", "plain.txt/x", nil},
	{"forbidden by the view", "offload", "GET", "forbidden.txt", nil},
}

// A table has a row for each kind of request and for each name, and in each row a cell
// for each server.
type table map[string]map[string]string

// add writes a cell, which is the same for all storages and names.
func (rows table) add(t *testing.T, row, server, place, cell string) {
	t.Helper()
	if rows[row] == nil {
		rows[row] = map[string]string{}
	}
	if had, ok := rows[row][server]; ok && had != cell {
		t.Errorf("%s, %s: %q from %s, but %q from another storage or name", row, server, cell, place, had)
	}
	rows[row][server] = cell
}

// fill makes all requests to s.
func (rows table) fill(t *testing.T, s *site, column string, places []place) {
	t.Helper()
	for _, p := range places {
		for _, q := range requests {
			keys := p.names
			if q.key != "" {
				keys = []string{q.key}
			}
			for _, key := range keys {
				tag := s.get(t, "stream", p.name, key, request{method: "HEAD"}, "").header.Get("Etag")
				want := s.get(t, "stream", p.name, key, q, tag)
				got := s.get(t, q.mode, p.name, key, q, tag)
				c := cell(t, p.name, q, key, want, got)
				if got.mode == downloadview.Offloaded || q.key != "" || key == "plain.txt" {
					rows.add(t, q.kind, column, p.name, c)
				} else if c != "app" {
					t.Errorf("%s, %s, %q: %s, though it is streamed", p.name, q.kind, key, c)
				}
				if q.kind == "GET" {
					rows.add(t, nameOf(key), column, p.name, by(got.mode))
				}
			}
		}
	}
}

// nameOf is the row of a file.
func nameOf(key string) string { return fmt.Sprintf("%.24q", key) }

// A client gets the same answer whichever server sends it, except for the differences
// in the table.
func TestServers(t *testing.T) {
	all := places(t)
	rows := table{}
	for _, server := range servers {
		t.Run(server, func(t *testing.T) {
			rows.fill(t, newSite(t, server, all), server, all)
		})
	}
	if !t.Failed() {
		checkTable(t, "servers", rows, servers)
	}
}

// signing are the servers that fetch objects by signed URLs.
func signing(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, server := range servers {
		if proxytest.KindOf(t, server).Accel().URLField != "" {
			names = append(names, server)
		}
	}
	return names
}

// The same for objects of a bucket, which some servers fetch by signed URLs.
func TestSignedURLs(t *testing.T) {
	all := []place{objects(t)}
	rows := table{}
	for _, server := range signing(t) {
		rows.fill(t, newSite(t, server, all), server, all)
	}
	if !t.Failed() {
		checkTable(t, "signed", rows, signing(t))
	}
}

func by(m downloadview.Mode) string {
	if m == downloadview.Offloaded {
		return "proxy"
	}
	return "app"
}

// cell names the server that answered, and the fields that are different in a streamed
// answer. Other bytes are never correct: a wrong status or body fails the test, unless
// the whole file is sent in place of a part, which every client accepts.
func cell(t *testing.T, place string, q request, key string, want, got answer) string {
	t.Helper()
	c := by(got.mode)
	switch {
	case got.status == want.status && got.body != want.body:
		t.Errorf("%s, %s, %q: %d bytes, streamed %d, or others", place, q.kind, key, len(got.body), len(want.body))
	case got.status == http.StatusPartialContent && q.method == "HEAD":
		c += ": status 206"
	case got.status != want.status && (got.status != http.StatusOK || want.status != http.StatusPartialContent):
		t.Errorf("%s, %s, %q: status %d, streamed %d", place, q.kind, key, got.status, want.status)
	case got.status != want.status:
		return c + ": the whole file"
	}
	var differ []string
	for _, name := range slices.Sorted(maps.Keys(keys(want.header, got.header))) {
		w, g := want.header[name], got.header[name]
		switch {
		case slices.Equal(w, g):
		case g == nil:
			differ = append(differ, "no "+name)
		case w == nil:
			differ = append(differ, "also "+name)
		default:
			differ = append(differ, "other "+name)
		}
	}
	if len(differ) > 0 {
		c += ": " + strings.Join(differ, ", ")
	}
	return c
}

func keys(headers ...http.Header) map[string]bool {
	all := map[string]bool{}
	for _, h := range headers {
		for key := range h {
			all[key] = true
		}
	}
	return all
}

// checkTable compares the results with the documentation.
func checkTable(t *testing.T, name string, rows table, columns []string) {
	t.Helper()
	var b strings.Builder
	head := func(first string) {
		fmt.Fprintf(&b, "| %s | %s |\n|---|%s\n", first, strings.Join(columns, " | "), strings.Repeat("---|", len(columns)))
	}
	line := func(title, row string) {
		fmt.Fprintf(&b, "| %s |", title)
		for _, column := range columns {
			fmt.Fprintf(&b, " %s |", rows[row][column])
		}
		b.WriteByte('\n')
	}
	head("request")
	for _, q := range requests {
		line(q.kind, q.kind)
	}
	b.WriteByte('\n')
	head("name")
	for _, name := range names {
		if row := nameOf(name); rows[row] != nil {
			line("`"+strings.NewReplacer("|", `\|`, "`", "'").Replace(row)+"`", row)
		}
	}
	checkPage(t, name, b.String())
}

// checkPage compares the results with the part of the page called name.
func checkPage(t *testing.T, name, observed string) {
	t.Helper()
	begin := "<!-- This table is written by the tests of internal/matrix: " + name + " -->\n"
	const end = "<!-- end of the table -->\n"
	observed = begin + observed + end
	const path = "../../docs/servers.md"
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	from := bytes.Index(page, []byte(begin))
	if from < 0 {
		t.Fatalf("%s has no line %q", path, begin)
	}
	to := bytes.Index(page[from:], []byte(end))
	if to < 0 {
		t.Fatalf("%s has no line %q", path, end)
	}
	to += from + len(end)
	if *update {
		page = slices.Concat(page[:from], []byte(observed), page[to:])
		if err := os.WriteFile(path, page, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(page[from:to]), observed); diff != "" {
		t.Errorf("%s (-documented +observed); see -update:\n%s", path, diff)
	}
}
