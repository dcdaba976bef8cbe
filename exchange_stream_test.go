package downloadview

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// The requests to the store that each request of a client needs.
func TestRequestsToTheOrigin(t *testing.T) {
	const tag = `"v1"`
	for _, tt := range []struct {
		name    string
		method  string
		request []string
		status  int
		body    string
		log     string
	}{
		{"whole", "GET", nil, 200, "0123456789", "open"},
		{"head", "HEAD", nil, 200, "", "stat"},
		{"range", "GET", []string{"Range", "bytes=2-3"}, 206, "23", "range"},
		{"suffix", "GET", []string{"Range", "bytes=-3"}, 206, "789", "range"},
		{"past the end", "GET", []string{"Range", "bytes=8-99"}, 206, "89", "range"},
		{"unsatisfiable", "GET", []string{"Range", "bytes=10-"}, 416, "Requested Range Not Satisfiable\n", "range stat"},
		{"not modified", "GET", []string{"If-None-Match", tag}, 304, "", "stat"},
		{"modified", "GET", []string{"If-None-Match", `"v0"`}, 200, "0123456789", "stat open"},
		{"failed precondition", "GET", []string{"If-Match", `"v0"`}, 412, "Precondition Failed\n", "stat range"},
		{"range and precondition", "GET", []string{"If-Match", tag, "Range", "bytes=0-1"}, 206, "01", "stat range"},
		{"if-range", "GET", []string{"If-Range", tag, "Range", "bytes=4-"}, 206, "456789", "range"},
		{"failed if-range", "GET", []string{"If-Range", `"v0"`, "Range", "bytes=4-"}, 200, "0123456789", "range open"},
		{"failed if-range, out of range", "GET", []string{"If-Range", `"v0"`, "Range", "bytes=40-"}, 200, "0123456789", "range stat open"},
		{"two ranges joined", "GET", []string{"Range", "bytes=0-1,2-3"}, 206, "0123", "stat range"},
		{"too many bytes", "GET", []string{"Range", "bytes=0-,1-"}, 200, "0123456789", "stat open"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := newObject("0123456789")
			s := serve(t, NewHandler(fileView(o), nil))
			got := ask(t, s.URL, tt.method, tt.request...)
			if got.err != nil || got.status != tt.status || got.body != tt.body {
				t.Errorf("%d %q %v, want %d %q", got.status, got.body, got.err, tt.status, tt.body)
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

func TestEmptyObject(t *testing.T) {
	o := newObject("")
	s := serve(t, NewHandler(fileView(o), nil))
	for rng, want := range map[string]int{"bytes=0-": 200, "bytes=-5": 200, "bytes=1-": 416} {
		o.log = nil
		if got := ask(t, s.URL, "GET", "Range", rng); got.err != nil || got.status != want {
			t.Errorf("%s of an empty object: %d, %v; want %d", rng, got.status, got.err, want)
		}
		if !slices.Equal(o.log, []string{"range", "stat"}) {
			t.Errorf("%s: requests %q, want range and stat", rng, o.log)
		}
	}
}

func TestStoreWithoutSuffixRanges(t *testing.T) {
	o := newObject("0123456789")
	o.noRange = fmt.Errorf("not today: %w", errors.ErrUnsupported)
	s := serve(t, NewHandler(fileView(o), nil))
	for _, rng := range []string{"bytes=-3", "bytes=1-3"} {
		if got := ask(t, s.URL, "GET", "Range", rng); got.status != 200 || got.body != "0123456789" {
			t.Errorf("%s where ranges fail: %d %q, want the whole", rng, got.status, got.body)
		}
	}
}

func readParts(t *testing.T, got exchanged) []string {
	t.Helper()
	_, params, err := mime.ParseMediaType(got.header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	var parts []string
	for r := multipart.NewReader(strings.NewReader(got.body), params["boundary"]); ; {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return parts
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, p.Header.Get("Content-Type")+" "+p.Header.Get("Content-Range")+" "+string(b))
	}
}

func TestSeveralRanges(t *testing.T) {
	o := newObject("0123456789")
	for name, f := range map[string]File{"seeking": newLocalFile(t, "a.bin", "0123456789"), "opened anew": o} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, NewHandler(fileView(f), nil))
			got := ask(t, s.URL, "GET", "Range", "bytes=7-8,0-1,4-4")
			if got.status != 206 || got.err != nil || got.header.Get("Content-Range") != "" {
				t.Fatalf("%d %v %v", got.status, got.err, got.header)
			}
			if cl := got.header.Get("Content-Length"); cl != fmt.Sprint(len(got.body)) {
				t.Errorf("Content-Length %s of %d bytes", cl, len(got.body))
			}
			if !strings.HasPrefix(got.body, "\r\n--") {
				t.Errorf("the body begins with %.10q, want CRLF before the first boundary", got.body)
			}
			want := []string{
				"application/octet-stream bytes 7-8/10 78", "application/octet-stream bytes 0-1/10 01",
				"application/octet-stream bytes 4-4/10 4",
			}
			if parts := readParts(t, got); !slices.Equal(parts, want) {
				t.Errorf("parts %q, want %q", parts, want)
			}
		})
	}
	if want := []string{"stat", "range", "range", "range"}; !slices.Equal(o.log, want) {
		t.Errorf("requests %q, want %q", o.log, want)
	}
	if n := o.open.Load(); n != 0 {
		t.Errorf("%d handles left open", n)
	}
}

