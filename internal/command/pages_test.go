package command

import (
	"context"
	"fmt"
	"html"
	"io"
	"io/fs"
	"iter"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
)

// holding is a storage whose top folder has these entries, in this order.
func holding(all []entry) listed {
	return func(context.Context, string) iter.Seq2[fs.FileInfo, error] {
		return func(yield func(fs.FileInfo, error) bool) {
			for _, e := range all {
				fi := downloadview.Attributes{Size: e.size, ModTime: e.time}.FileInfo(e.name)
				if e.folder {
					fi = folderInfo{e.name}
				}
				if !yield(fi, nil) {
					return
				}
			}
		}
	}
}

var rowOf = regexp.MustCompile(`<tr><td><svg[^>]*>.*?</svg><a href="([^"]*)"><bdi>([^<]*)</bdi></a>`)

// rowsOf returns the names in the rows of a page.
func rowsOf(body string) []string {
	var names []string
	for _, m := range rowOf.FindAllStringSubmatch(body, -1) {
		names = append(names, html.UnescapeString(m[2]))
	}
	return names
}

// linkCalled returns the target of the page's link with the text, "" if there is none.
func linkCalled(t *testing.T, at, body, text string) string {
	t.Helper()
	m := regexp.MustCompile(`<a href="([^"]*)"[^>]*>` + text + `( <small>UTC</small>)?</a>`).FindStringSubmatch(body)
	if m == nil {
		return ""
	}
	base, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	to, err := base.Parse(m[1]) // as a tool does that knows no entities
	if err != nil {
		t.Fatalf("link %q: %v", m[1], err)
	}
	return to.String()
}

func TestIndexSorts(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }
	base, _ := serveIndex(t, holding([]entry{
		{"Report 10", false, 5, day(3)},
		{"b", true, -1, time.Time{}},
		{"report 9", false, 700, day(1)},
		{"Z", false, 700, day(2)},
		{"a", true, -1, time.Time{}},
		{"unknown", false, -1, time.Time{}},
		{"Report 9", false, 70, day(4)},
	}))
	_, body := get(t, base+"/?utm=x")
	for _, step := range []struct{ column, want string }{
		{"", "a b Report 9|report 9|Report 10|unknown|Z"},
		{"Name", "b a Z|unknown|Report 10|report 9|Report 9"},
		{"Name", "a b Report 9|report 9|Report 10|unknown|Z"},
		{"Size", "a b report 9|Z|Report 9|Report 10|unknown"},
		{"Size", "a b unknown|Report 10|Report 9|report 9|Z"},
		{"Modified", "a b Report 9|Report 10|Z|report 9|unknown"},
		{"Modified", "a b unknown|report 9|Z|Report 10|Report 9"},
		{"Name", "a b Report 9|report 9|Report 10|unknown|Z"},
	} {
		if step.column != "" {
			_, body = get(t, linkCalled(t, base+"/", body, step.column))
		}
		names := rowsOf(body)
		if got := strings.Join(names[:2], " ") + " " + strings.Join(names[2:], "|"); got != step.want {
			t.Errorf("by %s: %s, want %s", step.column, got, step.want)
		}
	}
	if strings.Contains(body, "Pages") {
		t.Error("a short folder has pages")
	}
}

// Sparse files may have more bytes together than a number has room for.
func TestIndexOfHugeFiles(t *testing.T) {
	base, _ := serveIndex(t, holding([]entry{{"a", false, math.MaxInt64, time.Time{}}, {"b", false, math.MaxInt64, time.Time{}}}))
	if _, body := get(t, base+"/"); strings.Contains(body, `"-`) || strings.Count(body, "9.2 EB") != 3 {
		t.Errorf("the page has %s, want the size of the largest number", body)
	}
}

// In each order, the pages of a folder have each entry once and in order, forward and
// backward.
func TestIndexPages(t *testing.T) {
	if ranWithoutRaceDetector(t) {
		return
	}
	random := rand.New(rand.NewPCG(1, 2))
	all := make([]entry, 0, 2*pageRows+7)
	for i := range cap(all) {
		e := entry{fmt.Sprintf("n%d é&;=+%% %c", i, '0'+rune(random.IntN(90))), random.IntN(20) == 0, int64(random.IntN(50)) - 1, time.Unix(int64(random.IntN(9)), int64(random.IntN(3)))}
		if e.folder {
			e.size, e.time = -1, time.Time{}
		}
		all = append(all, e)
	}
	base, _ := serveIndex(t, holding(all))
	for _, o := range []order{{"name", false}, {"name", true}, {"size", false}, {"size", true}, {"time", false}, {"time", true}} {
		want := make([]string, len(all))
		for i, e := range slices.SortedFunc(slices.Values(all), o.compare) {
			want[i] = visible(e.name)
		}
		var forward, back []string
		at, pages := base+"/"+strings.TrimPrefix(o.link(""), "./"), 0
		var last string
		for at != "" && pages < 9 {
			_, body := get(t, at)
			forward = append(forward, rowsOf(body)...)
			if text := fmt.Sprintf("%s–%s of %s", grouped(pages*pageRows+1), grouped(min(len(all), (pages+1)*pageRows)), grouped(len(all))); !strings.Contains(body, text) {
				t.Errorf("page %d doesn't say %s", pages, text)
			}
			pages++
			last, at = at, linkCalled(t, base+"/", body, "Next")
		}
		if !slices.Equal(forward, want) {
			t.Errorf("%+v: %d names on %d pages, want %d, or another order", o, len(forward), pages, len(want))
		}
		_, body := get(t, last)
		for pages = 0; pages < 9; pages++ {
			back = append(rowsOf(body), back...)
			at = linkCalled(t, base+"/", body, "Previous")
			if at == "" {
				break
			}
			_, body = get(t, at)
		}
		if !slices.Equal(back, want) {
			t.Errorf("%+v: %d names backwards, want %d, or another order", o, len(back), len(want))
		}
		_, first := get(t, base+"/"+strings.TrimPrefix(o.link(""), "./"))
		_, end := get(t, linkCalled(t, base+"/", first, "Last"))
		if got := rowsOf(end); !slices.Equal(got, want[len(want)-pageRows:]) || !strings.Contains(end, fmt.Sprintf("–%s of %[1]s", grouped(len(all)))) {
			t.Errorf("%+v: the last page has %d names", o, len(got))
		}
	}
}

