package downloadview

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// A photo is a row with a file and attributes of it.
type photo struct {
	file     File
	response Response
	known    Attributes
}

// photos maps an id to its row.
type photos map[string]photo

func (rows photos) view() ObjectView[photo] {
	return ObjectView[photo]{
		Object: func(r *http.Request) (photo, error) {
			p, ok := rows[r.PathValue("id")]
			if !ok {
				return photo{}, fmt.Errorf("photo %q: %w: %w", r.PathValue("id"), fs.ErrNotExist, sql.ErrNoRows)
			}
			return p, nil
		},
		File:       func(p photo) (File, error) { return p.file, nil },
		Response:   func(p photo) Response { return p.response },
		Attributes: func(p photo) Attributes { return p.known },
	}
}

func (rows photos) serve(t *testing.T, o *Options) *httptest.Server {
	mux := http.NewServeMux()
	mux.Handle("/{id}", NewHandler(rows.view(), o))
	return serve(t, mux)
}

func TestObjectViewNeedsAnObjectAndItsFile(t *testing.T) {
	s := photos{"empty": {}}.serve(t, &Options{Logger: discard})
	for path, want := range map[string]int{"/missing": 404, "/empty": 404} {
		if got := ask(t, s.URL+path, "GET"); got.status != want {
			t.Errorf("%s: %d, want %d", path, got.status, want)
		}
	}
	r := httptest.NewRequest("GET", "/", nil)
	refused := errors.New("no such column")
	rows := func(*http.Request) (photo, error) { return photo{}, nil }
	for name, v := range map[string]ObjectView[photo]{
		"no Object": {File: func(photo) (File, error) { return newObject("x"), nil }},
		"no File":   {Object: rows},
		"refused":   {Object: rows, File: func(photo) (File, error) { return nil, refused }},
	} {
		if _, err := v.Respond(r); StatusCode(err) != 500 {
			t.Errorf("%s: %v, want an error that is the server's fault", name, err)
		}
	}
}

// The answer has the fields of the record's Response.
func TestObjectViewResponse(t *testing.T) {
	resp := Response{Name: "Grüße.csv", ContentType: "text/csv; charset=iso-8859-1", Disposition: Inline, ETag: `"row7"`, ModTime: changed}
	rows := photos{"7": {file: newObject("a;b"), response: resp.WithHeader("Content-Encoding", "br")}}
	got := ask(t, rows.serve(t, nil).URL+"/7", "GET")
	for field, want := range map[string]string{
		"Content-Type":        "text/csv; charset=iso-8859-1",
		"Content-Disposition": `inline; filename="Gr__e.csv"; filename*=UTF-8''Gr%C3%BC%C3%9Fe.csv`,
		"Content-Encoding":    "br",
		"Etag":                `"row7"`,
		"Last-Modified":       "Tue, 03 Feb 2026 04:05:06 GMT",
	} {
		if got := got.header.Get(field); got != want {
			t.Errorf("%s: %q, want %q", field, got, want)
		}
	}
}