func TestSeveralRangesWithoutATagAreNotSpliced(t *testing.T) {
	o := newObject("0123456789")
	o.ETag, o.ModTime = "", time.Time{}
	s := serve(t, NewHandler(fileView(o), nil))
	if got := ask(t, s.URL, "GET", "Range", "bytes=0-1,4-5"); got.status != 200 || got.body != "0123456789" {
		t.Errorf("%d %q, want the whole", got.status, got.body)
	}
	if got := ask(t, s.URL, "GET", "Range", "bytes=4-5"); got.status != 206 || got.body != "45" {
		t.Errorf("%d %q, want one range", got.status, got.body)
	}
}

func TestReplacedBetweenRanges(t *testing.T) {
	o := newObject("0123456789")
	o.replace = func(o *object) {
		if len(o.log) == 2 { // after the first part
			o.content, o.ETag = "abcdefghij", `"v2"`
		}
	}
	s := serve(t, NewHandler(fileView(o), nil))
	got := ask(t, s.URL, "GET", "Range", "bytes=0-1,4-5")
	if got.err == nil || strings.Contains(got.body, "ef") {
		t.Errorf("%d %q, %v; want an aborted download of the first part", got.status, got.body, got.err)
	}
	if n := o.open.Load(); n != 0 {
		t.Errorf("%d handles left open", n)
	}
}

func TestReplacedBetweenLookAndOpen(t *testing.T) {
	for _, tt := range []struct {
		name    string
		request []string
		status  int
		body    string
		log     string
	}{
		{"precondition decides anew", []string{"If-Match", `"v1"`}, 412, "Precondition Failed\n", "stat open"},
		{"range of the new one", []string{"If-None-Match", `"v0"`, "Range", "bytes=-2"}, 206, "XY", "stat range range"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := newObject("0123456789")
			o.replace = func(o *object) {
				if len(o.log) == 1 {
					o.content, o.ETag = "0123456789abcXY", `"v2"`
				}
			}
			s := serve(t, NewHandler(fileView(o), nil))
			got := ask(t, s.URL, "GET", tt.request...)
			if got.err != nil || got.status != tt.status || got.body != tt.body {
				t.Errorf("%d %q %v, want %d %q", got.status, got.body, got.err, tt.status, tt.body)
			}
			if log := strings.Join(o.log, " "); log != tt.log {
				t.Errorf("requests %q, want %q", log, tt.log)
			}
		})
	}
}