// Any query gets a page.
func TestIndexOddQueries(t *testing.T) {
	base, _ := serveIndex(t, holding([]entry{{"a", false, 1, time.Time{}}, {"b", false, 2, time.Time{}}}))
	for query, want := range map[string]string{
		"": "a b", "?": "a b", "?sort=nothing": "a b", "?after=": "a b", "?after=x": "a b", "?after=%zz": "a b", "?before=f": "a b", "?before=": "a b",
		"?sort=size;after=fx/a": "a b", "?after=f/a": "b", "?after=f/a&sort=name": "b", "?before=f/b": "a", "?after=f/b": "", "?after=f/zz": "", "?before=f/": "",
		"?sort=size;order=desc;after=f2/b": "a", "?order=desc": "b a", "?all": "a b", "?all=;order=desc": "a b", "?%00": "a b", "?C=N;O=D": "a b",
	} {
		resp, body := get(t, base+"/"+query)
		if got := strings.Join(rowsOf(body), " "); got != want || resp.StatusCode != 200 || !strings.Contains(body, "</html>") {
			t.Errorf("%s: %d, %q, want %q", query, resp.StatusCode, got, want)
		}
	}
	_, body := get(t, base+"/?after=f/zz")
	if !strings.Contains(body, "None of 2") || linkCalled(t, base+"/", body, "Previous") != base+"/?before=" {
		t.Errorf("behind the last there is no way back:\n%s", body)
	}
}

// The page of a folder with a hundred thousand files has a bounded size and needs
// bounded memory. The page of all rows, for tools that follow no query, needs bounded
// memory too.
func TestIndexOfManyFiles(t *testing.T) {
	if ranWithoutRaceDetector(t) {
		return
	}
	const files = 100_000
	many := listed(func(context.Context, string) iter.Seq2[fs.FileInfo, error] {
		return func(yield func(fs.FileInfo, error) bool) {
			for i := range files {
				if !yield(fileInfo(fmt.Sprintf("file %d.bin", files-i), 1), nil) {
					return
				}
			}
		}
	})
	base, _ := serveIndex(t, many)
	_, body := get(t, base+"/")
	if names := rowsOf(body); len(names) != pageRows || names[0] != "file 1.bin" || names[pageRows-1] != fmt.Sprintf("file %d.bin", pageRows) {
		t.Errorf("%d rows, %q to %q", len(names), names[0], names[len(names)-1])
	}
	if len(body) > 1<<20 || !strings.Contains(body, "1–1,000 of 100,000") || !strings.Contains(body, "100,000 files") {
		t.Errorf("a page of %d bytes: %.3000s", len(body), body)
	}
	for _, agent := range []string{"rclone/v1.60.1", "lftp/4.9.2", "pip/24.0 {}"} {
		r, err := http.NewRequestWithContext(t.Context(), "GET", base+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("User-Agent", agent)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(readBody(t, resp), "<tr><td>"); got != files {
			t.Errorf("%s gets %d files, want %d", agent, got, files)
		}
	}

	h, err := indexOf(many, discardLog)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/", "/?sort=size", "/?before=", "/?all"} {
		w := &peak{header: make(http.Header)}
		runtime.GC()
		var before runtime.MemStats
		runtime.ReadMemStats(&before)
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if grown := int64(w.heap) - int64(before.HeapAlloc); w.writes == 0 || grown > 8<<20 {
			t.Errorf("%s: the heap grew by %d bytes, in %d writes", path, grown, w.writes)
		}
	}
}

// A peak measures the most heap that is in use while a page is written.
type peak struct {
	header http.Header
	writes int
	heap   uint64
}

func (w *peak) Header() http.Header { return w.header }
func (w *peak) WriteHeader(int)     {}

func (w *peak) Write(p []byte) (int, error) {
	if w.writes++; w.writes == 1 || w.writes%1_000_000 == 0 {
		runtime.GC()
		var now runtime.MemStats
		runtime.ReadMemStats(&now)
		w.heap = max(w.heap, now.HeapAlloc)
	}
	return len(p), nil
}

var discardLog = slog.DiscardHandler

func readBody(t *testing.T, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
