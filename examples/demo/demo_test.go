package main

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// newTestStock returns a stock. At the end of the test it is closed, and must leave
// nothing behind.
func newTestStock(t *testing.T) *stock {
	t.Helper()
	s, err := openStock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(s.dir); !os.IsNotExist(err) {
			t.Errorf("the temporary folder is still there: %v", err)
		}
	})
	return s
}

func newTestDemo(t *testing.T) http.Handler {
	t.Helper()
	h, err := newDemo(newTestStock(t))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// A want is the expected answer for an item.
type want struct {
	status      int
	name        string // saved or shown under; "": no download
	shown       bool
	contentType string
	body        string // "": not compared
	nginx       string // where it is told to look; "": streamed
}

const (
	text = "text/plain; charset=utf-8" // that of refusals too
	pdf  = "application/pdf"

	escapedScripts = "za%C5%BC%C3%B3%C5%82%C4%87%20%E2%82%AC%20%E6%97%A5%E6%9C%AC.txt"
	escapedPercent = "100%25%20done.pdf"
)

// wants has a line for every item of the shelf, by its slug.
var wants = map[string]want{
	"folder":   {200, manyScripts, false, text, string(hello), "/_folder/" + escapedScripts},
	"afero":    {200, "report fdp.txt", false, text, string(hello), ""},
	"bucket":   {200, quotes, false, text, string(hello), ""},
	"embedded": {200, "hello.txt", false, text, string(hello), ""},
	"zip":      {200, "report.pdf", false, pdf, string(report), ""},
	"remote":   {200, manyScripts, false, text, string(hello), "/_origin/" + escapedScripts},
	"table":    {200, "minutes.pdf", false, pdf, string(report), ""},
	"path":     {200, percent, false, pdf, string(report), "/_folder/" + escapedPercent},
	"object":   {200, "Invoice 17 for Łódź _ Søn.pdf", false, pdf, string(report), "/_folder/" + escapedPercent},
	"bytes":    {200, "hello.txt", false, text, string(hello), ""},
	"sequence": {200, "countdown.txt", false, text, strings.Join(slices.Collect(countdown(100)), ""), ""},
	"function": {200, "squares.csv", false, "text/csv; charset=utf-8", written(writeSquares), ""},
	"packed":   {200, "all files.zip", false, "application/zip", "", ""},
	"image":    {200, "Sunrise over the hills.png", true, "image/png", sample("sunrise.png"), "/_folder/sunrise.png"},
	"html":     {200, "note.html", true, "text/html; charset=utf-8", sample("note.html"), "/_folder/note.html"},
	"renamed":  {200, "Copy of " + percent, false, pdf, string(report), "/_folder/" + escapedPercent},
	"token":    {200, percent, false, pdf, string(report), "/_folder/" + escapedPercent},
	"refused":  {403, "", false, text, "Forbidden\n", ""},
	"missing":  {404, "", false, text, "Not Found\n", ""},
}

func sample(name string) string {
	content, err := fs.ReadFile(samples, name)
	if err != nil {
		panic(err)
	}
	return string(content)
}

func written(write func(context.Context, io.Writer) error) string {
	var b strings.Builder
	if err := write(context.Background(), &b); err != nil {
		panic(err)
	}
	return b.String()
}

// items returns the shelf's items, each of which has its line in wants.
func items(t *testing.T, s *stock) []item {
	t.Helper()
	shelf, err := newShelf(s)
	if err != nil {
		t.Fatal(err)
	}
	var all []item
	for _, section := range shelf {
		for _, i := range section.Items {
			if _, ok := wants[i.Slug]; !ok {
				t.Errorf("nothing is wanted of %q", i.Slug)
			}
			all = append(all, i)
		}
	}
	if len(all) != len(wants) {
		t.Errorf("%d items on the shelf, want %d", len(all), len(wants))
	}
	return all
}

// TestDownloads requests every item, as a client does.
func TestDownloads(t *testing.T) {
	s := newTestStock(t)
	h, err := newDemo(s)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	defer server.Close()
	for _, i := range items(t, s) {
		t.Run(i.Slug, func(t *testing.T) {
			want := wants[i.Slug]
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+linkTo(i), nil)
			if err != nil {
				t.Fatal(err)
			}
			if i.Token != "" {
				req.Header.Set("Authorization", "Bearer "+i.Token)
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			checkAnswer(t, answer{Status: resp.StatusCode, Header: resp.Header}, want)
			if want.body != "" && string(body) != want.body {
				t.Errorf("body is %.60q, want %.60q", body, want.body)
			}
		})
	}
}

// TestModes requests every item as the page does.
func TestModes(t *testing.T) {
	s := newTestStock(t)
	shelf := items(t, s)
	downloads, err := newDemo(s)
	if err != nil {
		t.Fatal(err)
	}
	modes, err := modesOf(downloads, s)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range shelf {
		for _, m := range modes {
			t.Run(i.Slug+"/"+m.Proxy, func(t *testing.T) {
				want := wants[i.Slug]
				a, err := m.ask(t.Context(), linkTo(i), i.Token)
				if err != nil {
					t.Fatal(err)
				}
				checkAnswer(t, a, want)
				location := ""
				if m.Proxy == "nginx" {
					location = want.nginx
				}
				if got := a.Header.Get("X-Accel-Redirect"); got != location {
					t.Errorf("X-Accel-Redirect is %q, want %q", got, location)
				}
				if a.HandedOver != (location != "") {
					t.Errorf("handed over: %t, to %q", a.HandedOver, location)
				}
			})
		}
	}
}

func checkAnswer(t *testing.T, a answer, want want) {
	t.Helper()
	if a.Status != want.status {
		t.Errorf("status is %d, want %d", a.Status, want.status)
	}
	name, shown := a.name()
	if name != want.name || shown != want.shown {
		t.Errorf("Content-Disposition %q: name %q, shown %t; want %q, %t",
			a.Header.Get("Content-Disposition"), name, shown, want.name, want.shown)
	}
	csp := ""
	if want.shown && strings.HasPrefix(want.contentType, "text/html") {
		csp = "sandbox"
	}
	for field, want := range map[string]string{
		"Content-Type":            want.contentType,
		"Content-Security-Policy": csp,
		"X-Content-Type-Options":  "nosniff",
	} {
		if got := a.Header.Get(field); got != want {
			t.Errorf("%s is %q, want %q", field, got, want)
		}
	}
}

// TestToken: the answer to a request without the token says only that it is missing.
func TestToken(t *testing.T) {
	h := newTestDemo(t)
	for _, authorization := range []string{"", "Bearer wrong", "Basic open-sesame"} {
		r := httptest.NewRequest(http.MethodGet, "/token/"+escapedPercent, nil)
		r.Header.Set("Authorization", authorization)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusUnauthorized || w.Header().Get("Www-Authenticate") == "" || bytes.Contains(w.Body.Bytes(), report) {
			t.Errorf("Authorization %q: %d, WWW-Authenticate %q; want 401 and how to do better",
				authorization, w.Code, w.Header().Get("Www-Authenticate"))
		}
	}
}

// TestTable: HEAD and ranges of a row agree with GET.
func TestTable(t *testing.T) {
	h := newTestDemo(t)
	ask := func(method, path, ranges string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, nil)
		if ranges != "" {
			r.Header.Set("Range", ranges)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	get, head := ask("GET", "/table/minutes.pdf", ""), ask("HEAD", "/table/minutes.pdf", "")
	for _, field := range []string{"Content-Length", "Etag", "Last-Modified", "Accept-Ranges"} {
		if g, h := get.Header().Get(field), head.Header().Get(field); g != h || g == "" {
			t.Errorf("%s is %q for GET and %q for HEAD", field, g, h)
		}
	}
	for _, tt := range []struct {
		ranges string
		status int
		body   string
	}{
		{"bytes=1-3", 206, "PDF"},
		{"bytes=590-", 206, string(report[590:])},
		{"bytes=-6", 206, string(report[len(report)-6:])},
		{"bytes=-9999", 206, string(report)},
		{"bytes=9999-", 416, "Requested Range Not Satisfiable\n"},
	} {
		if w := ask("GET", "/table/minutes.pdf", tt.ranges); w.Code != tt.status || w.Body.String() != tt.body {
			t.Errorf("%s: %d %q, want %d %q", tt.ranges, w.Code, w.Body, tt.status, tt.body)
		}
	}
	if w := ask("GET", "/table/nobody.pdf", ""); w.Code != http.StatusNotFound {
		t.Errorf("a row that isn't there: %d, want 404", w.Code)
	}
}

// TestPacked: the archive that is made while it is sent can be read, and has the
// folder's files.
func TestPacked(t *testing.T) {
	s := newTestStock(t)
	h, err := newDemo(s)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/packed/", nil))
	archive, err := zip.NewReader(bytes.NewReader(w.Body.Bytes()), int64(w.Body.Len()))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{manyScripts, percent, "note.html", "sunrise.png"} {
		want, err := fs.ReadFile(s.folder.FS(), name)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := fs.ReadFile(archive, name); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%q in the archive: %d bytes, %v; want the %d of the folder", name, len(got), err, len(want))
		}
	}
}