// The requests to the store if the record has the file's attributes, and if those are
// out of date.
func TestObjectViewRequestsToTheOrigin(t *testing.T) {
	full := Attributes{Size: 10, ModTime: changed, ETag: `"v1"`, ContentType: "image/png"}
	stale := Attributes{Size: 4, ModTime: changed.Add(-time.Hour), ETag: `"v0"`}
	for _, tt := range []struct {
		name    string
		known   Attributes
		own     string // entity tag of the record
		method  string
		request []string
		status  int
		length  string
		tag     string
		log     string
	}{
		{"head", full, "", "HEAD", nil, 200, "10", `"v1"`, ""},
		{"head, not modified", full, "", "HEAD", []string{"If-None-Match", `"v1"`}, 304, "", `"v1"`, ""},
		{"not modified", full, "", "GET", []string{"If-None-Match", `"v1"`}, 304, "", `"v1"`, ""},
		{"not modified since", full, "", "GET", []string{"If-Modified-Since", changed.Format(http.TimeFormat)}, 304, "", `"v1"`, ""},
		{"whole", full, "", "GET", nil, 200, "10", `"v1"`, "open"},
		{"range", full, "", "GET", []string{"Range", "bytes=2-3"}, 206, "2", `"v1"`, "range"},
		{"modified", full, "", "GET", []string{"If-None-Match", `"v0"`}, 200, "10", `"v1"`, "stat open"},

		{"nothing known, head", Attributes{}, "", "HEAD", nil, 200, "10", `"v1"`, "stat"},
		{"only the size, head", Attributes{Size: 10}, "", "HEAD", nil, 200, "10", `"v1"`, "stat"},
		{"size and time, head", Attributes{Size: 10, ModTime: changed}, "", "HEAD", nil, 200, "10", `"v1"`, "stat"},
		{"weak tag, head", Attributes{Size: 10, ETag: `W/"x"`}, "", "HEAD", nil, 200, "10", `"v1"`, "stat"},
		{"only the tag, head", Attributes{ETag: `"v1"`}, "", "HEAD", nil, 200, "10", `"v1"`, "stat"},
		{"size, and a tag of its own, head", Attributes{Size: 10}, `"row"`, "HEAD", nil, 200, "10", `"row"`, ""},
		{"size, and a tag of its own", Attributes{Size: 10}, `"row"`, "GET", nil, 200, "10", `"row"`, "open"},
		{"a tag of its own, not modified", Attributes{}, `"row"`, "GET", []string{"If-None-Match", `"row"`}, 304, "", `"row"`, ""},

		{"stale, whole", stale, "", "GET", nil, 200, "10", `"v1"`, "open"},
		{"stale, if-match", stale, "", "GET", []string{"If-Match", `"v1"`}, 200, "10", `"v1"`, "stat open"},
		{"stale, head, if-match", stale, "", "HEAD", []string{"If-Match", `"v1"`}, 200, "10", `"v1"`, "stat"},
		{"stale, range it has not", stale, "", "GET", []string{"Range", "bytes=8-"}, 206, "2", `"v1"`, "range"},
		{"stale, ranges it has not", stale, "", "GET", []string{"Range", "bytes=4-5,6-7"}, 206, "4", `"v1"`, "stat range"},
		{"too large, range", Attributes{Size: 99, ETag: `"v0"`}, "", "GET", []string{"Range", "bytes=20-"}, 416, "32", "", "range stat"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := newObject("0123456789")
			rows := photos{"7": {file: o, response: Response{ETag: tt.own}, known: tt.known}}
			got := ask(t, rows.serve(t, &Options{Logger: discard}).URL+"/7", tt.method, tt.request...)
			if got.err != nil || got.status != tt.status || got.header.Get("Content-Length") != tt.length || got.header.Get("Etag") != tt.tag {
				t.Errorf("%d %v %v, want %d, length %q, tag %s", got.status, got.header, got.err, tt.status, tt.length, tt.tag)
			}
			if log := strings.Join(o.log, " "); log != tt.log {
				t.Errorf("requests %q, want %q", log, tt.log)
			}
			if n := o.open.Load(); n != 0 {
				t.Errorf("%d handles left open", n)
			}
		})
	}
}

// HEAD that is answered from a record, without a request to the store, has the same
// header as GET.
func TestObjectViewHeadIsLikeGet(t *testing.T) {
	o := newObject("0123456789")
	o.ContentType, o.ContentLanguage = "image/png", "pl"
	url := photos{"7": {file: o, known: o.attributes()}}.serve(t, nil).URL + "/7"
	head, get := ask(t, url, "HEAD"), ask(t, url, "GET")
	head.header.Del("Date")
	get.header.Del("Date")
	if h, g := fmt.Sprint(head.header), fmt.Sprint(get.header); h != g {
		t.Errorf("HEAD %s\nGET  %s", h, g)
	}
	if want := []string{"open"}; !slices.Equal(o.log, want) {
		t.Errorf("requests %q, want %q", o.log, want)
	}
}

// So it is with a local file, which is not opened for the HEAD.
func TestObjectViewHeadOfALocalFile(t *testing.T) {
	local := newLocalFile(t, "a.txt", "0123456789")
	rows := photos{"7": {file: local, response: Response{ETag: `"row"`, ModTime: changed}, known: Attributes{Size: 10}}}
	url := rows.serve(t, nil).URL + "/7"
	head, get := ask(t, url, "HEAD"), ask(t, url, "GET")
	head.header.Del("Date")
	get.header.Del("Date")
	if h, g := fmt.Sprint(head.header), fmt.Sprint(get.header); h != g {
		t.Errorf("HEAD %s\nGET  %s", h, g)
	}
}