func TestAFileThatNeverStandsStill(t *testing.T) {
	o := newObject("0123456789")
	o.replace = func(o *object) { o.content += "x" }
	s := serve(t, NewHandler(fileView(o), &Options{Logger: discard}))
	got := ask(t, s.URL, "GET", "Range", "bytes=-2", "If-None-Match", `"v0"`)
	if got.status != 503 || len(o.log) > 6 {
		t.Errorf("%d after %d requests, want 503 after a few", got.status, len(o.log))
	}
}

func TestViewsOwnValidators(t *testing.T) {
	o := newObject("0123456789")
	v := ViewFunc(func(*http.Request) (Response, error) {
		return Response{File: o, ETag: `"mine"`, ModTime: changed.Add(time.Hour)}, nil
	})
	s := serve(t, NewHandler(v, nil))
	if got := ask(t, s.URL, "GET", "If-None-Match", `"mine"`); got.status != 304 || len(o.log) != 0 {
		t.Errorf("%d after requests %q, want 304 after none", got.status, o.log)
	}
	got := ask(t, s.URL, "GET", "Range", "bytes=0-0", "If-Range", `"mine"`)
	if got.status != 206 || got.header.Get("Etag") != `"mine"` || got.header.Get("Last-Modified") != "Tue, 03 Feb 2026 05:05:06 GMT" {
		t.Errorf("%d %v", got.status, got.header)
	}
}

func TestBadResponses(t *testing.T) {
	o := newObject("x")
	for want, v := range map[string]View{
		`W/\"weak\"`:                     fileResponse(Response{File: o, ETag: `W/"weak"`}),
		`unquoted`:                       fileResponse(Response{File: o, ETag: `unquoted`}),
		`\"pdf\"`:                        fileResponse(Response{File: o, ContentType: "pdf"}),
		`a/b\\r\\nX: y`:                  fileResponse(Response{File: o, ContentType: "a/b\r\nX: y"}),
		`image/png, text/html`:           fileResponse(Response{File: o, ContentType: "image/png, text/html"}),
		`application/xhtml+xml x`:        fileResponse(Response{File: o, ContentType: "application/xhtml+xml x"}),
		`no-cache\\n`:                    fileResponse(Response{File: o, CacheControl: "no-cache\n"}),
		`neither a Storage nor a Lookup`: StorageView{},
	} {
		var logged bytes.Buffer
		s := serve(t, NewHandler(v, &Options{Logger: loggerTo(&logged)}))
		if got := ask(t, s.URL, "GET"); got.status != 500 || !strings.Contains(logged.String(), want) {
			t.Errorf("%d, logged %q; want 500 and %s", got.status, logged.String(), want)
		}
	}
	s := serve(t, NewHandler(fileResponse(Response{}), nil))
	if got := ask(t, s.URL, "GET"); got.status != 404 {
		t.Errorf("no file: %d, want 404", got.status)
	}
}

func fileResponse(resp Response) View {
	return ViewFunc(func(*http.Request) (Response, error) { return resp, nil })
}

func TestWiringPanics(t *testing.T) {
	for name, wire := range map[string]func(){
		"NewHandler": func() { NewHandler(nil, nil) },
		"Use":        func() { Use(nil) },
	} {
		func() {
			defer func() {
				if p := fmt.Sprint(recover()); !strings.Contains(p, "downloadview: "+name) {
					t.Errorf("%s of nil: %s", name, p)
				}
			}()
			wire()
		}()
	}
}

func TestUnknownLength(t *testing.T) {
	o := newObject(strings.Repeat("0123456789", 1000)) // net/http sets the length of short ones
	o.Size, o.ETag = -1, ""
	s := serve(t, NewHandler(fileView(plainFile{o}), nil))
	got := ask(t, s.URL, "GET", "Range", "bytes=0-1")
	if got.status != 200 || got.body != o.content || got.header.Get("Accept-Ranges") != "none" || got.header.Get("Content-Length") != "" {
		t.Errorf("%d %d bytes %v, want all of it in chunks", got.status, len(got.body), got.header)
	}
}

// A sparse file of more than 4 GiB.
func TestHugeFile(t *testing.T) {
	const size = 5 << 30
	p := filepath.Join(t.TempDir(), "huge")
	f, err := os.Create(p)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte("end"), size-3); err != nil {
		t.Fatalf("a sparse file of 5 GiB: %v", err)
	}
	s := serve(t, NewHandler(fileView(localFile(p)), nil))
	if got := ask(t, s.URL, "HEAD"); got.header.Get("Content-Length") != "5368709120" {
		t.Errorf("Content-Length %s", got.header.Get("Content-Length"))
	}
	for _, rng := range []string{"bytes=5368709117-", "bytes=-3"} {
		got := ask(t, s.URL, "GET", "Range", rng)
		if got.body != "end" || got.header.Get("Content-Range") != "bytes 5368709117-5368709119/5368709120" {
			t.Errorf("%s: %q, %s", rng, got.body, got.header.Get("Content-Range"))
		}
	}
	got := ask(t, s.URL, "GET", "Range", "bytes=0-0,4294967296-4294967297")
	want := []string{
		"application/octet-stream bytes 0-0/5368709120 \x00",
		"application/octet-stream bytes 4294967296-4294967297/5368709120 \x00\x00",
	}
	if parts := readParts(t, got); !slices.Equal(parts, want) {
		t.Errorf("parts %q, want %q", parts, want)
	}
}

func TestEmptyFile(t *testing.T) {
	s := serve(t, NewHandler(fileView(newLocalFile(t, "empty", "")), nil))
	for _, method := range []string{"GET", "HEAD"} {
		got := ask(t, s.URL, method)
		if got.status != 200 || got.body != "" || got.header.Get("Content-Length") != "0" || got.header.Get("Etag") == "" {
			t.Errorf("%s: %d %q %v", method, got.status, got.body, got.header)
		}
	}
}

func TestErrorsBecomeStatus(t *testing.T) {
	for _, tt := range []struct {
		err    error
		status int
	}{
		{nil, 200},
		{&fs.PathError{Op: "open", Path: "x", Err: fs.ErrNotExist}, 404},
		{fs.ErrInvalid, 404},
		{fs.ErrPermission, 403},
		{fmt.Errorf("%w: dial tcp", ErrUpstream), 502},
		{os.ErrDeadlineExceeded, 504},
		{errors.New("boom"), 500},
		{&StatusError{Status: 451, Err: fs.ErrNotExist}, 451},
		{fmt.Errorf("wrapped: %w", &StatusError{Status: 429}), 429},
		{&StatusError{Status: 200}, 500},
	} {
		if got := StatusCode(tt.err); got != tt.status {
			t.Errorf("StatusCode(%v) = %d, want %d", tt.err, got, tt.status)
		}
	}
}

func TestRefusal(t *testing.T) {
	secret := errors.New("/srv/secret is gone")
	var logged bytes.Buffer
	for _, tt := range []struct {
		err    error
		status int
		header string
		logged bool
	}{
		{secret, 500, "", true},
		{&StatusError{Status: 401, Err: secret, Header: http.Header{"Www-Authenticate": {"Bearer"}}}, 401, "Bearer", false},
		{&StatusError{Status: 503, Err: secret, Header: http.Header{"Retry-After": {"5"}}}, 503, "", true},
		{fmt.Errorf("%w: %w", fs.ErrNotExist, secret), 404, "", false},
	} {
		logged.Reset()
		v := ViewFunc(func(*http.Request) (Response, error) { return Response{}, tt.err })
		s := serve(t, NewHandler(v, &Options{Logger: loggerTo(&logged)}))
		got := ask(t, s.URL+"/a?token=hush", "GET")
		if got.status != tt.status || got.body != http.StatusText(tt.status)+"\n" || got.header.Get("WWW-Authenticate") != tt.header {
			t.Errorf("%v: %d %q %v", tt.err, got.status, got.body, got.header)
		}
		if (strings.Contains(logged.String(), "/srv/secret") != tt.logged) || strings.Contains(logged.String(), "hush") {
			t.Errorf("%v: logged %q", tt.err, logged.String())
		}
	}
}