func TestObjectViewLogsAnotherFile(t *testing.T) {
	for _, tt := range []struct {
		name   string
		known  Attributes
		logged bool
	}{
		{"the same", Attributes{Size: 10, ETag: `"v1"`}, false},
		{"nothing", Attributes{}, false},
		{"another size", Attributes{Size: 4}, true},
		{"another tag", Attributes{Size: 10, ETag: `"v0"`}, true},
	} {
		for _, request := range [][]string{nil, {"Range", "bytes=0-1"}} {
			var log bytes.Buffer
			s := photos{"7": {file: newObject("0123456789"), known: tt.known}}.serve(t, &Options{Logger: loggerTo(&log)})
			if got := ask(t, s.URL+"/7", "GET", request...); got.err != nil || got.header.Get("Etag") != `"v1"` {
				t.Errorf("%s: %v %v, want the file as it is", tt.name, got.header, got.err)
			}
			s.Close() // the line is written before the handler returns
			if got := strings.Count(log.String(), "level=WARN"); (got == 1) != tt.logged || got > 1 {
				t.Errorf("%s, %q: logged %q, want a warning: %v", tt.name, request, log.String(), tt.logged)
			}
			if tt.logged && !strings.Contains(log.String(), "size=10 remembered_size="+fmt.Sprint(tt.known.Size)) {
				t.Errorf("%s: logged %q, want both sizes", tt.name, log.String())
			}
		}
	}
}

// Attributes of a record don't change what the file can do: nginx can still send it,
// CheckFirst still looks for it, and Stat returns the file's own facts.
func TestObjectViewKeepsTheFile(t *testing.T) {
	local := newLocalFile(t, "a.txt", "0123456789")
	missing := localFile(string(local) + "x")
	known := Attributes{Size: 4, ETag: `"v0"`}
	rows := photos{
		"file":    {file: local, known: known},
		"missing": {file: missing, known: known, response: Response{CheckFirst: true}},
	}
	mux := http.NewServeMux()
	mux.Handle("/{id}", NewHandler(rows.view(), &Options{Logger: discard}))
	for path, want := range map[string]int{"/file": 200, "/missing": 404} {
		w := httptest.NewRecorder()
		Use(likeNginx.middleware)(mux).ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if _, offloaded := w.Header()["X-Accel-Redirect"]; w.Code != want || offloaded != (want == 200) {
			t.Errorf("%s: %d %v, want %d", path, w.Code, w.Header(), want)
		}
	}
	resp, err := rows.view().Respond(requestWithID("file"))
	if err != nil {
		t.Fatal(err)
	}
	if fi, err := Stat(t.Context(), resp.File); err != nil || fi.Size() != 10 {
		t.Errorf("Stat = %v, %v; want the size of the file, 10", fi, err)
	}
	h, err := OpenRange(context.Background(), resp.File, 8, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if part, err := io.ReadAll(h); string(part) != "89" || err != nil {
		t.Errorf("OpenRange = %q, %v; want the last two bytes", part, err)
	}
}

// If a file is streamed that nginx could send, it has the tag that nginx would send,
// which is made of the file's own time.
func TestObjectViewUnderARuleThatStreams(t *testing.T) {
	local := newLocalFile(t, "a.txt", "0123456789")
	rows := photos{"7": {file: local, known: Attributes{Size: 10, ModTime: changed.Add(time.Hour), ETag: `"v0"`}}}
	mux := http.NewServeMux()
	mux.Handle("/{id}", NewHandler(rows.view(), &Options{Logger: discard}))
	streamed := likeNginx
	streamed.Field, streamed.Value = "", ""
	w := httptest.NewRecorder()
	Use(streamed.middleware)(mux).ServeHTTP(w, httptest.NewRequest("HEAD", "/7", nil))
	if got, want := w.Header().Get("Etag"), NginxTag.tag(changed, 10, time.Now()); got != want {
		t.Errorf("ETag %s, want nginx's %s", got, want)
	}
}

func requestWithID(id string) *http.Request {
	r := httptest.NewRequest("GET", "/"+id, nil)
	r.SetPathValue("id", id)
	return r
}