func TestErrorHook(t *testing.T) {
	hook := func(w http.ResponseWriter, r *http.Request, status int, err error) {
		w.WriteHeader(status)
		fmt.Fprintf(w, "sorry, %d", status)
	}
	s := serve(t, NewHandler(fileView(nil), &Options{Error: hook}))
	if got := ask(t, s.URL, "GET"); got.status != 404 || got.body != "sorry, 404" {
		t.Errorf("%d %q", got.status, got.body)
	}
	var seen Outcome
	observe := func(_ *http.Request, o Outcome) { seen = o }
	elsewhere := func(w http.ResponseWriter, r *http.Request, _ int, _ error) {
		http.Redirect(w, r, "/login", http.StatusFound)
	}
	NewHandler(fileView(nil), &Options{Error: elsewhere, Observer: observe}).
		ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	if seen.Status != 302 || seen.Bytes == 0 || seen.Err == nil {
		t.Errorf("observed %+v, want what the hook wrote", seen)
	}
	s = serve(t, NewHandler(fileView(newObject("0123456789")), &Options{Error: hook}))
	got := ask(t, s.URL, "GET", "Range", "bytes=99-")
	if got.status != 416 || got.body != "sorry, 416" || got.header.Get("Content-Range") != "bytes */10" {
		t.Errorf("%d %q %v", got.status, got.body, got.header)
	}
}

func TestNotModifiedHook(t *testing.T) {
	hook := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", w.Header().Get("Cache-Control")+", stale-if-error=60")
	}
	s := serve(t, NewHandler(fileView(newObject("x")), &Options{NotModified: hook}))
	for tag, want := range map[string]string{`"v1"`: "private, no-cache, stale-if-error=60", `"v0"`: "private, no-cache"} {
		got := ask(t, s.URL, "GET", "If-None-Match", tag)
		if cc := got.header.Get("Cache-Control"); cc != want {
			t.Errorf("%d with Cache-Control %q, want %q", got.status, cc, want)
		}
	}
}

func TestDirectoryIsNotFound(t *testing.T) {
	s := serve(t, NewHandler(fileView(localFile(t.TempDir())), nil))
	for _, method := range []string{"GET", "HEAD"} {
		if got := ask(t, s.URL, method); got.status != 404 {
			t.Errorf("%s of a directory: %d, want 404", method, got.status)
		}
	}
}

func TestTypeAndDisposition(t *testing.T) {
	typed := func(contentType string) *object {
		o := newObject("x")
		o.ContentType = contentType
		return o
	}
	for _, tt := range []struct {
		name        string
		resp        Response
		contentType string
		kind        string
		csp         string
	}{
		{"by key", Response{File: renamed{typed(""), "a/b.pdf"}}, "application/pdf", "attachment", ""},
		{"by name", Response{File: typed(""), Name: "x.csv"}, "text/csv; charset=utf-8", "attachment", ""},
		{"by key below a name without extension", Response{File: renamed{typed(""), "a/b.pdf"}, Name: "x"}, "application/pdf", "attachment", ""},
		{"by storage", Response{File: typed("image/png"), Name: "x.csv"}, "image/png", "attachment", ""},
		{"storage knows nothing", Response{File: typed("binary/octet-stream"), Name: "x.csv"}, "text/csv; charset=utf-8", "attachment", ""},
		{"storage talks nonsense", Response{File: typed("a/b\r\nX: y"), Name: "x.csv"}, "text/csv; charset=utf-8", "attachment", ""},
		{"by view", Response{File: typed("image/png"), ContentType: "text/plain"}, "text/plain; charset=utf-8", "attachment", ""},
		{"charset of the view", Response{File: typed(""), ContentType: "text/plain; Charset=latin1"}, "text/plain; Charset=latin1", "attachment", ""},
		{"inline", Response{File: typed("image/png"), Disposition: Inline}, "image/png", "inline", ""},
		{"inline svg is saved", Response{File: typed("image/svg+xml"), Disposition: Inline}, "image/svg+xml", "attachment", ""},
		{"inline html is saved", Response{File: typed("Text/HTML"), Disposition: Inline}, "Text/HTML; charset=utf-8", "attachment", ""},
		{"active html", Response{File: typed("text/html"), Disposition: InlineActive}, "text/html; charset=utf-8", "inline", "sandbox"},
		{"active png", Response{File: typed("image/png"), Disposition: InlineActive}, "image/png", "inline", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, NewHandler(ViewFunc(func(*http.Request) (Response, error) { return tt.resp, nil }), nil))
			h := ask(t, s.URL, "GET").header
			kind, _, _ := strings.Cut(h.Get("Content-Disposition"), ";")
			if h.Get("Content-Type") != tt.contentType || kind != tt.kind || h.Get("Content-Security-Policy") != tt.csp {
				t.Errorf("type %q, %s, CSP %q; want %q, %s, %q", h.Get("Content-Type"), kind, h.Get("Content-Security-Policy"), tt.contentType, tt.kind, tt.csp)
			}
		})
	}
}

func TestStoredEncodingAndLanguage(t *testing.T) {
	o := newObject("not really gzip")
	o.ContentEncoding, o.ContentLanguage = "gzip", "pl"
	s := serve(t, NewHandler(fileView(o), nil))
	h := ask(t, s.URL, "GET").header
	if h.Get("Content-Encoding") != "gzip" || h.Get("Content-Language") != "pl" {
		t.Errorf("%v", h)
	}
	s = serve(t, NewHandler(fileView(newLocalFile(t, "a.tar.gz", "x")), nil))
	if h := ask(t, s.URL, "GET").header; h.Get("Content-Encoding") != "" || h.Get("Content-Type") != "application/gzip" {
		t.Errorf("a.tar.gz: %v", h)
	}
}

func TestExtraHeader(t *testing.T) {
	first := Response{File: newObject("x")}.WithHeader("Vary", "Cookie")
	second := first.WithHeader("vary", "Accept").WithHeader("Content-Type", "a/b").WithHeader("X-Job", "7")
	if got := first.Header.Get("Vary"); got != "Cookie" {
		t.Errorf("WithHeader changed what it copied: Vary %q", got)
	}
	s := serve(t, NewHandler(ViewFunc(func(*http.Request) (Response, error) { return second, nil }), nil))
	h := ask(t, s.URL, "GET").header
	if h.Get("Vary") != "Accept" || h.Get("Content-Type") != "application/octet-stream" || h.Get("X-Job") != "7" {
		t.Errorf("%v", h)
	}
	if h = ask(t, s.URL, "GET", "If-None-Match", `"v1"`).header; h.Get("Vary") != "Accept" || h.Get("Content-Type") != "" {
		t.Errorf("304: %v", h)
	}
}

// Fields that an outer handler set must not contradict the answer.
func TestHeaderOfAnOuterHandler(t *testing.T) {
	h := NewHandler(fileView(newObject("x")), nil)
	outer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Length", "99")
		w.Header().Set("Etag", `"outer"`)
		h.ServeHTTP(w, r)
	})
	for fields, want := range map[string]int{"": 200, `"v1"`: 304} {
		rec := httptest.NewRecorder()
		req := httptest.NewRequest("GET", "/", nil)
		if fields != "" {
			req.Header.Set("If-None-Match", fields)
		}
		outer.ServeHTTP(rec, req)
		got := rec.Result()
		if got.StatusCode != want || got.Header.Get("Etag") != `"v1"` || got.Header.Get("Content-Length") == "99" || got.Header.Get("Content-Type") == "text/html" {
			t.Errorf("%d %v", got.StatusCode, got.Header)
		}
	}
}
